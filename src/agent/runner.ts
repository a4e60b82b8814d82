import { AgentError } from "../config/agent-error.ts";
import { type DeepReadonly, deepFreeze } from "../config/deep-freeze.ts";
import { once } from "../config/once.ts";
import type { Host } from "../host/host.ts";
import type { Watchdog } from "../host/watchdog.ts";
import type { Logger } from "../log/logger.ts";
import { stopwatch } from "../log/stopwatch.ts";
import { check } from "./check.ts";
import type {
  BootParams,
  Checked,
  CloudInit,
  Configuration,
  Contribution,
  ContributionRecord,
  Owed,
  Provided,
  Provider,
  RunnableParams,
  RunResult,
  Store,
  SystemSettings,
} from "./contribution.ts";
import { describeError, shownError } from "./describe-error.ts";
import { FindingsError } from "./findings-error.ts";
import { isStop } from "./registry.ts";
import { type ScopedHost, scopedHost } from "./scoped-host.ts";
import { kindOf, owedOf } from "./store.ts";

/** In seconds. */
const defaultTimeout = 1800;
/** How long code may keep the process from doing anything else: all that takes long is asynchronous. In seconds. */
const stallTimeout = 30;
/** For what is owed, and for what is deferred to the end of the run. In seconds. */
const besideTimeout = 300;

export interface RunnerOptions {
  contributions: readonly Contribution[];
  /** The complete configuration, or its boot part in the boot stage. */
  conf: DeepReadonly<Configuration>;
  system: DeepReadonly<SystemSettings>;
  /** What the checks of this configuration said before the run. */
  checked?: ReadonlyMap<Contribution, Checked<unknown>>;
  /** See {@link CheckParams.minPriority}. */
  minPriority?: number | undefined;
  /** What is provided from the start. */
  provided?: Partial<Provided>;
  /** What a contribution with this host sees of cloud-init. */
  init: (host: Host) => CloudInit;
  /** Makes the host of one contribution; commands that it runs end when the signal is aborted. */
  host: (contribution: Contribution, signal: AbortSignal, log: Logger, part: RunPart) => Host;
  /** The durable state of a contribution; without a host, for the runner to look at. */
  store: (contribution: Contribution, log: Logger, host?: Host) => Store;
  log: Logger;
  /** Aborted when the run has to end: by a signal, or with the Error that nobody waited for. */
  signal: AbortSignal;
  /** Ends code that never ends by itself. Without it only code that waits can be ended. */
  watchdog?: Watchdog | undefined;
  /** Why a contribution does not run this time; undefined when it runs. */
  skip: (contribution: Contribution) => string | undefined;
  /** Called after each change of the records, and before the next step begins. */
  onChange: (records: readonly ContributionRecord[]) => Promise<void>;
  onSuccess: (contribution: Contribution) => Promise<void>;
}

/** What a contribution does: what an earlier run owes, its own code, or what it deferred to the end of the run. */
export type RunPart = "owed" | "code" | "end";

export interface Failure {
  contribution: Contribution;
  error: unknown;
  /** What it was doing, as in the log. */
  operation: string | undefined;
}

export interface RunnerOutcome {
  result: RunResult;
  failures: readonly Failure[];
}

interface Deferred {
  name: string;
  contribution: Contribution;
  code: Parameters<RunnableParams["defer"]>[1];
}

