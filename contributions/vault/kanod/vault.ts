import {
  type CertificateSource,
  certificateFindings,
  isReference,
  noProxyEntries,
  type ProxySettings,
  proxyFor,
  proxyVariables,
  register,
  trustCertificates,
} from "kanod-configure";
import { removeConfiguration, removeUserData } from "./cleanup/cleanup.ts";
import { checkVault, vaultPriority } from "./vault/check.ts";
import { removeTpmFiles } from "./vault/gatekeeper.ts";
import { openVault } from "./vault/open.ts";

/** What the element `proxy-certificates` has in its schema; an image may lack it. */
type BaseSections = CertificateSource & { proxy?: ProxySettings };

register(
  "Vault",
  vaultPriority,
  async ({ conf, system, init, host, log, store, provide, defer }) => {
    if (conf.vault === undefined) return;
    const { proxy = {} } = conf as BaseSections;
    const variables = proxyVariables(proxy.vault === true ? proxy : {}, noProxyEntries(system["no_proxy"]));
    const settings = { ...conf.vault, proxyFor: (url: string) => proxyFor(variables, url) };
    // Said before there is anything to remove: a run can be interrupted at any time.
    defer("remove the files of the TPM", (_, hostOfEnd) => removeTpmFiles(hostOfEnd));
    const vault = await openVault(settings, conf.name, { host, log, init, store });
    defer("revoke the Vault token", (_, hostOfEnd) => vault.revoke({ host: hostOfEnd, log }));
    const use = { host, log, init, store };
    await vault.issueAll(use);
    provide({
      conf: await vault.client(use).resolve(conf),
      vault: (laterUse) => vault.client(laterUse),
    });
  },
  {
    // Login, certificates and references may each take `vault.timeout`, at most an hour.
    timeout: 11_000,
    check: ({ conf, now, minPriority }) => checkVault(conf, now, minPriority),
  },
);

register(
  "Certificates from Vault",
  71,
  async ({ conf, host, vault }) => {
    if (vault !== undefined) await trustCertificates(host, conf as CertificateSource, isReference);
  },
  { check: ({ conf, now }) => certificateFindings((conf as CertificateSource).certificates ?? {}, now) },
);

register("Clean up", 1000, ({ conf, log, defer }) => {
  const { configuration = false, user_data = false } = conf.cleanup ?? {};
  if (!configuration && !user_data) return;
  defer("remove configuration and user-data", async (result, host) => {
    if (result.state !== "done") return log.info("cleanup: nothing is removed, because the run did not succeed");
    if (configuration) await removeConfiguration(host, log);
    if (user_data) await removeUserData(host, log);
  });
});
