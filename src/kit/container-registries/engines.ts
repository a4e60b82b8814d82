import type { Configuration, Store, SystemSettings } from "../../agent/contribution.ts";
import { ofThisRun } from "../../agent/registry.ts";
import { AgentError } from "../../config/agent-error.ts";
import type { DeepReadonly } from "../../config/deep-freeze.ts";
import type { Host } from "../../host/host.ts";
import type { Logger } from "../../log/logger.ts";
import type { RegistryModel } from "./model.ts";

/** What a container engine is configured with. */
export interface ContainerEngineParams {
  /** The complete configuration. */
  conf: DeepReadonly<Configuration>;
  system: DeepReadonly<SystemSettings>;
  host: Host;
  log: Logger;
  store: Store;
  /** What `container_registries` comes to. */
  registries: RegistryModel;
}

export type ContainerEngineCode = (params: ContainerEngineParams) => void | Promise<void>;

export interface ContainerEngineOptions {
  /** The engine is installed where one of these programs is. Default: installed wherever its element is. */
  programs?: readonly string[];
  /** Names of engines that are often installed because this one needs them: this one is preferred to them. */
  before?: readonly string[];
}

interface Engine extends ContainerEngineOptions {
  name: string;
  code: ContainerEngineCode;
}

function engines(): Map<string, Engine> {
  return ofThisRun("container-engines", () => new Map());
}

/**
 * Adds a container engine: `code` configures and starts it at priority 150 of the run, if it is the machine's engine.
 * To be called by a contribution of a lower priority. A later registration of a name replaces an earlier one.
 */
export function registerContainerEngine(
  name: string,
  code: ContainerEngineCode,
  options: ContainerEngineOptions = {},
): void {
  engines().set(name, { name, code, ...options });
}

/**
 * The engine that `container_engine` in system.yaml names, else the first installed one; undefined without any.
 *
 * @throws AgentError `unknown-container-engine` for a name that no element has registered
 */
export async function findContainerEngine(
  host: Host,
  system: DeepReadonly<SystemSettings>,
): Promise<Engine | undefined> {
  const { container_engine: wanted } = system;
  if (wanted === undefined) return firstInstalled(host);
  const engine = engines().get(String(wanted));
  if (engine !== undefined) return engine;
  const names = [...engines().keys()];
  throw new AgentError(
    "unknown-container-engine",
    `unknown container engine ${wanted} (available: ${names.join(", ") || "none"})`,
  );
}

/** Engines that are only there because another one needs them come last, then the order of registration decides. */
async function firstInstalled(host: Host): Promise<Engine | undefined> {
  const all = [...engines().values()];
  const installed: Engine[] = [];
  for (const engine of all) if (await isInstalled(host, engine)) installed.push(engine);
  // What an element installs unconditionally is only a fallback for what is found on the machine.
  const found = installed.filter(({ programs }) => programs !== undefined);
  const candidates = found.length > 0 ? found : installed;
  const isNeeded = ({ name }: Engine): boolean => candidates.some(({ before = [] }) => before.includes(name));
  return candidates.find((engine) => !isNeeded(engine)) ?? candidates[0];
}

async function isInstalled(host: Host, { programs }: Engine): Promise<boolean> {
  if (programs === undefined) return true;
  for (const program of programs) {
    for (const folder of ["/usr/bin", "/usr/sbin", "/usr/local/bin"]) {
      if ((await host.stat(`${folder}/${program}`)) !== undefined) return true;
    }
  }
  return false;
}