/** Runs contributions one after the other until one stops the run, one fails, or the run is interrupted. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #records: ContributionRecord[];
  readonly #failures: Failure[] = [];
  readonly #deferred: Deferred[] = [];
  /** Why what a contribution owed could not be done. */
  readonly #owing = new Map<Contribution, unknown>();
  #conf: DeepReadonly<Configuration>;
  readonly #provided: Map<string, Provider<unknown>>;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#conf = deepFreeze(options.conf);
    deepFreeze(options.system);
    this.#provided = new Map(Object.entries(options.provided ?? {}).map(([key, value]) => [key, () => value]));
    this.#records = options.contributions.map(({ name, element, priority }) => {
      return { name, element, priority, state: "pending" };
    });
  }

  get records(): ContributionRecord[] {
    return this.#records;
  }

  async run(): Promise<RunnerOutcome> {
    const { contributions, signal, onChange } = this.#options;
    let state: RunResult["state"] = "done";
    await this.#settleOwed();
    for (const [index, contribution] of contributions.entries()) {
      if (signal.aborted) {
        state = "interrupted";
        break;
      }
      const ended = await this.#step(contribution, index);
      if (ended !== undefined) state = ended;
      if (ended === "stopped" || ended === "interrupted") break;
      if (ended === "failed" && contribution.options.onFailure !== "continue") break;
    }
    if (state === "done" && this.#failures.length > 0) state = "failed";
    await onChange(this.#records);
    const result: RunResult = { state: this.#failures.length > 0 ? "failed" : state, contributions: this.#records };
    await this.#runDeferred(result);
    return { result, failures: this.#failures };
  }

  async #step(contribution: Contribution, index: number): Promise<RunResult["state"] | undefined> {
    const record = this.#records[index] as ContributionRecord;
    const log = this.#logOf(contribution);
    const reason = this.#options.skip(contribution);
    if (reason !== undefined && !this.#owing.has(contribution)) {
      record.state = "skipped";
      log.info(`skipped: ${reason}`, { event: "skipped" });
      return undefined;
    }
    record.state = "running";
    record.started = new Date().toISOString();
    await this.#options.onChange(this.#records);
    log.info(`started (${index + 1}/${this.#records.length})`, { event: "started" });
    const elapsed = stopwatch();
    const ended = await this.#execute(contribution, record, log, reason !== undefined);
    record.state = ended;
    record.duration = elapsed();
    if (ended === "done") await this.#options.onSuccess(contribution);
    const event = ended === "done" ? "finished" : ended;
    log[ended === "failed" ? "warn" : "info"](event, { event, duration: record.duration });
    return ended === "done" ? undefined : ended;
  }

  async #execute(
    contribution: Contribution,
    record: ContributionRecord,
    log: Logger,
    isSkipped: boolean,
  ): Promise<"done" | "stopped" | "failed" | "interrupted"> {
    const { signal } = this.#options;
    const scope = new AbortController();
    const interrupt = (): void => scope.abort(signal.reason);
    signal.addEventListener("abort", interrupt);
    if (signal.aborted) interrupt();
    const scoped = scopedHost(this.#options.host(contribution, scope.signal, log, "code"), this.#options.watchdog);
    try {
      await withDeadline(
        scoped,
        async () => {
          if (!isSkipped) await this.#runCode(contribution, this.#params(contribution, record, scoped.host, log));
          scoped.close();
          await this.#requireSettled(contribution, log);
        },
        contribution.options.timeout ?? defaultTimeout,
        this.#options,
      );
      return "done";
    } catch (error) {
      if (isStop(error)) {
        log.info(error.message === "" ? "stops the run" : `stops the run: ${error.message}`, { event: "stopping" });
        return "stopped";
      }
      if (signal.aborted && !(signal.reason instanceof Error)) {
        record.error = { code: "interrupted", message: "the run was interrupted" };
        return "interrupted";
      }
      const reason: unknown = signal.aborted ? signal.reason : error;
      this.#fail(contribution, record, reason, scoped.operationOf(reason));
      return "failed";
    } finally {
      scoped.close();
      signal.removeEventListener("abort", interrupt);
      scope.abort();
    }
  }

  #fail(contribution: Contribution, record: ContributionRecord, error: unknown, operation: string | undefined): void {
    this.#failures.push({ contribution, error, operation });
    record.error = shownError(error, this.#options.log);
    if (error instanceof Error && !(error instanceof AgentError)) this.#options.log.debug(error.stack ?? error.message);
  }

  async #runCode(contribution: Contribution, params: RunnableParams & BootParams): Promise<void> {
    await contribution.code(Object.assign(params, { parsed: this.#parsed(contribution, params.host) as never }));
  }

  /** What its check parsed of the configuration as it is now. @throws FindingsError */
  #parsed(contribution: Contribution, host: Host): unknown {
    const { conf, checked, system, minPriority } = this.#options;
    const known = this.#conf === conf ? checked?.get(contribution) : undefined;
    if (known !== undefined) return known.parsed;
    const params = { conf: this.#conf, system, now: host.now(), ...(minPriority === undefined ? {} : { minPriority }) };
    const { findings, parsed } = check(contribution, params);
    const errors = findings.filter(({ severity }) => severity === "error");
    const [first] = errors;
    if (first === undefined) return parsed;
    const message = `${first.pointer.slice(1).replaceAll("/", ".")}: ${first.message}`;
    throw new FindingsError(first.code, message, { hint: first.hint, findings: errors });
  }

  #params(
    contribution: Contribution,
    record: ContributionRecord,
    host: Host,
    log: Logger,
  ): RunnableParams & BootParams {
    const { system } = this.#options;
    const init = this.#options.init(host);
    const params = {
      conf: this.#conf,
      system,
      init,
      host,
      log,
      store: this.#options.store(contribution, log, host),
      provide: ({ conf = this.#conf, ...values }: Parameters<RunnableParams["provide"]>[0]) => {
        const taken = Object.keys(values).find((key) => key in params);
        if (taken !== undefined) throw new AgentError("bad-provide", `provide: \`${taken}\` is a parameter already`);
        record.provides = true;
        this.#conf = deepFreeze(conf);
        for (const [key, value] of Object.entries(values)) this.#provided.set(key, this.#provider(contribution, value));
      },
      need: <Key extends keyof Provided>(key: Key): Provided[Key] => {
        const value = provided[key];
        if (value !== undefined) return value as Provided[Key];
        throw new AgentError("not-provided", `no earlier contribution of this run has provided \`${key}\``);
      },
      defer: (name: string, code: Deferred["code"]) => {
        record.provides = true;
        this.#deferred.push({ name, contribution, code });
      },
    };
    const provided = valuesFor(this.#provided, params);
    return Object.defineProperties({ ...params }, Object.getOwnPropertyDescriptors(provided));
  }

  #provider(contribution: Contribution, value: unknown): Provider<unknown> {
    if (typeof value !== "function") return () => value;
    const { store } = this.#options;
    return (its) => (value as Provider<unknown>)({ ...its, store: store(contribution, its.log, its.host) });
  }

  /** Does what earlier runs owe, before anything else. What fails stays owed: its contribution may still settle it. */
  async #settleOwed(): Promise<void> {
    for (const contribution of this.#options.contributions) {
      const log = this.#logOf(contribution);
      try {
        const owed = await owedOf(contribution, this.#options.store(contribution, log));
        for (const action of owed) await this.#settle(contribution, action, log);
      } catch (error) {
        log.warn(`what is owed cannot be read: ${describeError(error).message}`);
      }
    }
  }

  async #settle(contribution: Contribution, action: Owed, log: Logger): Promise<void> {
    const { signal, system, init } = this.#options;
    if (signal.aborted) return;
    log.info(`owed by an earlier run: ${action.key}`, { event: "owed" });
    const failure = await this.#beside(contribution, "owed", log, signal, async (host) => {
      const store = this.#options.store(contribution, log, host);
      await contribution.options.owed?.[kindOf(action.key)]?.({ system, init: init(host), host, log, store }, action);
      await store.settle(action.key);
    });
    if (failure === undefined) return;
    this.#owing.set(contribution, failure.error);
    log.warn(`still owed: ${action.key}: ${describeError(failure.error).message}`);
  }

  /** @throws AgentError `still-owed`, or why the action failed: a contribution that owes something is not done */
  async #requireSettled(contribution: Contribution, log: Logger): Promise<void> {
    const owed = await owedOf(contribution, this.#options.store(contribution, log));
    if (owed.length === 0) return;
    throw (
      this.#owing.get(contribution) ??
      new AgentError("still-owed", `not done yet: ${owed.map(({ key }) => key).join(", ")}`, {
        hint: "the next run begins with it",
      })
    );
  }

  async #runDeferred(result: RunResult): Promise<void> {
    for (const { name, contribution, code } of this.#deferred.reverse()) {
      const log = this.#logOf(contribution);
      const failure = await this.#beside(contribution, "end", log, undefined, (host) =>
        code(result, host, this.#options.store(contribution, log, host)),
      );
      if (failure === undefined) log.debug(`${name}: finished`);
      else log.warn(`${name} at the end of the run failed: ${describeError(failure.error).message}`);
    }
  }

  /** Runs what belongs to a contribution but is not its code. Its failure is returned. */
  async #beside(
    contribution: Contribution,
    part: RunPart,
    log: Logger,
    signal: AbortSignal | undefined,
    code: (host: Host) => void | Promise<void>,
  ): Promise<{ error: unknown } | undefined> {
    const end = new AbortController();
    const interrupt = (): void => end.abort(signal?.reason);
    signal?.addEventListener("abort", interrupt);
    const { watchdog } = this.#options;
    const scoped = scopedHost(this.#options.host(contribution, end.signal, log, part), watchdog);
    try {
      await withDeadline(scoped, () => code(scoped.host), besideTimeout, { signal, watchdog });
      return undefined;
    } catch (error) {
      return { error };
    } finally {
      signal?.removeEventListener("abort", interrupt);
      scoped.close();
      end.abort();
    }
  }

  #logOf({ name, element }: Contribution): Logger {
    return this.#options.log.with({ contribution: name, element });
  }
}

