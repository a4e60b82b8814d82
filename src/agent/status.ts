import type { ContributionRecord, Stage } from "./contribution.ts";
import { currentRun, type JournalState, lastRun, type RunRecord } from "./journal.ts";

/** The machine as a whole: what `kanod-configure status` answers. */
export type OverallStatus = "done" | "failed" | "running" | "not-run";

/** The output of `status --format json`; the field names are documented in docs/status.md and do not change. */
export interface StatusReport {
  version: 1;
  status: OverallStatus;
  /** The last run of each stage; null where it has not run. */
  boot: RunRecord | null;
  run: RunRecord | null;
}

/**
 * Judges the journal. An interrupted run is a failure. The machine is done when the run stage is done and the boot stage,
 * where it ran, is too.
 *
 * @param isAlive whether the process that a record names still runs
 */
export function judge(state: JournalState | undefined, isAlive: (run: RunRecord) => boolean): StatusReport {
  const last = (stage: Stage): RunRecord | null => {
    const run = state === undefined ? undefined : lastRun(state, stage);
    return run === undefined ? null : currentRun(run, isAlive);
  };
  const boot = last("boot");
  const run = last("run");
  return { version: 1, status: overall([boot, run]), boot, run };
}

function overall(runs: readonly (RunRecord | null)[]): OverallStatus {
  if (runs.some((run) => run?.state === "running")) return "running";
  if (runs.some((run) => run?.state === "failed" || run?.state === "interrupted")) return "failed";
  return runs.at(-1) === null ? "not-run" : "done";
}

/** The report for people. */
export function formatStatus(report: StatusReport): string {
  const stages: [Stage, RunRecord | null][] = [
    ["boot", report.boot],
    ["run", report.run],
  ];
  return [`status: ${report.status}`, ...stages.flatMap(([stage, run]) => describeRun(stage, run)), ""].join("\n");
}

function describeRun(stage: Stage, run: RunRecord | null): string[] {
  if (run === null) return [`${stage.padEnd(4)}  not run`];
  const finished = run.contributions.filter(({ state }) => state === "done" || state === "skipped").length;
  const counted = `${finished} of ${run.contributions.length} contributions finished`;
  const started = run.state === "running" ? `since ${run.started}` : `started ${run.started}`;
  const duration = run.duration === undefined ? started : `in ${run.duration} s, started ${run.started}`;
  const lines = [`${stage.padEnd(4)}  ${run.state}: ${counted}, ${duration}`];
  if (run.error !== undefined) lines.push(`      ${run.error.message} [${run.error.code}]`);
  return [...lines, ...run.contributions.flatMap(describeContribution)];
}

function describeContribution(record: ContributionRecord): string[] {
  const named = `      ${record.name} (element ${record.element})`;
  if (record.state === "running") return [`${named}: running since ${record.started ?? "?"}`];
  if (record.state === "interrupted") return [`${named}: interrupted, began ${record.started ?? "?"}`];
  if (record.error !== undefined) return [`${named}: ${record.error.message} [${record.error.code}]`];
  return record.state === "stopped" ? [`${named}: stopped the run`] : [];
}
