import type { ContainerEngineParams } from "kanod-configure";
import {
  authParts,
  defaultServer,
  OwnedFiles,
  type Registry,
  type RegistryServer,
  secretFile,
  startEngine,
  tomlString,
  writeCertificates,
  writeProxyDropIn,
} from "kanod-configure";

const registriesPath = "/etc/containers/registries.conf.d/90-kanod-configure.conf";
const authPath = "/etc/containers/auth.json";
const crioPath = "/etc/crio/crio.conf.d/90-kanod-configure.conf";
/** Where podman of root looks when nobody has logged in since the boot (containers-auth.json(5)). */
const podmanAuthPath = "/root/.config/containers/auth.json";

/**
 * Configures CRI-O and podman, which share their files (containers-registries.conf(5), containers-certs.d(5)), and
 * starts CRI-O where it is installed.
 */
export async function configureContainersImage(params: ContainerEngineParams): Promise<void> {
  const { host, log, registries } = params;
  const files = await OwnedFiles.open(host);
  if (registries.defaultMirrors.length > 0) {
    log.warn("CRI-O and podman have no mirrors for all registries: default_mirrors count for those in `map` only");
  }
  const tables = registries.registries.map((registry) => registryTable(registry, registries.defaultMirrors)).join("\n");
  const head = "# Written by kanod-configure from the section container_registries: changes made here are lost.\n\n";
  const listed = tables === "" ? false : await files.write(registriesPath, `${head}${tables}`);
  await writeCertificates(files, "/etc/containers/certs.d", registries);
  const hasCrio = await isThere(params, "crio");
  const auths = authParts(registries, keyOf);
  if (hasCrio && Object.keys(auths.auths).length > 0) {
    await files.write(crioPath, `[crio.image]\nglobal_auth_file = ${tomlString(authPath)}\n`);
    await files.merge(authPath, auths, secretFile);
  }
  if (await isThere(params, "podman")) await files.merge(podmanAuthPath, auths, secretFile);
  const dropIn = hasCrio ? await writeProxyDropIn(files, "crio.service", params) : [];
  const removed = await files.finish();
  const changed = [...(listed ? [registriesPath] : []), ...dropIn, ...removed];
  if (!hasCrio) return log.info(`podman: ${changed.length > 0 ? "registries changed" : "nothing changed"}`);
  const service = await startEngine(params, "crio.service", changed);
  log.info(`CRI-O: ${service === "same" ? "nothing changed" : service}`);
}

async function isThere({ host }: ContainerEngineParams, program: string): Promise<boolean> {
  return (await host.stat(`/usr/bin/${program}`)) !== undefined;
}

/** One `[[registry]]`, with those who are asked first. */
export function registryTable({ name, server, mirrors }: Registry, defaultMirrors: readonly RegistryServer[]): string {
  const lines = ["[[registry]]", `prefix = ${tomlString(name)}`, `location = ${tomlString(locationOf(server))}`];
  const mirrorLines = [...mirrors, ...defaultMirrors].flatMap((mirror) => [
    "",
    "[[registry.mirror]]",
    `location = ${tomlString(locationOf(mirror))}`,
    ...insecureLine(mirror),
  ]);
  return `${[...lines, ...insecureLine(server), ...mirrorLines].join("\n")}\n`;
}

function insecureLine({ insecure }: RegistryServer): string[] {
  return insecure ? ["insecure = true"] : [];
}

/** `host[:port][/path]`, in which the path stands behind the API's `/v2`. docker.io finds its server by itself. */
function locationOf({ url, host, path, overridePath }: RegistryServer): string {
  if (url === defaultServer("docker.io")) return "docker.io";
  return `${host}${overridePath ? path.replace(/^\/v2(?=\/|$)/, "") : path}`;
}

function keyOf({ url, host }: RegistryServer): string {
  return url === defaultServer("docker.io") ? "docker.io" : host;
}
