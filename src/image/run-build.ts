import { setTimeout as wait } from "node:timers/promises";
import {
  type LongProgram,
  type LongProgramOptions,
  listProcesses,
  openGrowingFile,
  type ProcessEntry,
  type ProgramEnd,
  startLongProgram,
} from "../compile/workspace.ts";
import { endProcesses } from "./leftovers.ts";
import { type BuildPosition, BuildProgress } from "./progress.ts";

export interface BuildRun {
  readonly argv: readonly string[];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gets all that is printed. */
  readonly logFile: string;
  /** Not to be written to the log. */
  readonly secrets: readonly string[];
  readonly signal: AbortSignal;
  /**
   * What it needs the terminal for: `none`, and it has a session of its own, so that Ctrl-C reaches only this program,
   * which then ends the build in order; `password` for sudo; `all` for shells, and nothing is followed.
   */
  readonly terminal: "none" | "password" | "all";
  /** Called with every line and where the build is with it. */
  readonly onLine: (progress: BuildProgress, newPhase: boolean) => void;
}

export interface BuildOutcome {
  /** Undefined when it could not be started, or was ended by a signal. */
  readonly exitCode: number | undefined;
  readonly fault: string | undefined;
  readonly position: BuildPosition;
  readonly lastLines: readonly string[];
}

/** How many of the last lines an outcome has. */
const lastLines = 20;
/** How long the build may take to clean up after itself when it is ended, in seconds. */
const patience = 60;

/**
 * Runs disk-image-create to its end, and writes its log. When `signal` is aborted everything it started is ended in
 * order, so that it can unmount what it mounted.
 */
export async function runBuild(run: BuildRun): Promise<BuildOutcome> {
  const progress = new BuildProgress(lastLines);
  if (run.terminal === "all") {
    // disk-image-create writes the log itself, and the lines to the terminal too.
    const environment = { ...run.environment, DIB_QUIET: "0" };
    const argv = [...run.argv.slice(0, 1), "--logfile", run.logFile, ...run.argv.slice(1)];
    return outcome(progress, await follow(startLongProgram(argv, { ...options(run), environment }), run.signal));
  }
  const log = await openGrowingFile(run.logFile);
  const onLine = (line: string): void => {
    const masked = run.secrets.reduce((text, secret) => text.replaceAll(secret, "***"), line);
    log.append(`${masked}\n`);
    run.onLine(progress, progress.take(masked));
  };
  const end = await follow(startLongProgram(run.argv, { ...options(run), onLine }), run.signal);
  await log.close();
  return outcome(progress, end);
}

function options({ workingDirectory: cwd, environment, terminal }: BuildRun): LongProgramOptions {
  return { cwd, environment, apart: terminal === "none" };
}

function outcome({ position, lastLines: last }: BuildProgress, end: ProgramEnd): BuildOutcome {
  return { ...end, position, lastLines: last };
}

async function follow(program: LongProgram, signal: AbortSignal): Promise<ProgramEnd> {
  const end = (): void => void endBuild(program);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  const result = await program.end;
  signal.removeEventListener("abort", end);
  return result;
}

/**
 * disk-image-create cleans up when it is ended, and prints while it does: what takes its output must live on, or the
 * cleaning up dies of a broken pipe.
 */
async function endBuild(program: LongProgram): Promise<void> {
  const processes = await processTree(program);
  await endProcesses(
    processes.filter(({ command }) => !command.includes("outfilter.py")),
    "SIGTERM",
  );
  const late = wait(patience * 1000, "late" as const, { ref: false });
  if ((await Promise.race([program.end, late])) === "late") await endProcesses(await processTree(program), "SIGKILL");
}

/** The program and all that it started and that still has a parent in it. */
async function processTree({ pid }: LongProgram): Promise<ProcessEntry[]> {
  const all = await listProcesses();
  const tree = all.filter((entry) => entry.pid === pid);
  for (const member of tree) tree.push(...all.filter(({ parent }) => parent === member.pid));
  return tree;
}
