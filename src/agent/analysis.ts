import type { ContributionRecord, Stage } from "./contribution.ts";
import type { JournalState, RunRecord } from "./journal.ts";

/** Where the time of the runs of one boot of the machine went. */
export interface BootAnalysis {
  /** random(4); absent where the machine did not tell. */
  bootId?: string;
  /** In the order in which they ran. */
  runs: RunAnalysis[];
}

export interface RunAnalysis {
  stage: Stage;
  state: RunRecord["state"];
  /** ISO 8601, UTC. */
  started: string;
  /** In seconds; of a run that goes on, so far. */
  duration: number;
  /** Those that ran, the longest first. */
  contributions: ContributionTime[];
  /** What is left for start, validation and the journal, in seconds. */
  rest: number;
}

export interface ContributionTime {
  name: string;
  element: string;
  state: ContributionRecord["state"];
  /** In seconds. */
  duration: number;
}

/** The output of `analyze --format json`; the field names are documented in docs/offline.md and do not change. */
export interface Analysis {
  version: 1;
  /** The latest first. */
  boots: BootAnalysis[];
}

/** @param now the time until which contributions that still run are counted, in milliseconds since 1970 */
export function analyze(state: JournalState, now: number): Analysis {
  const boots: BootAnalysis[] = [];
  for (const run of state.runs) {
    const { bootId } = run.process;
    const last = boots[0];
    if (last !== undefined && last.bootId === bootId) last.runs.push(analyzeRun(run, now));
    else boots.unshift({ ...(bootId === undefined ? {} : { bootId }), runs: [analyzeRun(run, now)] });
  }
  return { version: 1, boots };
}

function analyzeRun(run: RunRecord, now: number): RunAnalysis {
  const { stage, state, started } = run;
  const elapsed = (since: string): number => Math.max(0, (now - Date.parse(since)) / 1000);
  const duration = run.duration ?? (state === "running" ? elapsed(started) : 0);
  const contributions = run.contributions
    .filter((record) => record.started !== undefined)
    .map((record) => ({
      name: record.name,
      element: record.element,
      state: record.state,
      duration: record.duration ?? (record.state === "running" ? elapsed(record.started ?? started) : 0),
    }))
    .sort((one, other) => other.duration - one.duration);
  const used = contributions.reduce((sum, each) => sum + each.duration, 0);
  return { stage, state, started, duration, contributions, rest: Math.max(0, duration - used) };
}

/** Width of the longest bar, in characters. */
const barWidth = 40;

/** The analysis for people: a bar for each contribution. */
export function formatAnalysis({ boots }: Analysis): string {
  const texts = boots.map((boot, index) => {
    const title = boots.length === 1 ? [] : [`boot ${boot.bootId ?? "unknown"}${index === 0 ? " (the last one)" : ""}`];
    return [...title, ...boot.runs.map(formatRun)].join("\n");
  });
  return `${texts.join("\n\n")}\n`;
}

function formatRun(run: RunAnalysis): string {
  const head = `${run.stage} stage: ${run.state}, ${seconds(run.duration)}, started ${run.started}`;
  const rows = [
    ...run.contributions,
    ...(run.rest > 0 ? [{ name: "(the rest)", state: "done", duration: run.rest }] : []),
  ];
  const longest = Math.max(...rows.map(({ duration }) => duration));
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const timeWidth = seconds(longest).length;
  const lines = rows.map(({ name, state, duration }) => {
    const bar = "#".repeat(Math.max(1, Math.round((duration / longest) * barWidth) || 0));
    const share = run.duration > 0 ? `${Math.round((100 * duration) / run.duration)} %` : "";
    const remark = state === "done" ? "" : `  ${state}`;
    return `  ${name.padEnd(nameWidth)}  ${seconds(duration).padStart(timeWidth)}  ${bar} ${share}${remark}`;
  });
  return [head, ...lines].join("\n");
}

function seconds(duration: number): string {
  return `${duration.toFixed(3)} s`;
}
