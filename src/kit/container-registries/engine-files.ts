import type { Host } from "../../host/host.ts";
import { beforeChanges } from "../../host/host-with.ts";
import { b64 } from "../common.ts";
import { noProxyEntries, type ProxySettings, proxyVariables } from "../proxy.ts";
import { configureService } from "../systemd/units.ts";
import type { ContainerEngineParams } from "./engines.ts";
import type { RegistryModel, RegistryServer } from "./model.ts";
import { OwnedFiles } from "./owned.ts";
import { systemdAssignment } from "./text.ts";

/** Nobody but root may read it. */
export const secretFile = { mode: 0o600, secret: true } as const;

/** Writes certificate authority, client certificate and client key of each server, as docker, podman and CRI-O name them. */
function writeCertificates(files: OwnedFiles, folder: string, { servers }: RegistryModel): void {
  for (const server of servers) {
    for (const { path, text, isSecret } of certificateFiles(folder, server)) {
      files.write(path, text.endsWith("\n") ? text : `${text}\n`, isSecret ? secretFile : {});
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

/** Has the engine's service use the proxy. */
function writeProxyDropIn(
  files: OwnedFiles,
  service: string,
  { conf, system }: Pick<ContainerEngineParams, "conf" | "system">,
): void {
  const { proxy } = conf as { proxy?: ProxySettings };
  const values = Object.entries(proxyVariables(proxy, noProxyEntries(system["no_proxy"])));
  if (values.length === 0) return;
  const lines = values.flatMap(([name, value]) =>
    [name.toUpperCase(), name].map((its) => systemdAssignment(its, value)),
  );
  const text = `# Written by kanod-configure from the section proxy.\n[Service]\n${lines.join("\n")}\n`;
  const path = `/etc/systemd/system/${service}.d/50-kanod-configure-proxy.conf`;
  files.write(path, text, secretFile);
}

/** The parts of a container engine that {@link configureEngine} needs to know. */
export interface EngineSetup {
  /** For the log. */
  title: string;
  /** Its service, such as `docker.service`; undefined for an engine without a daemon. */
  unit: string | undefined;
  /** Folder of certificates, in which each server has a folder of its host's name. */
  certificates: string;
  /** Writes its configuration: through `files`, or with `host`, which knows what the service has to be restarted for. */
  write(files: OwnedFiles, host: Host): void | Promise<void>;
  /** Files that the service reads only when it starts. */
  readAtStart: readonly string[];
}

/**
 * Configures and starts a container engine: its own files, certificates and proxy, then its service, which is restarted
 * where it has to read a changed file. Files of an earlier run that are no longer wanted are removed.
 */
export async function configureEngine(params: ContainerEngineParams, engine: EngineSetup): Promise<void> {
  const { log, registries, store } = params;
  const { title, unit, certificates, readAtStart } = engine;
  const write = async (host: Host): Promise<void> => {
    const files = await OwnedFiles.open(host, store);
    await engine.write(files, host);
    writeCertificates(files, certificates, registries);
    if (unit !== undefined) writeProxyDropIn(files, unit, params);
    await files.finish();
  };
  if (unit === undefined) {
    const changed: string[] = [];
    await write(beforeChanges(params.host, async (path) => void changed.push(path)));
    log.info(`${title}: ${changed.length > 0 ? "registries changed" : "nothing changed"}`);
    return;
  }
  const service = await configureService(params, unit, write, (path) => readAtStart.includes(path));
  log.info(`${title}: ${service === "same" ? "nothing changed" : service}`);
}
