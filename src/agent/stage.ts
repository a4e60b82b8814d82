import { AgentError } from "../config/agent-error.ts";
import type { Host } from "../host/host.ts";
import type { ProcessIdentity } from "../host/process-info.ts";
import type { Watchdog } from "../host/watchdog.ts";
import type { Logger } from "../log/logger.ts";
import { stopwatch } from "../log/stopwatch.ts";
import { addFindings, type CheckedInput, checkMeaning, type InputText, readConfiguration } from "./configuration.ts";
import type { Checked, Contribution, RunResult, Stage } from "./contribution.ts";
import { describeError, shownError } from "./describe-error.ts";
import { FindingsError } from "./findings-error.ts";
import type { CompiledImage } from "./image.ts";
import { Journal, type RunRecord } from "./journal.ts";
import { newRegistry, type Registry, registered, registerFrom, withRegistry } from "./registry.ts";
import { type Failure, Runner, type RunnerOptions } from "./runner.ts";
import { storeName } from "./store.ts";

export const statusPath = "/etc/kanod-configure/status";
export const bootOncePath = "/var/lib/kanod-boot-once";

export interface StageOptions {
  stage: Stage;
  image: CompiledImage;
  /** Reads the inputs; `systemSettings` is undefined where the machine has no system.yaml. */
  read: () => Promise<{ configuration: InputText; systemSettings: InputText | undefined }>;
  /** Contributions of a lower priority are left out. */
  minPriority?: number | undefined;
  /** Goes on after the last finished contribution of an interrupted run. */
  resume?: boolean;
  /** The host of the agent's own files. That of a plan records. */
  host: Host;
  /** See {@link RunnerOptions.host}. */
  hostOfContribution: RunnerOptions["host"];
  /** See {@link RunnerOptions.init}. */
  init: RunnerOptions["init"];
  log: Logger;
  signal: AbortSignal;
  /** See {@link RunnerOptions.watchdog}. */
  watchdog?: Watchdog | undefined;
  /** Keeps the journal and the status file. A plan keeps none. */
  keep: boolean;
  process: ProcessIdentity;
}

export interface StageOutcome {
  result: RunResult;
  failures: readonly Failure[];
  input: CheckedInput;
}

/**
 * One run of `kanod-bootcmd` or `kanod-runcmd`: validates everything, then runs the contributions.
 *
 * @throws ConfigurationError when the input is invalid; nothing was changed then
 * @throws AgentError when a contribution cannot be imported, or its check fails
 */
export async function runStage(options: StageOptions): Promise<StageOutcome> {
  const { stage, log, host } = options;
  // A plan looks into the journal, too: what has been done once is not done again.
  const journal = await Journal.open(host, log, options.init(host).instanceId);
  const previous = journal.lastRun(stage);
  const elapsed = stopwatch();
  const record = newRecord(options);
  const finish = async (state: RunResult["state"]): Promise<void> => {
    record.state = state;
    record.finished = new Date().toISOString();
    record.duration = elapsed();
    if (options.keep) await end(host, log, journal, record);
  };
  try {
    if (options.keep) await begin(host, journal, record);
    const input = await readInput(options);
    const outcome = await runContributions(options, input, journal, previous, record);
    await finish(outcome.result.state);
    return { ...outcome, input };
  } catch (error) {
    record.error = shownError(error, log);
    await finish("failed");
    throw error;
  }
}

/** The input, with the contributions of the image and what their checks said. */
interface StageInput extends CheckedInput {
  registry: Registry;
  checked: ReadonlyMap<Contribution, Checked<unknown>>;
}

async function readInput(options: StageOptions): Promise<StageInput> {
  const { image, stage, log, host, minPriority } = options;
  const { configuration, systemSettings } = await options.read();
  const input = await readConfiguration(image, stage, configuration, systemSettings);
  for (const secret of input.secrets) log.addSecret(secret);
  const registry = await loadContributions(image);
  const checked = checkMeaning(input, registered(stage, registry), { now: host.now(), minPriority });
  return { ...input, registry, checked };
}

/** By image, because a module registers its contributions only when it is imported first. */
const loaded = new WeakMap<CompiledImage, Promise<Registry>>();

/**
 * Imports all contributions of an image.
 *
 * @throws AgentError `import-failed`, with the element and the file at fault
 */
