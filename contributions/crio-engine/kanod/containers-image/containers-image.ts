import type { ContainerEngineParams } from "kanod-configure";
import {
  authParts,
  configureEngine,
  defaultServer,
  type OwnedFiles,
  type Registry,
  type RegistryServer,
  secretFile,
  tomlString,
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
  const { log, registries } = params;
  if (registries.defaultMirrors.length > 0) {
    log.warn("CRI-O and podman have no mirrors for all registries: default_mirrors apply to those in `map` only");
  }
  const hasCrio = await isThere(params, "crio");
  await configureEngine(params, {
    title: hasCrio ? "CRI-O" : "podman",
    unit: hasCrio ? "crio.service" : undefined,
    certificates: "/etc/containers/certs.d",
    probe: { argv: ["crictl", "--runtime-endpoint", "unix:///run/crio/crio.sock", "version"] },
    readAtStart: [registriesPath, crioPath],
    write: (files) => writeFiles(files, params, hasCrio),
  });
}

async function writeFiles(files: OwnedFiles, params: ContainerEngineParams, hasCrio: boolean): Promise<void> {
  const { registries } = params;
  const tables = registries.registries.map(registryTable).join("\n");
  const head = "# Written by kanod-configure from the section container_registries: changes made here are lost.\n\n";
  if (tables !== "") files.write(registriesPath, `${head}${tables}`);
  const auths = authParts(registries, keyOf);
  if (hasCrio && Object.keys(auths.auths).length > 0) {
    files.write(crioPath, `[crio.image]\nglobal_auth_file = ${tomlString(authPath)}\n`);
    await files.merge(authPath, auths, secretFile);
  }
  if (await isThere(params, "podman")) await files.merge(podmanAuthPath, auths, secretFile);
}

async function isThere({ host }: ContainerEngineParams, program: string): Promise<boolean> {
  return (await host.stat(`/usr/bin/${program}`)) !== undefined;
}

/** One `[[registry]]`, with those who are asked first. */
export function registryTable({ name, server, mirrors }: Registry): string {
  const lines = ["[[registry]]", `prefix = ${tomlString(name)}`, `location = ${tomlString(locationOf(server))}`];
  const mirrorLines = mirrors.flatMap((mirror) => [
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

/** `host[:port][/path]`, where the path follows the API's `/v2`. docker.io finds its server by itself. */
function locationOf({ url, host, path, overridePath }: RegistryServer): string {
  if (url === defaultServer("docker.io")) return "docker.io";
  return `${host}${overridePath ? path.replace(/^\/v2(?=\/|$)/, "") : path}`;
}

/** containers-auth.json(5): the longest key that an image's location begins with counts. */
const keyOf = locationOf;
