import { b64 } from "../common.ts";
import { noProxyEntries, type ProxySettings, proxyVariables } from "../proxy.ts";
import { ensureService, reloadUnits } from "../systemd/units.ts";
import type { ContainerEngineParams } from "./engines.ts";
import type { RegistryModel, RegistryServer } from "./model.ts";
import { OwnedFiles } from "./owned.ts";
import { systemdAssignment } from "./text.ts";

/** Nobody but root may read it. */
export const secretFile = { mode: 0o600, secret: true } as const;

/** Writes certificate authority, client certificate and client key of each server, as docker, podman and CRI-O name them. */
async function writeCertificates(files: OwnedFiles, folder: string, { servers }: RegistryModel): Promise<void> {
  for (const server of servers) {
    for (const { path, text, isSecret } of certificateFiles(folder, server)) {
      await files.write(path, text.endsWith("\n") ? text : `${text}\n`, isSecret ? secretFile : {});
    }
  }
}

export function certificateFiles(
  folder: string,
  { host, ca, clientCert, clientKey }: RegistryServer,
): { path: string; text: string; isSecret: boolean }[] {
  const texts = { "ca.crt": ca, "client.cert": clientCert, "client.key": clientKey };
  return Object.entries(texts).flatMap(([name, text]) =>
    text === undefined ? [] : [{ path: `${folder}/${host}/${name}`, text, isSecret: name === "client.key" }],
  );
}

/**
 * Credentials in the form of docker's config.json, `auths` by the name that `keyOf` gives a server.
 */
export function authParts(
  model: RegistryModel,
  keyOf: (server: RegistryServer) => string,
): { auths: Record<string, { auth: string }> } {
  const auths = model.servers.flatMap((server) => {
    const { credentials } = server;
    if (credentials === undefined) return [];
    return [[keyOf(server), { auth: b64(`${credentials.username}:${credentials.password}`) }] as const];
  });
  return { auths: Object.fromEntries(auths) };
}

/** Has the engine's service use the proxy. Returns the path of the drop-in when it changed. */
async function writeProxyDropIn(
  files: OwnedFiles,
  service: string,
  { conf, system }: Pick<ContainerEngineParams, "conf" | "system">,
): Promise<string[]> {
  const { proxy } = conf as { proxy?: ProxySettings };
  const values = Object.entries(proxyVariables(proxy, noProxyEntries(system["no_proxy"])));
  if (values.length === 0) return [];
  const lines = values.flatMap(([name, value]) =>
    [name.toUpperCase(), name].map((its) => systemdAssignment(its, value)),
  );
  const text = `# Written by kanod-configure from the section proxy.\n[Service]\n${lines.join("\n")}\n`;
  const path = `/etc/systemd/system/${service}.d/50-kanod-configure-proxy.conf`;
  return (await files.write(path, text, secretFile)) ? [path] : [];
}

/** The parts of a container engine that {@link configureEngine} needs to know. */
export interface EngineSetup {
  /** For the log. */
  title: string;
  /** Its service, such as `docker.service`; undefined for an engine without a daemon. */
  unit: string | undefined;
  /** Folder of certificates, in which each server has a folder of its host's name. */
  certificates: string;
  /** Writes its configuration. Returns the changed files that the service reads only when it starts. */
  write(files: OwnedFiles): Promise<string[]>;
  /** A file that the service reads only when it starts; asked for files that are removed. */
  readAtStart?: string;
}

/**
 * Configures and starts a container engine: its own files, certificates and proxy, then its service, which is restarted
 * where it has to read a changed file. Files of an earlier run that are no longer wanted are removed.
 */
export async function configureEngine(params: ContainerEngineParams, engine: EngineSetup): Promise<void> {
  const { host, log, registries } = params;
  const { title, unit, certificates } = engine;
  const files = await OwnedFiles.open(host);
  const changed = await engine.write(files);
  await writeCertificates(files, certificates, registries);
  if (unit !== undefined) changed.push(...(await writeProxyDropIn(files, unit, params)));
  changed.push(
    ...(await files.finish()).filter((path) => path.startsWith("/etc/systemd/") || path === engine.readAtStart),
  );
  if (unit === undefined) {
    log.info(`${title}: ${changed.length > 0 ? "registries changed" : "nothing changed"}`);
    return;
  }
  if (changed.some((path) => path.startsWith("/etc/systemd/"))) await reloadUnits(host);
  const service = await ensureService(host, unit, { changed: changed.length > 0, log });
  log.info(`${title}: ${service === "same" ? "nothing changed" : service}`);
}
