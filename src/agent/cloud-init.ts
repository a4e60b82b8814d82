import { AgentError } from "../config/agent-error.ts";
import { isMapping } from "../config/mapping.ts";
import type { CommandOptions, Host } from "../host/host.ts";
import type { Logger } from "../log/logger.ts";
import type { CloudInit } from "./contribution.ts";
import { readDistro } from "./os-release.ts";

/** Written by cloud-init's init stages; readable by all, without the sensitive values. */
const instanceDataPath = "/run/cloud-init/instance-data.json";
/** Holds the instance-id also where /run was not filled, as on a target tree. */
const instanceIdPath = "/var/lib/cloud/data/instance-id";

/**
 * What cloud-init knows about this machine. Instance data that is missing or damaged is empty.
 *
 * @returns a function that makes the view of one contribution, whose host runs the modules that it asks for
 */
export async function readCloudInit(host: Host, log: Logger): Promise<(its: Host) => CloudInit> {
  const instanceData = parseInstanceData(await host.readFile(instanceDataPath), log);
  const instanceId = instanceIdOf(instanceData) ?? nonEmpty((await host.readFile(instanceIdPath))?.trim());
  const distro = await readDistro(host);
  return (its) => ({ instanceData, instanceId, distro, module: (name, config) => runModule(its, name, config) });
}

function parseInstanceData(text: string | undefined, log: Logger): Readonly<Record<string, unknown>> {
  if (text === undefined) return {};
  try {
    const data: unknown = JSON.parse(text);
    if (isMapping(data)) return data;
  } catch {
    // Said below, in the same words as for a document that is no object.
  }
  log.warn(`${instanceDataPath} is damaged: going on without cloud-init's instance data`);
  return {};
}

function instanceIdOf(instanceData: Readonly<Record<string, unknown>>): string | undefined {
  const v1 = instanceData["v1"];
  const id = isMapping(v1) ? (v1["instance_id"] ?? v1["instance-id"]) : undefined;
  return typeof id === "string" ? nonEmpty(id) : undefined;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

/**
 * `cloud-init single --name NAME --frequency always --file FILE`: the configuration goes through a file that only root
 * can read, because it may hold secrets. Older versions (22.4) take `--file` in front of `single` only.
 */
async function runModule(host: Host, name: string, config: Readonly<Record<string, unknown>>): Promise<void> {
  if (!/^[a-z][a-z0-9_-]*$/.test(name)) {
    throw new AgentError("bad-cloud-init-module", `"${name}" is no name of a cloud-init module`);
  }
  const path = `/run/kanod-configure/cloud-init-${name}.yaml`;
  await host.makeDirectory("/run/kanod-configure", { mode: 0o700 });
  // JSON is YAML: no second way to write a document is needed.
  await host.writeFile(path, `#cloud-config\n${JSON.stringify(config)}\n`, { mode: 0o600, secret: true });
  const single = ["single", "--name", name, "--frequency", "always"];
  const options: CommandOptions = { timeout: 600, onTree: "chroot", secret: true, why: `apply cloud-init's ${name}` };
  try {
    const { exitCode } = await host.run(["cloud-init", ...single, "--file", path], {
      ...options,
      okExitCodes: [0, badUsage],
    });
    if (exitCode === badUsage) await host.run(["cloud-init", "--file", path, ...single], options);
  } finally {
    await host.remove(path);
  }
}

/** What Python's argparse, and so cloud-init, ends with when it does not know an option; nothing was run then. */
const badUsage = 2;