export async function loadContributions(image: CompiledImage): Promise<Registry> {
  const known = loaded.get(image) ?? importAll(image);
  loaded.set(image, known);
  const { contributions, template } = await known;
  return newRegistry(template, contributions);
}

async function importAll(image: CompiledImage): Promise<Registry> {
  const registry = newRegistry((name) => image.template(name));
  for (const { element, file, load } of image.modules) {
    try {
      const count = await withRegistry(registry, () => registerFrom({ element, file }, load));
      if (count === 0) throw new AgentError("no-registration", "it registers no contribution");
    } catch (error) {
      const { code, message } = describeError(error);
      const reason = code === "exception" ? message : `${message} [${code}]`;
      throw new AgentError("import-failed", `${file} of element ${element} cannot be used: ${reason}`, {
        cause: error,
      });
    }
  }
  return registry;
}

async function runContributions(
  options: StageOptions,
  input: StageInput,
  journal: Journal,
  previous: RunRecord | undefined,
  record: RunRecord,
): Promise<{ result: RunResult; failures: readonly Failure[] }> {
  const { stage, minPriority = Number.NEGATIVE_INFINITY } = options;
  const contributions = registered(stage, input.registry).filter(({ priority }) => priority >= minPriority);
  const finishedBefore = options.resume === true ? finishedIn(previous) : new Set<string>();
  const runner = new Runner({
    contributions,
    conf: input.conf,
    system: input.system,
    checked: input.checked,
    minPriority: options.minPriority,
    init: options.init,
    host: options.hostOfContribution,
    store: (contribution, log, host = options.host) => journal.stores.open(storeName(contribution), host, log),
    log: options.log,
    signal: options.signal,
    watchdog: options.watchdog,
    skip: (contribution) => {
      if (finishedBefore.has(contribution.name)) return "finished in the run that is resumed";
      return journal.settledReason(contribution);
    },
    onChange: async () => (options.keep ? journal.changed() : undefined),
    onSuccess: async (contribution) => (options.keep ? journal.settle(contribution) : undefined),
  });
  record.contributions = runner.records;
  if (options.keep) await journal.changed();
  const outcome = await withRegistry(input.registry, () => runner.run());
  for (const { error } of outcome.failures) {
    if (error instanceof FindingsError) addFindings(input, error.findings);
  }
  return outcome;
}

/** What a resumed run need not do again: what finished, but for what later contributions need from it. */
function finishedIn(previous: RunRecord | undefined): Set<string> {
  const unfinished = previous !== undefined && previous.state !== "done" && previous.state !== "stopped";
  const records = unfinished ? previous.contributions : [];
  const finished = records.filter(
    ({ state, provides }) => (state === "done" || state === "skipped") && provides !== true,
  );
  return new Set(finished.map(({ name }) => name));
}

function newRecord(options: StageOptions): RunRecord {
  const { stage, process } = options;
  const { instanceId } = options.init(options.host);
  return {
    stage,
    state: "running",
    started: new Date().toISOString(),
    process,
    ...(instanceId === undefined ? {} : { instanceId }),
    contributions: [],
  };
}

/** Until the run ends, nothing says that an earlier one ended. */
async function begin(host: Host, journal: Journal, record: RunRecord): Promise<void> {
  if (record.stage === "run" && (await host.stat(statusPath))?.kind !== "directory") await host.remove(statusPath);
  await journal.begin(record);
}

/** The run has failed where its journal cannot be written. */
async function end(host: Host, log: Logger, journal: Journal, record: RunRecord): Promise<void> {
  let { state } = record;
  try {
    await journal.save();
  } catch (error) {
    state = "failed";
    throw error;
  } finally {
    await leaveMarks(host, log, record.stage, state);
  }
}

/** Files that scripts of kanod-configure's Python predecessor read: the result of runcmd, and that bootcmd succeeded once. */
async function leaveMarks(host: Host, log: Logger, stage: Stage, state: RunRecord["state"]): Promise<void> {
  const success = state === "done" || state === "stopped";
  try {
    if (stage === "run") await host.writeFile(statusPath, success ? "0" : "1", { mode: 0o644 });
    else if (success && (await host.stat(bootOncePath)) === undefined) await host.writeFile(bootOncePath, "");
  } catch (error) {
    log.warn(`cannot write the status: ${describeError(error).message}`);
  }
}
