/** What the services give to contributions, ours and other people's: `kanod-configure` exports all of it. */
export { type Account, findAccount, groupMembers, passwordHash } from "./accounts/accounts.ts";
export { fitsHash, hashPassword, isPasswordHash, passwordFault, setPasswordHash } from "./accounts/password.ts";
export { publicKeyFault, withKeys } from "./accounts/public-keys.ts";
export { type CertificateSource, setupCertificates, trustCertificates } from "./base/certificates.ts";
export { certificateFindings, certificatesOf, checkCertificates } from "./base/pem.ts";
export { noProxyEntries, type ProxySettings, proxyFor, proxyVariables, setUpProxy } from "./base/proxy.ts";
export { removeConfiguration, removeUserData } from "./cleanup/cleanup.ts";
export { isReference, requireNoErrors } from "./common/findings.ts";
export { hostNameFault, isHost } from "./common/host-names.ts";
export { createPartitions, type PartitionRequest } from "./disks/create.ts";
export { growDisks } from "./disks/grow.ts";
export { labelFault, type MadeFileSystem } from "./disks/make-file-system.ts";
export type { VolumeRequest } from "./disks/volumes.ts";
export { machineNameFault, setHostName } from "./identity/host-name.ts";
export { localeFault, setLocale, setTimeZone, timeZoneFault } from "./identity/locale.ts";
export type { CommandLineChange, KernelParameter } from "./kernel/command-line.ts";
export { commandLineFault, parameterFault, parseCommandLine } from "./kernel/command-line.ts";
export { applyKernelParameters, describeChange, type KernelParameterState } from "./kernel/kernel-parameters.ts";
export type { FstabEntry } from "./mounts/fstab.ts";
export { type MountForm, mountEntry, mountFault } from "./mounts/mount-entry.ts";
export { applyMounts } from "./mounts/mounts.ts";
export { parseNetwork } from "./network/address.ts";
export { configureNetwork } from "./network/configure.ts";
export { checkNetworkSections } from "./network/sections.ts";
export { configureContainerd } from "./registries/containerd.ts";
export { configureContainersImage } from "./registries/containers-image.ts";
export { configureDocker } from "./registries/docker.ts";
export {
  type ContainerEngineCode,
  type ContainerEngineOptions,
  type ContainerEngineParams,
  findContainerEngine,
  registerContainerEngine,
} from "./registries/engines.ts";
export { registryFindings } from "./registries/findings.ts";
export {
  type Registry,
  type RegistryModel,
  type RegistryServer,
  type RegistrySettings,
  registryModel,
} from "./registries/model.ts";
export { type DeprecatedSettings, type NexusSettings, translateDeprecated, withNexus } from "./registries/normalize.ts";
export { type Inventory, readInventory } from "./run-report/inventory.ts";
export { type RunReport, readHashes, runReport, sendReport } from "./run-report/report.ts";
export { rebootMachine } from "./systemd/reboot.ts";
export { ensureService, hasUnit, reloadUnits, type ServiceChange, type ServiceOptions } from "./systemd/units.ts";
export { checkVault, checkVaultSection, vaultPriority } from "./vault/check.ts";
export { removeTpmFiles } from "./vault/gatekeeper.ts";
export { openVault } from "./vault/open.ts";
export { isPlanned } from "./vault/planned.ts";
export type { CertificateRequest, VaultSettings } from "./vault/settings.ts";
export type { Vault, VaultUse } from "./vault/vault.ts";
