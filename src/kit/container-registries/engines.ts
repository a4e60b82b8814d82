import type { Configuration, SystemSettings } from "../../agent/contribution.ts";
import { AgentError } from "../../config/agent-error.ts";
import type { Host } from "../../host/host.ts";
import type { Logger } from "../../log/logger.ts";
import type { RegistryModel } from "./model.ts";

/** What the code of a container engine gets. */
export interface ContainerEngineParams {
  /** The complete configuration. */
  conf: Configuration;
  system: SystemSettings;
  host: Host;
  log: Logger;
  /** What `container_registries` comes to. */
  registries: RegistryModel;
}

export type ContainerEngineCode = (params: ContainerEngineParams) => void | Promise<void>;

export interface ContainerEngineOptions {
  /** Programs one of which is there where the engine is installed. Without them the element that registers it brings it. */
  programs?: readonly string[];
}

interface Engine extends ContainerEngineOptions {
  name: string;
  code: ContainerEngineCode;
}

/** Known to all copies of this package, as the registry of contributions is. */
const key = Symbol.for("kanod-configure.container-engines");
const shared = globalThis as { [key]?: Map<string, Engine> };
shared[key] ??= new Map();
const engines: Map<string, Engine> = shared[key];

/**
 * Makes a container engine known: `code` configures and starts it, at priority 150 of the run, where it is the machine's
 * engine. To be called by a contribution of a lower priority. A later registration of a name replaces an earlier one.
 */
export function registerContainerEngine(
  name: string,
  code: ContainerEngineCode,
  options: ContainerEngineOptions = {},
): void {
  engines.set(name, { name, code, ...options });
}

/** The order in which engines that are installed together are taken: docker brings containerd along. */
const preference = ["docker", "crio", "containerd"];

/**
 * The engine that `container_engine` in system.yaml names, else the first that is installed; undefined where none is.
 *
 * @throws AgentError `unknown-container-engine` for a name that no element has registered
 */
export async function findContainerEngine(host: Host, system: SystemSettings): Promise<Engine | undefined> {
  const { container_engine: wanted } = system;
  if (wanted !== undefined) {
    const engine = engines.get(String(wanted));
    if (engine !== undefined) return engine;
    const names = [...engines.keys()].join(", ") || "none";
    throw new AgentError(
      "unknown-container-engine",
      `no element brings the container engine ${wanted}, only: ${names}`,
    );
  }
  for (const engine of [...engines.values()].toSorted((one, other) => rank(one) - rank(other))) {
    if (await isInstalled(host, engine)) return engine;
  }
  return undefined;
}

/** Those that are not among the preferred come last, in the order of their registration. */
function rank({ name }: Engine): number {
  const index = preference.indexOf(name);
  return index === -1 ? preference.length : index;
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
