/** What elements share: `kanod-configure` exports all of it to their authors. */
export {
  type Address,
  contains,
  type Family,
  isLinkLocal,
  isMulticast,
  maskLength,
  type Prefix,
  parseAddress,
  parseMac,
  parseNetwork,
  parsePrefix,
} from "./address.ts";
export { type CertificateSource, setupCertificates, trustCertificates } from "./certificates/certificates.ts";
export { certificateFindings, checkCertificates } from "./certificates/pem.ts";
export { b64, propagateVar, transformJson } from "./common.ts";
export {
  authParts,
  certificateFiles,
  configureEngine,
  credentialsByKey,
  secretFile,
} from "./container-registries/engine-files.ts";
export {
  type ContainerEngineParams,
  findContainerEngine,
  registerContainerEngine,
} from "./container-registries/engines.ts";
export { registryFindings } from "./container-registries/findings.ts";
export {
  defaultServer,
  type Registry,
  type RegistryModel,
  type RegistryServer,
  registryModel,
} from "./container-registries/model.ts";
export { translateDeprecated, withNexus } from "./container-registries/normalize.ts";
export type { OwnedFiles } from "./container-registries/owned.ts";
export { tomlString } from "./container-registries/text.ts";
export { distrustCode } from "./distrust.ts";
export { isReference, plannedValue } from "./findings.ts";
export { isHost } from "./host-names.ts";
export { type MarkedText, splitMarkedBlock, withMarkedBlock } from "./marked-block.ts";
export { noProxyEntries, type ProxySettings, proxyFor, proxyVariables, setUpProxy } from "./proxy.ts";
export { VaultError, type VaultErrorCode } from "./references/errors.ts";
export { requirePath } from "./references/reference.ts";
export {
  checkVaultSection,
  findReferences,
  type LeafReference,
  type ReferenceUse,
  resolveReferences,
} from "./references/resolve.ts";
export type { VaultClient } from "./references/vault-client.ts";
export { settleDevices } from "./systemd/udev.ts";
export {
  configureService,
  ensureService,
  hasUnit,
  owedRestarts,
  reloadUnits,
  type ServiceChange,
  type ServiceParams,
} from "./systemd/units.ts";
export { renderTemplate } from "./templates.ts";
export { parseToml } from "./toml.ts";
