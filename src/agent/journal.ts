import { AgentError } from "../config/agent-error.ts";
import { isMapping } from "../config/mapping.ts";
import type { Host } from "../host/host.ts";
import type { ProcessIdentity } from "../host/process-info.ts";
import type { Logger } from "../log/logger.ts";
import type { Contribution, ContributionRecord, RunResult, Stage } from "./contribution.ts";
import { Marks, marksStore, type PublishedMarks } from "./marks.ts";
import { Stores, setAside, storePath } from "./store.ts";

export const journalPath = "/var/lib/kanod-configure/state.json";

/** How many runs the journal remembers. */
const keptRuns = 20;

/** The content of state.json. The field names are documented in docs/status.md and do not change. */
export interface JournalState extends PublishedMarks {
  /** 1; more where a newer agent made it. Fields of a newer agent are kept. */
  version: number;
  /** Oldest first; the last one of a stage is the one that counts. */
  runs: RunRecord[];
  /** Names of the durable stores that there are: one that is missing was lost. */
  stores?: string[];
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

/**
 * What the agent did, persisted so that a killed run can be detected and resumed. A step is written as done only after
 * it is done.
 */
export class Journal {
  readonly #host: Host;
  readonly #state: JournalState;
  readonly #stores: Stores;
  readonly #marks: Marks;

  private constructor(host: Host, state: JournalState, stores: Stores, marks: Marks) {
    this.#host = host;
    this.#state = state;
    this.#stores = stores;
    this.#marks = marks;
  }

  static async open(host: Host, log: Logger, instanceId: string | undefined): Promise<Journal> {
    const text = await host.readFile(journalPath);
    const kept = text === undefined ? undefined : parseState(text);
    const state = kept ?? emptyState();
    const stores = new Stores({
      known: state.stores ?? [],
      onStored: (name) => {
        if (!state.stores?.includes(name)) state.stores = [...(state.stores ?? []), name].sort();
      },
    });
    const store = stores.open(marksStore, host, log);
    const isDamaged = text !== undefined && kept === undefined;
    if (isDamaged) {
      // Version 0.1 kept the marks in the journal: they are lost with it.
      const held = (await store.state()) === "new" ? storePath(marksStore) : journalPath;
      const aside = await setAside(host, held, text);
      log.warn(`${journalPath} is damaged: it was copied to ${aside}, and a new journal is started`);
    }
    const marks = await Marks.open(store, instanceId, kept, log);
    return new Journal(host, state, stores, marks);
  }

  /** The durable state of the contributions. */
  get stores(): Stores {
    return this.#stores;
  }

  /** The last run of a stage. */
  lastRun(stage: Stage): RunRecord | undefined {
    return lastRun(this.#state, stage);
  }

  /** Why a contribution need not run again; undefined where it has to run. */
  settledReason(contribution: Contribution): string | undefined {
    return this.#marks.settledReason(contribution);
  }

  /** Marks a contribution as succeeded. */
  async settle(contribution: Contribution): Promise<void> {
    await this.#marks.settle(contribution);
  }

  /**
   * Begins a run. The record is live: change it, then {@link save}. A run that never ended is marked interrupted.
   *
   * @throws AgentError `journal-not-written`
   */
  async begin(run: RunRecord): Promise<RunRecord> {
    for (const earlier of this.#state.runs) if (earlier.state === "running") interrupt(earlier);
    this.#state.runs = [...this.#state.runs, run].slice(-keptRuns);
    await this.save();
    return run;
  }

  /** A record of the run has changed: what goes on is known also after a kill, but not after a power failure. */
  async changed(): Promise<void> {
    // Whether the journal can be written is judged when the run begins and when it ends.
    await this.#write({ durable: false }).catch(() => {});
  }

  /** @throws AgentError `journal-not-written` */
  async save(): Promise<void> {
    await this.#write({ durable: true });
  }

  async #write(how: { durable: boolean }): Promise<void> {
    Object.assign(this.#state, this.#marks.published());
    try {
      await this.#host.writeFile(journalPath, `${JSON.stringify(this.#state, undefined, 2)}\n`, {
        mode: 0o644,
        ...how,
      });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const hint = "without a journal nothing knows what was done: make /var/lib writable, or free space on it";
      throw new AgentError("journal-not-written", `the journal cannot be written: ${reason}`, { cause, hint });
    }
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
    const state: unknown = JSON.parse(text);
    if (!isMapping(state)) return undefined;
    const { version, runs, once = [], perInstance = { instanceId: "", done: [] }, stores = [] } = state;
    const complete =
      Number.isInteger(version) &&
      Array.isArray(runs) &&
      runs.every(isRunRecord) &&
      isTexts(once) &&
      isMapping(perInstance) &&
      hasTexts(perInstance, ["instanceId"]) &&
      isTexts(perInstance["done"]) &&
      isTexts(stores);
    return complete ? ({ ...state, once, perInstance } as unknown as JournalState) : undefined;
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

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

export function lastRun(state: JournalState, stage: Stage): RunRecord | undefined {
  return state.runs.findLast((run) => run.stage === stage);
}

function emptyState(): JournalState {
  return { version: 1, runs: [], once: [], perInstance: { instanceId: "", done: [] } };
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
