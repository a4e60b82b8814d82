import { AgentError } from "../config/agent-error.ts";
import { isMapping } from "../config/mapping.ts";
import type { Host } from "../host/host.ts";
import type { ProcessIdentity } from "../host/process-info.ts";
import type { Logger } from "../log/logger.ts";
import type { Contribution, ContributionRecord, RunResult, Stage } from "./contribution.ts";

export const journalPath = "/var/lib/kanod-configure/state.json";

/** How many runs the journal remembers. */
const keptRuns = 20;

/** How long a change that need not survive a kill may stay in memory, in milliseconds. */
const writeDelay = 100;

/** The content of state.json. The field names are documented in docs/status.md and do not change. */
export interface JournalState {
  version: 1;
  /** Oldest first; the last one of a stage is the one that counts. */
  runs: RunRecord[];
  /** `stage/name` of the contributions with frequency `once` that succeeded. */
  once: string[];
  /** The same for `per-instance`, with the instance-id for which it holds. */
  perInstance: { instanceId: string; done: string[] };
}

export interface RunRecord {
  stage: Stage;
  state: "running" | RunResult["state"];
  /** ISO 8601, UTC. */
  started: string;
  finished?: string;
  /** In seconds. */
  duration?: number;
  /** Tells boots apart, and a run that was killed from one that still runs. */
  process: ProcessIdentity;
  instanceId?: string;
  contributions: ContributionRecord[];
  /** What ended the run before its first contribution, such as an invalid configuration. */
  error?: { code: string; message: string };
}

/** An instance-id is never empty: this stands for a machine on which cloud-init has not run. */
const noInstance = "";

/**
 * What the agent did, kept on disk so that a run that was killed at any moment can be told and gone on with. A step is
 * written as done only after it is done: at once where that settles it, else within a tenth of a second, because what
 * is not settled may be done again.
 */
