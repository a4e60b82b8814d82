import { type Configuration, type Finding, isReference, register, registryFindings, withNexus } from "kanod-configure";

register(
  "Nexus",
  149,
  ({ conf, log, provide }) => {
    if (conf.nexus?.docker === undefined) return;
    provide({ conf: { ...conf, container_registries: withNexus(conf.container_registries, conf.nexus) } });
    log.info(`${conf.nexus.docker} mirrors the public registries`);
  },
  { check: ({ conf, now }) => findings(conf, now) },
);

/** The section is checked as the mirror that it becomes: what is wrong there has its place in this one. */
function findings({ nexus }: Configuration, now: Date): Finding[] {
  if (nexus === undefined || [nexus.docker, nexus.certificate].some((text) => text !== undefined && isReference(text)))
    return [];
  return registryFindings(withNexus(undefined, nexus), now)
    .filter(({ pointer }) => pointer.startsWith("/container_registries/servers/"))
    .map((finding) => ({
      ...finding,
      pointer: finding.pointer.endsWith("/ca") ? "/nexus/certificate" : "/nexus/docker",
    }));
}
