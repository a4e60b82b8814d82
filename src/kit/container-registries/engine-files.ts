import { AgentError } from "../../config/agent-error.ts";
import { CommandError } from "../../host/errors.ts";
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
 * Credentials by the name that `keyOf` gives a server.
 *
 * @throws AgentError `bad-registry` for two servers of one name with different credentials: the engine would use the last
 */
export function credentialsByKey(
  { servers }: RegistryModel,
  keyOf: (server: RegistryServer) => string,
): Map<string, Credentials> {
  const found = new Map<string, Credentials>();
  for (const server of servers) {
    const { credentials } = server;
    if (credentials === undefined) continue;
    const key = keyOf(server);
    const { username, password } = found.get(key) ?? credentials;
    if (username !== credentials.username || password !== credentials.password) {
      throw new AgentError("bad-registry", `two servers of ${server.host} have different credentials`, {
        hint: "this container engine keeps one user name and password for each host: use one account for both",
      });
    }
    found.set(key, credentials);
  }
  return found;
}

type Credentials = NonNullable<RegistryServer["credentials"]>;

/** Credentials in the form of docker's config.json: see {@link credentialsByKey}. */
export function authParts(
  model: RegistryModel,
  keyOf: (server: RegistryServer) => string,
): { auths: Record<string, { auth: string }> } {
  const auths = [...credentialsByKey(model, keyOf)].map(([key, { username, password }]) => {
    return [key, { auth: b64(`${username}:${password}`) }] as const;
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
  /** Writes its configuration: through `files`, or with `host`, which notes what the service must be restarted for. */
  write(files: OwnedFiles, host: Host): void | Promise<void>;
  /** Files that the service reads only when it starts. */
  readAtStart: readonly string[];
  /** A command that succeeds once the engine answers. */
  probe?: {
    argv: readonly string[];
    /** What is wrong by the command's output; undefined where all is well. */
    fault?: (stdout: string) => string | undefined;
  };
}

/**
 * Configures and starts a container engine: its own files, certificates and proxy, then its service, which is restarted
 * where it must read a changed file. Files of an earlier run that are no longer wanted are removed.
 *
 * @throws AgentError `engine-not-ready` when the service was started and does not answer
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
  if (service === "started" || service === "restarted") await waitForEngine(params.host, engine, unit);
  log.info(`${title}: ${service === "same" ? "nothing changed" : service}`);
}

/** In seconds: containerd reads its snapshots, dockerd its containers first. */
const patience = 60;

/** systemd calls an engine active whose plugin for Kubernetes was not loaded, or that does not answer yet. */
async function waitForEngine(host: Host, { title, probe }: EngineSetup, unit: string): Promise<void> {
  let reason: string | undefined = "it does not answer";
  for (let waited = 0; waited < patience && reason !== undefined; waited += 1) {
    if (waited > 0) await host.sleep(1);
    const { stdout } = await host.query(["systemctl", "is-active", unit], { okExitCodes: [0, 1, 2, 3, 4] });
    // In a plan, and on a target tree, it was not started.
    if (stdout !== "active" && stdout !== "activating") return;
    reason = stdout === "active" ? await probeFault(host, probe) : "it is still starting";
  }
  if (reason === undefined) return;
  throw new AgentError("engine-not-ready", `${title} was started and is not ready: ${reason}`, {
    hint: `\`journalctl -u ${unit}\` has its log`,
  });
}

async function probeFault(host: Host, probe: EngineSetup["probe"]): Promise<string | undefined> {
  if (probe === undefined) return undefined;
  try {
    const { exitCode, stdout, stderr } = await host.query(probe.argv, { okExitCodes: [0, 1], timeout: 10 });
    return exitCode === 0 ? probe.fault?.(stdout) : stderr.split("\n")[0] || "it does not answer";
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // A client that is not installed says nothing about the engine.
    return error.code === "command-not-found" ? undefined : error.message;
  }
}
