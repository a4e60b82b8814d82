import {
  type Configuration,
  certificateFindings,
  checkVaultSection,
  isReference,
  noProxyEntries,
  proxyVariables,
  register,
  setUpProxy,
  trustCertificates,
} from "kanod-configure";

register(
  "Proxy and certificates",
  50,
  async ({ conf, system, init, host, log }) => {
    // cloud-init starts its modules without it, and many tools need it.
    host.setEnvironment("HOME", "/root");
    const variables = proxyVariables(conf.proxy, noProxyEntries(system["no_proxy"]));
    await setUpProxy(host, log, init.distro, variables);
    // What comes from Vault is trusted right after Vault, at 71.
    await trustCertificates(host, conf, isReference);
  },
  { check: ({ conf, now }) => findings(conf, now) },
);

function findings(conf: Configuration, now: Date): ReturnType<typeof certificateFindings> {
  return [...certificateFindings(conf.certificates ?? {}, now), ...checkVaultSection(conf)];
}
