import { AsyncLocalStorage } from "node:async_hooks";
import { AgentError } from "../config/agent-error.ts";
import type {
  BootConfiguration,
  BootParams,
  Configuration,
  Contribution,
  ContributionOptions,
  RunnableParams,
  Stage,
} from "./contribution.ts";

/** What the modules of one agent registered, and what its run adds: no other run in the process sees it. */
export interface Registry {
  readonly contributions: Contribution[];
  /** The element and file whose module is being imported now. */
  origin: { element: string; file: string } | undefined;
  /** Text of an element's template, by its file name. */
  template: (name: string) => Promise<string | undefined>;
  /** See {@link ofThisRun}. */
  readonly slots: Map<string, unknown>;
}

type Templates = Registry["template"];

export function newRegistry(
  template: Templates = async () => undefined,
  contributions: readonly Contribution[] = [],
): Registry {
  return { contributions: [...contributions], origin: undefined, template, slots: new Map() };
}

/**
 * An element may have its own copy of this package among its npm packages; all copies find the registry of the run that
 * goes on by this symbol. Modules imported outside of an agent, as a unit test does it, share the one of the process.
 */
const key = Symbol.for("kanod-configure.registries");
interface Registries {
  current: AsyncLocalStorage<Registry>;
  ofProcess: Registry;
}
const shared = globalThis as { [key]?: Registries };
shared[key] ??= { current: new AsyncLocalStorage(), ofProcess: newRegistry() };
const registries: Registries = shared[key];

/** The registry of the run that goes on; outside of one that of the process. */
export function currentRegistry(): Registry {
  return registries.current.getStore() ?? registries.ofProcess;
}

/** Runs code that imports modules, or a contribution's code, with this registry as its own. */
export function withRegistry<T>(registry: Registry, code: () => T): T {
  return registries.current.run(registry, code);
}

/** What the functions of a run that take no parameters keep from one call to the next, by name. */
export function ofThisRun<T>(name: string, initial: () => T): T {
  const { slots } = currentRegistry();
  if (!slots.has(name)) slots.set(name, initial());
  return slots.get(name) as T;
}

/**
 * Registers code that `kanod-runcmd` runs, lowest priority first.
 *
 * @throws AgentError `bad-registration` for arguments of the wrong form, `duplicate-contribution` for a second
 *   contribution of the same name and stage
 */
export function register<Parsed = undefined>(
  name: string,
  priority: number,
  code: (params: RunnableParams & { parsed: Parsed }) => void | Promise<void>,
  options: ContributionOptions<Configuration, Parsed> = {},
): void {
  add("run", name, priority, code as Contribution["code"], options as Contribution["options"]);
}

/** Registers code that `kanod-bootcmd` runs on every boot: see {@link register}. */
export function registerBoot<Parsed = undefined>(
  name: string,
  priority: number,
  code: (params: BootParams & { parsed: Parsed }) => void | Promise<void>,
  options: ContributionOptions<BootConfiguration, Parsed> = {},
): void {
  add("boot", name, priority, code as Contribution["code"], options as Contribution["options"]);
}

function add(
  stage: Stage,
  name: string,
  priority: number,
  code: Contribution["code"],
  options: Contribution["options"],
): void {
  const registry = currentRegistry();
  const wrong = wrongArgument(name, priority, code, options);
  if (wrong !== undefined) throw new AgentError("bad-registration", `${wrong}${whereRegistered()}`);
  const earlier = registry.contributions.find((other) => other.stage === stage && other.name === name);
  if (earlier !== undefined) {
    throw new AgentError(
      "duplicate-contribution",
      `the contribution "${name}" of the ${stage} stage is already registered by element ${earlier.element}` +
        whereRegistered(),
    );
  }
  const element = registry.origin?.element ?? "";
  const file = registry.origin?.file ?? "";
  registry.contributions.push({ stage, name, priority, element, file, code, options });
}

function wrongArgument(name: unknown, priority: unknown, code: unknown, options: unknown): string | undefined {
  if (typeof name !== "string" || name.trim() === "") return "a contribution needs a name that is not empty";
  if (typeof priority !== "number" || !Number.isFinite(priority)) return `the priority of "${name}" is not a number`;
  if (typeof code !== "function") return `the code of "${name}" is not a function`;
  if (typeof options !== "object" || options === null) return `the options of "${name}" are not an object`;
  const { frequency = "always", onFailure = "fail", timeout = 1 } = options as ContributionOptions;
  if (!["always", "per-instance", "once"].includes(frequency)) return `"${name}" has an unknown frequency`;
  if (!["fail", "continue"].includes(onFailure)) return `"${name}" has an unknown onFailure`;
  if (!(timeout > 0)) return `the timeout of "${name}" is not a positive number of seconds`;
  return undefined;
}

function whereRegistered(): string {
  const { origin } = currentRegistry();
  return origin === undefined ? "" : ` (${origin.file} of element ${origin.element})`;
}

/** Imports a contribution module; what it registers belongs to `element`. Returns how many it registered. */
export async function registerFrom(
  origin: { element: string; file: string },
  load: () => Promise<unknown>,
): Promise<number> {
  const registry = currentRegistry();
  const before = registry.contributions.length;
  registry.origin = origin;
  try {
    await load();
  } finally {
    registry.origin = undefined;
  }
  return registry.contributions.length - before;
}

/**
 * What is registered for a stage, in the order in which it runs: by priority, then in the order of registration, which
 * is that of the elements in the image and of the file names in an element.
 */
export function registered(stage: Stage, registry: Registry = currentRegistry()): Contribution[] {
  return registry.contributions
    .filter((contribution) => contribution.stage === stage)
    .sort((one, other) => one.priority - other.priority);
}

/** The text of an element's template (`kanod/templates/NAME`); undefined where no element has one of this name. */
export function templateText(name: string): Promise<string | undefined> {
  return currentRegistry().template(name);
}

/** A contribution's wish to end the run without an error. */
export class Stop extends Error {
  /** By its name it is recognized also when it was thrown by another copy of this package. */
  override readonly name = "KanodStop";
}

/**
 * Ends the run here: later contributions do not run, and the exit code is 0.
 *
 * @param reason is shown in the log and in the status
 */
export function stopCloudInit(reason?: string): never {
  throw new Stop(reason ?? "");
}

export function isStop(error: unknown): error is Stop {
  return error instanceof Error && error.name === "KanodStop";
}
