import { AgentError } from "../config/agent-error.ts";
import { once } from "../config/once.ts";
import type { Host } from "../host/host.ts";
import type { Logger } from "../log/logger.ts";
import { stopwatch } from "../log/stopwatch.ts";
import type {
  BootParams,
  CloudInit,
  Configuration,
  Contribution,
  ContributionRecord,
  Provided,
  Provider,
  RunnableParams,
  RunResult,
  SystemSettings,
} from "./contribution.ts";
import { isStop } from "./registry.ts";
import { scopedHost } from "./scoped-host.ts";

/** In seconds. */
const defaultTimeout = 1800;
const deferredTimeout = 300;

export interface RunnerOptions {
  contributions: readonly Contribution[];
  /** The complete configuration, or its boot part in the boot stage. */
  conf: Configuration;
  system: SystemSettings;
  /** What is provided from the start. */
  provided?: Partial<Provided>;
  /** What a contribution with this host sees of cloud-init. */
  init: (host: Host) => CloudInit;
  /** Makes the host of one contribution; commands that it runs end when the signal is aborted. */
  host: (contribution: Contribution, signal: AbortSignal, log: Logger) => Host;
  log: Logger;
  /** Aborted when the run has to end: by a signal, or with the Error that nobody waited for. */
  signal: AbortSignal;
  /** Why a contribution does not run this time; undefined when it runs. */
  skip: (contribution: Contribution) => string | undefined;
  /** Called after each change of the records, and before the next step begins. */
  onChange: (records: readonly ContributionRecord[]) => Promise<void>;
  onSuccess: (contribution: Contribution) => void;
}

export interface Failure {
  contribution: Contribution;
  error: unknown;
  /** What it did last, as in the log. */
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
  #conf: Configuration;
  readonly #provided: Map<string, unknown>;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#conf = options.conf;
    this.#provided = new Map(Object.entries(options.provided ?? {}));
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
    const log = this.#options.log.with({ contribution: contribution.name, element: contribution.element });
    const reason = this.#options.skip(contribution);
    if (reason !== undefined) {
      record.state = "skipped";
      log.info(`skipped: ${reason}`, { event: "skipped" });
      return undefined;
    }
    record.state = "running";
    record.started = new Date().toISOString();
    await this.#options.onChange(this.#records);
    log.info(`started (${index + 1}/${this.#records.length})`, { event: "started" });
    const elapsed = stopwatch();
    const ended = await this.#execute(contribution, record, log);
    record.state = ended;
    record.duration = elapsed();
    if (ended === "done") this.#options.onSuccess(contribution);
    const event = ended === "done" ? "finished" : ended;
    log[ended === "failed" ? "warn" : "info"](event, { event, duration: record.duration });
    return ended === "done" ? undefined : ended;
  }

  async #execute(
    contribution: Contribution,
    record: ContributionRecord,
    log: Logger,
  ): Promise<"done" | "stopped" | "failed" | "interrupted"> {
    const { signal } = this.#options;
    const scope = new AbortController();
    const interrupt = (): void => scope.abort(signal.reason);
    signal.addEventListener("abort", interrupt);
    if (signal.aborted) interrupt();
    const scoped = scopedHost(this.#options.host(contribution, scope.signal, log));
    try {
      await withDeadline(
        () => contribution.code(this.#params(contribution, record, scoped.host, log)),
        contribution.options.timeout ?? defaultTimeout,
        signal,
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
      this.#fail(contribution, record, signal.aborted ? signal.reason : error, scoped.lastOperation());
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
      provide: ({ conf = this.#conf, ...values }: Parameters<RunnableParams["provide"]>[0]) => {
        const taken = Object.keys(values).find((key) => key in params);
        if (taken !== undefined) throw new AgentError("bad-provide", `provide: \`${taken}\` is a parameter already`);
        record.provides = true;
        this.#conf = conf;
        for (const [key, value] of Object.entries(values)) this.#provided.set(key, value);
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

  async #runDeferred(result: RunResult): Promise<void> {
    for (const { name, contribution, code } of this.#deferred.reverse()) {
      const log = this.#options.log.with({ contribution: contribution.name, element: contribution.element });
      const end = new AbortController();
      const scoped = scopedHost(this.#options.host(contribution, end.signal, log));
      try {
        await withDeadline(() => code(result, scoped.host), deferredTimeout, undefined);
        log.debug(`${name}: finished`);
      } catch (error) {
        log.warn(`${name} at the end of the run failed: ${describeError(error).message}`);
      } finally {
        scoped.close();
        end.abort();
      }
    }
  }
}

/** The provided values as one contribution gets them: a provider makes its value when it is first asked for. */
function valuesFor(
  provided: ReadonlyMap<string, unknown>,
  params: Parameters<Provider<unknown>>[0],
): Readonly<Partial<Provided>> {
  const values = {};
  for (const [key, value] of provided) {
    const get = once(() => (typeof value === "function" ? (value as Provider<unknown>)(params) : value));
    Object.defineProperty(values, key, { get, enumerable: true });
  }
  return values;
}

/** Waits for `code`, at most `timeout` seconds, and not after `signal` is aborted. */
async function withDeadline(
  code: () => void | Promise<void>,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  let stopWaiting = (): void => {};
  const deadline = new Promise<never>((_, reject) => {
    const expired = (): void => {
      const message = `did not finish within ${timeout} s`;
      reject(new AgentError("contribution-timeout", message, { hint: "its `timeout` option gives it more time" }));
    };
    // A longer wait than a timer can hold (2^31 ms, 24 days) would end at once.
    const timer = setTimeout(expired, Math.min(timeout * 1000, 2 ** 31 - 1));
    const interrupted = (): void => reject(new AgentError("interrupted", "the run was interrupted"));
    signal?.addEventListener("abort", interrupted, { once: true });
    stopWaiting = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", interrupted);
    };
  });
  try {
    await Promise.race([Promise.resolve().then(code), deadline]);
  } finally {
    stopWaiting();
  }
}

/** Code and message of anything that was thrown. */
export function describeError(error: unknown): { code: string; message: string } {
  if (error instanceof AgentError) return { code: error.code, message: error.message };
  return { code: "exception", message: describeException(error) };
}

function describeException(error: unknown): string {
  try {
    if (error instanceof Error) return `${error.name}: ${error.message}`;
    const text = typeof error === "string" ? JSON.stringify(error) : String(error);
    return `something that is no Error was thrown: ${text}`;
  } catch {
    return "something was thrown that cannot be shown";
  }
}

/** In characters: what a serial console shows in a fifth of a second. */
const longestMessage = 2000;

/** The same for the journal and the console. Secrets go first: a part of one would not be known any more. */
export function shownError(error: unknown, log: Pick<Logger, "redact">): { code: string; message: string } {
  const { code, message } = describeError(error);
  const text = log.redact(message);
  return { code, message: text.length > longestMessage ? `${text.slice(0, longestMessage)}…` : text };
}
