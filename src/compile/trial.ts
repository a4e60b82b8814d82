import { join } from "node:path";
import { trialCodes } from "../config/codes/build.ts";
import type { Problem } from "../config/problem.ts";
import { BuildError, buildProblem, fileProblem } from "./build-error.ts";
import type { CollectedElement } from "./collect.ts";
import { findString } from "./source-search.ts";
import { machine, type ProgramResult, readText, runProgram, writeText } from "./workspace.ts";

/** The command that imports all contributions and does nothing else. */
const command = ["contributions", "--format", "json"];
/** Importing registers functions and is over: what takes longer than this, in seconds, waits for something. */
const patience = 30;

export interface Start {
  /** Where the program may be written. */
  work: string;
  signal?: AbortSignal | undefined;
}

/**
 * Imports all contributions once, on the Node that builds, and finds the file at fault when that fails.
 *
 * @param program from `trialProgram`
 * @returns what the agent says about its contributions
 * @throws BuildError
 */
export async function tryOut(
  program: string,
  elements: readonly CollectedElement[],
  { work, signal }: Start,
): Promise<string> {
  // The agent calls itself by its file's name.
  const file = join(work, "kanod-configure");
  const trace = join(work, "trace");
  await writeText(file, program);
  const result = await runProgram([machine.nodeFile, file, ...command, trace], { signal, timeout: patience });
  if (isAccepted(result)) return result.stdout;
  const last = lastModule((await readText(trace)) ?? "");
  const modules = elements.flatMap((element) => element.contributions.map((each) => ({ element, file: each })));
  throw new BuildError([await problemOf(result, modules[last.index], last.ended)]);
}

export interface StartOptions {
  /** The command that runs programs for another processor; undefined for one that runs on this machine. */
  emulator: readonly string[] | undefined;
  signal: AbortSignal | undefined;
}

/**
 * Starts the finished agent.
 *
 * @param expected what the trial printed
 * @returns false where this machine cannot run it
 * @throws BuildError
 */
export async function startOnce(agent: string, expected: string, options: StartOptions): Promise<boolean> {
  const emulator = options.emulator ?? [];
  const result = await runProgram([...emulator, agent, ...command], { signal: options.signal, timeout: patience });
  if (isAccepted(result) && result.stdout === expected) return true;
  // Without the C library of the other processor no emulator runs it: that is no fault of the agent.
  if (options.emulator !== undefined) return false;
  const said = isAccepted(result) ? "it has other contributions than when the build tried them" : whatItSaid(result);
  throw new BuildError([buildProblem("agent-does-not-start", `the finished agent does not start: ${said}`)]);
}

function isAccepted({ exitCode, stdout }: ProgramResult): boolean {
  // A program whose import waits for ever ends with code 0 as well, when nothing is left that could wake it.
  return exitCode === 0 && stdout.startsWith("[");
}

/** The last module in the trace of `trialProgram`. */
function lastModule(trace: string): { index: number; ended: boolean } {
  const [index = "", event] = (trace.trimEnd().split("\n").at(-1) ?? "").split(" ");
  return { index: index === "" ? -1 : Number(index), ended: event === "ends" };
}

interface Module {
  element: CollectedElement;
  file: string;
}

async function problemOf(result: ProgramResult, module: Module | undefined, ended: boolean): Promise<Problem> {
  if (module === undefined) {
    return buildProblem("agent-does-not-start", `the agent does not start: ${whatItSaid(result)}`);
  }
  const file = join(module.element.path, module.file);
  const refusal = refusalOf(result, module);
  if (refusal !== undefined) return placed(fileProblem(file, refusal.code, refusal.reason), module);
  if (!ended && (result.timedOut || result.exitCode === 0)) {
    const hint = "a module only registers its contributions: what takes time belongs in their code";
    return fileProblem(file, "import-hangs", "importing it does not come to an end", hint);
  }
  return fileProblem(file, "import-failed", `importing it ends the agent: ${whatItSaid(result)}`);
}

type TrialCode = keyof typeof trialCodes;

/** Why the agent cannot use a module: what `contributions --format json` prints then (src/cli/contributions.ts). */
function refusalOf({ stdout }: ProgramResult, module: Module): { code: TrialCode; reason: string } | undefined {
  const { error } = parsedAnswer(stdout);
  if (error === undefined) return undefined;
  const code = error.code in trialCodes ? (error.code as TrialCode) : "import-failed";
  const whereabouts = ` (${module.file} of element ${module.element.name})`;
  return { code, reason: error.message.replace(whereabouts, "") };
}

function parsedAnswer(stdout: string): { error?: { code: string; message: string } } {
  try {
    return JSON.parse(stdout);
  } catch {
    return {};
  }
}

/** The problem at the name of the contribution that it is about, where it names one. */
async function placed(problem: Problem, { element, file }: Module): Promise<Problem> {
  const name = /"([^"]+)"/.exec(problem.message)?.[1];
  const source = name && (await findString([name], join(element.folder, file), join(element.path, file)));
  return source ? { ...problem, source } : problem;
}

function whatItSaid({ exitCode, stderr, stdout, fault }: ProgramResult): string {
  const lines = (stderr.trim() || stdout.trim()).split("\n");
  // Node shows the line of code first, then the error.
  const text = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? "";
  return fault ?? (text === "" ? `it ended with exit code ${exitCode ?? "unknown"}` : text);
}
