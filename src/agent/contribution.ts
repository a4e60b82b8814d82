import type { DeepReadonly } from "../config/deep-freeze.ts";
import type { Finding } from "../config/problem.ts";
import type { Host } from "../host/host.ts";
import type { Logger } from "../log/logger.ts";

/**
 * The configuration of a machine. Its properties come from the merged schema: `kanod-configure compile` adds them to
 * this interface, so that a contribution that reads a key which no schema has is a build error.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled by declaration merging
export interface Configuration {}

/** The `boot` part of the configuration, filled like {@link Configuration}. */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled by declaration merging
export interface BootConfiguration {}

/** Settings of the image (`/etc/kanod-configure/system.yaml`), filled like {@link Configuration}. */
export interface SystemSettings {
  [key: string]: unknown;
}

export interface BootParams {
  /** Frozen. */
  conf: DeepReadonly<BootConfiguration>;
  /** Frozen. */
  system: DeepReadonly<SystemSettings>;
  init: CloudInit;
  host: Host;
  log: Logger;
  store: Store;
  /** See {@link RunnableParams.defer}. */
  defer(name: string, code: (result: RunResult, host: Host, store: Store) => void | Promise<void>): void;
}

/**
 * What contributions hand to later ones, by key. An element adds a key by declaration merging:
 * `declare module "kanod-configure" { interface Provided { inventory: Inventory } }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled by declaration merging
export interface Provided {}

/**
 * Makes the value for one contribution, with that contribution's own host: the provider's is closed when it ends. `store`
 * is the provider's.
 */
export type Provider<Value> = (params: Pick<RunnableParams, "host" | "log" | "init" | "store">) => Value;

/** Each value of {@link Provided} is here under its key, once an earlier contribution provided it. */
export interface RunnableParams extends Readonly<Partial<Provided>> {
  /** The complete configuration. It is frozen: only `provide` hands on another one. */
  conf: DeepReadonly<Configuration>;
  /** Frozen. */
  system: DeepReadonly<SystemSettings>;
  init: CloudInit;
  host: Host;
  log: Logger;
  store: Store;
  /**
   * Gives later contributions another configuration (references resolved), or values under keys of {@link Provided}. A
   * function is a {@link Provider}. A run that is resumed runs this contribution again.
   *
   * @throws AgentError `bad-provide` for a key that is a parameter of every contribution
   */
  provide(
    values: { conf?: DeepReadonly<Configuration> } & {
      [Key in keyof Provided]?: Provided[Key] | Provider<Provided[Key]>;
    },
  ): void;
  /** What an earlier contribution provided. @throws AgentError `not-provided` */
  need<Key extends keyof Provided>(key: Key): Provided[Key];
  /**
   * Has `code` run at the end of the run, after the last contribution and whatever the outcome, the last deferred
   * first. It gets 300 s, and a host and a store of its own: the contribution's are closed when the contribution ends. A failure
   * there is logged as a warning and does not change the outcome of the run.
   */
  defer(name: string, code: (result: RunResult, host: Host, store: Store) => void | Promise<void>): void;
}

/**
 * What must outlive a run, on disk (`/var/lib/kanod-configure/store`, for root alone). All contributions of an element,
 * of both stages, share one store, and see no other. What is kept is JSON. Each change is on disk, with fsync(2), when
 * its promise is fulfilled.
 */
export interface Store {
  get<T>(key: string): Promise<T | undefined>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** The keys of all that was set. */
  keys(): Promise<string[]>;
  /**
   * Notes an action before anything is changed that makes it necessary, such as `restart:chrony.service` before the file
   * that chrony reads. A run that is cut off leaves it owed: the next run of a stage in which the element has a
   * contribution with {@link ContributionOptions.owed} for its kind does it first.
   *
   * @param key the kind, and after a colon what tells several of a kind apart
   */
  owe(key: string, data?: unknown): Promise<void>;
  /** Crosses off what is done. */
  settle(key: string): Promise<void>;
  /** What is owed, all of it or of one kind. */
  owed(kind?: string): Promise<Owed[]>;
  /**
   * `damaged`: something was lost, so that what is missing may have been done all the same. It stays so until the file
   * that was set aside (`*.damaged-TIME`) is removed. `new`: nothing was ever stored.
   */
  state(): Promise<StoreState>;
  /**
   * For what destroys: refuses where the state is damaged.
   *
   * @param action completes "refusing to", such as `wipe /dev/sdb`
   * @throws AgentError `damaged-state`
   */
  requireIntact(action: string): Promise<void>;
  /**
   * Takes over the file in which an earlier version kept its state: what is set already stays, the file is removed.
   *
   * @param read gives values by key; undefined for a text that is damaged, which then makes the store damaged
   */
  adopt(path: string, read: (text: string) => Readonly<Record<string, unknown>> | undefined): Promise<void>;
}