/** The provided values as one contribution gets them: a provider makes its value when it is first asked for. */
function valuesFor(
  provided: ReadonlyMap<string, Provider<unknown>>,
  params: Parameters<Provider<unknown>>[0],
): Readonly<Partial<Provided>> {
  const values = {};
  for (const [key, provider] of provided) {
    Object.defineProperty(values, key, { get: once(() => provider(params)), enumerable: true });
  }
  return values;
}

/** Waits for `code`, at most `timeout` seconds, and not after `signal` is aborted. */
async function withDeadline(
  scoped: ScopedHost,
  code: () => void | Promise<void>,
  timeout: number,
  { signal, watchdog }: { signal?: AbortSignal | undefined; watchdog?: Watchdog | undefined },
): Promise<void> {
  let stopWaiting = (): void => {};
  const deadline = new Promise<never>((_, reject) => {
    const expired = (message: string, hint: string): void =>
      reject(new AgentError("contribution-timeout", message, { hint }));
    const late = (): void => expired(`did not finish within ${timeout} s`, "its `timeout` option gives it more time");
    const stall = Math.min(timeout, stallTimeout);
    const unwatch = watchdog?.watch(stall, () =>
      expired(`did not let other code run for ${stall} s`, "is there a loop without end in it?"),
    );
    // A longer wait than a timer can hold (2^31 ms, 24 days) would end at once.
    const timer = setTimeout(late, Math.min(timeout * 1000, 2 ** 31 - 1));
    const interrupted = (): void => reject(new AgentError("interrupted", "the run was interrupted"));
    signal?.addEventListener("abort", interrupted, { once: true });
    stopWaiting = () => {
      clearTimeout(timer);
      unwatch?.();
      signal?.removeEventListener("abort", interrupted);
    };
  });
  try {
    const run = new Promise<void>((resolve, reject) =>
      setImmediate(() => scoped.begin(() => void Promise.resolve().then(code).then(resolve, reject))),
    );
    await Promise.race([run, deadline]);
  } finally {
    stopWaiting();
  }
}