export class Journal {
  readonly #host: Host;
  readonly #log: Logger;
  readonly #state: JournalState;
  #writable = true;
  #settledSome = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(host: Host, log: Logger, state: JournalState) {
    this.#host = host;
    this.#log = log;
    this.#state = state;
  }

  static async open(host: Host, log: Logger, instanceId: string | undefined): Promise<Journal> {
    const state = (await readJournal(host, log)) ?? emptyState();
    const instance = instanceId ?? noInstance;
    if (state.perInstance.instanceId !== instance) state.perInstance = { instanceId: instance, done: [] };
    return new Journal(host, log, state);
  }

  /** The last run of a stage. */
  lastRun(stage: Stage): RunRecord | undefined {
    return lastRun(this.#state, stage);
  }

  /** Whether the contribution succeeded before and its frequency says that this is enough. */
  isSettled(contribution: Contribution): boolean {
    return this.#settled(contribution)?.includes(settledName(contribution)) ?? false;
  }

  /** Notes a contribution as succeeded; the next {@link changed} writes it. */
  settle(contribution: Contribution): void {
    const settled = this.#settled(contribution);
    if (settled === undefined || this.isSettled(contribution)) return;
    settled.push(settledName(contribution));
    this.#settledSome = true;
  }

  #settled(contribution: Contribution): string[] | undefined {
    const frequency = contribution.options.frequency ?? "always";
    if (frequency === "once") return this.#state.once;
    return frequency === "per-instance" ? this.#state.perInstance.done : undefined;
  }

  /** Begins a run. The record is live: change it, then {@link save}. A run that never ended is marked interrupted. */
  async begin(run: RunRecord): Promise<RunRecord> {
    for (const earlier of this.#state.runs) if (earlier.state === "running") interrupt(earlier);
    this.#state.runs = [...this.#state.runs, run].slice(-keptRuns);
    await this.save();
    return run;
  }

  /** A record of the run has changed. */
  async changed(): Promise<void> {
    if (this.#settledSome) return this.save();
    this.#timer ??= setTimeout(() => void this.save(), writeDelay).unref();
  }

  /** Writes the journal. A run goes on without a journal that cannot be written, and says so once. */
  async save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#settledSome = false;
    if (!this.#writable) return;
    try {
      await this.#host.writeFile(journalPath, `${JSON.stringify(this.#state, undefined, 2)}\n`, { mode: 0o644 });
    } catch (error) {
      this.#writable = false;
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.warn(`the journal cannot be written, "status" will not know of this run: ${reason}`);
    }
  }
}

/** The journal's content for a run; undefined where there is none, or none that can be understood, which the log says. */
async function readJournal(host: Host, log: Logger): Promise<JournalState | undefined> {
  try {
    return await lookAtJournal(host);
  } catch (error) {
    if (!(error instanceof AgentError && error.code === damagedJournal)) throw error;
    log.warn(`${error.message}: starting a new journal`);
    return undefined;
  }
}

/** The code of the error for a journal that cannot be understood. */
export const damagedJournal = "damaged-journal";

/** The journal's content; undefined where there is none. @throws AgentError `damaged-journal` (input unreadable) */
export async function lookAtJournal(host: Host): Promise<JournalState | undefined> {
  const text = await host.readFile(journalPath);
  if (text === undefined) return undefined;
  const state = parseState(text);
  if (state !== undefined) return state;
  const hint = "the next run of kanod-bootcmd or kanod-runcmd starts a new one";
  throw new AgentError(damagedJournal, `${journalPath} is damaged`, { exitCode: 3, hint });
}

function parseState(text: string): JournalState | undefined {
  try {
    const state = JSON.parse(text) as Partial<JournalState> | null;
    const complete =
      state?.version === 1 &&
      Array.isArray(state.runs) &&
      state.runs.every(isRunRecord) &&
      Array.isArray(state.once) &&
      Array.isArray(state.perInstance?.done);
    return complete ? (state as JournalState) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a record has what is relied on when it is read. */
function isRunRecord(run: unknown): run is RunRecord {
  if (!isMapping(run) || !isMapping(run["process"]) || !Array.isArray(run["contributions"])) return false;
  return (
    hasTexts(run, ["stage", "state"]) && isTime(run["started"]) && isTimed(run) && run["contributions"].every(isRecord)
  );
}

function isRecord(record: unknown): record is ContributionRecord {
  if (!isMapping(record) || !hasTexts(record, ["name", "element", "state"])) return false;
  return (record["started"] === undefined || isTime(record["started"])) && isTimed(record);
}

/** Whether what need not be there is right. */
function isTimed({ duration, error }: Readonly<Record<string, unknown>>): boolean {
  const isDuration = duration === undefined || (typeof duration === "number" && duration >= 0);
  return isDuration && (error === undefined || (isMapping(error) && hasTexts(error, ["code", "message"])));
}

function hasTexts(record: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  return names.every((name) => typeof record[name] === "string");
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

export function lastRun(state: JournalState, stage: Stage): RunRecord | undefined {
  return state.runs.findLast((run) => run.stage === stage);
}

function emptyState(): JournalState {
  return { version: 1, runs: [], once: [], perInstance: { instanceId: noInstance, done: [] } };
}

function settledName(contribution: Contribution): string {
  return `${contribution.stage}/${contribution.name}`;
}

/**
 * A run as it is now: one that says it is running but whose process is gone was interrupted.
 *
 * @param isAlive whether the process that a record names still runs
 */
export function currentRun(run: RunRecord, isAlive: (run: RunRecord) => boolean): RunRecord {
  if (run.state !== "running" || isAlive(run)) return run;
  const interrupted = structuredClone(run);
  interrupt(interrupted);
  return interrupted;
}

function interrupt(run: RunRecord): void {
  run.state = "interrupted";
  for (const record of run.contributions) if (record.state === "running") record.state = "interrupted";
}