export type StoreState = "new" | "ok" | "damaged";

/** An action that is still to be done. */
export interface Owed {
  key: string;
  data: unknown;
}

/**
 * Does what is owed, by kind. Each is called before any contribution runs, also where its contribution will be skipped
 * and whatever the configuration has by then; afterwards the action is settled. When it fails, the contribution can still
 * settle it; it fails when at its end something of these kinds is owed.
 */
export type OwedActions = Readonly<Record<string, (params: OwedParams, owed: Owed) => void | Promise<void>>>;

export type OwedParams = Pick<RunnableParams, "system" | "init" | "host" | "log" | "store">;

/** How a run ended. */
export interface RunResult {
  state: "done" | "stopped" | "failed" | "interrupted";
  contributions: readonly ContributionRecord[];
}

/** What the journal holds of one contribution in one run. */
export interface ContributionRecord {
  name: string;
  element: string;
  priority: number;
  state: "pending" | "running" | "done" | "skipped" | "stopped" | "failed" | "interrupted";
  /** ISO 8601, UTC. */
  started?: string;
  /** In seconds. */
  duration?: number;
  error?: { code: string; message: string };
  /** It gave something to later contributions or to the end of the run, so that a resumed run needs it again. */
  provides?: true;
}

/** What a contribution should not write again because cloud-init has it. */
export interface CloudInit {
  /** cloud-init's standardized instance data (`/run/cloud-init/instance-data.json`); empty where there is none. */
  readonly instanceData: Readonly<Record<string, unknown>>;
  /** `v1.instance_id`; undefined where cloud-init has not run. */
  readonly instanceId: string | undefined;
  /** From os-release(5). */
  readonly distro: Distro;
  /**
   * Runs one cloud-init module with the given configuration, through `cloud-init single`. `name` is the module's
   * (`users_groups`); `config` is cloud-config.
   */
  module(name: string, config: Readonly<Record<string, unknown>>): Promise<void>;
}

/** The distribution, from os-release(5). */
export interface Distro {
  /** `ID`, such as `debian`; `linux` where os-release has none, as os-release(5) says. */
  id: string;
  /** `ID_LIKE`, split. */
  like: readonly string[];
  /** `VERSION_ID`, such as `13`; empty on a rolling distribution. */
  version: string;
  /** `PRETTY_NAME`. */
  name: string;
}

export interface ContributionOptions<Conf = Configuration, Parsed = undefined> {
  /**
   * When it runs again. `always` (default): in every run. `per-instance`: until it succeeded once for the instance-id
   * that cloud-init knows. `once`: until it succeeded once on this machine.
   */
  frequency?: "always" | "per-instance" | "once";
  /** `continue`: later contributions run although this one failed; the exit code of the run is still 1. */
  onFailure?: "fail" | "continue";
  /** It is ended, and has failed, when it runs longer. In seconds, default 1800. */
  timeout?: number;
  /** Does what an earlier run owes. */
  owed?: OwedActions;
  /**
   * Looks for what the schema cannot say. It is called before anything is changed, with the configuration that the
   * schema accepted, and offline by `kanod-configure validate`; it must not have effects. Where an earlier contribution
   * provided another configuration it is called again, right before the code: an error then fails the contribution.
   *
   * Its result may hold what it parsed, which the code gets as `parsed`. Its type is inferred where `check` is a function
   * whose parameter has a type: `function check({ conf }: CheckParams): Checked<Mount[]>`.
   */
  check?: (params: CheckParams<Conf>) => readonly Finding[] | Checked<Parsed>;
}

/** What a check found, and the configuration as its contribution's code works with it. */
export interface Checked<Parsed> {
  findings: readonly Finding[];
  parsed: Parsed;
}

export interface CheckParams<Conf = Configuration> {
  conf: DeepReadonly<Conf>;
  system: DeepReadonly<SystemSettings>;
  /** The machine's time; offline that of the workstation. */
  now: Date;
  /** Contributions of a lower priority are left out of the run that is about to begin. */
  minPriority?: number;
}

export type Stage = "boot" | "run";

/** A contribution as it was registered. */
export interface Contribution {
  stage: Stage;
  name: string;
  priority: number;
  /** Name of the element whose file registered it; empty for one that was registered outside of an agent. */
  element: string;
  /** Name of that file in the element, such as `kanod/greeter.ts`. */
  file: string;
  code: (params: RunnableParams & BootParams & { parsed: never }) => void | Promise<void>;
  options: ContributionOptions<never, unknown>;
}
