import { inputOf, type ScriptData, writtenBy } from "./command-data.ts";
import type { PlacedText } from "./placed-text.ts";
import {
  baseName,
  isCopier,
  isShell,
  isTee,
  ourProgram,
  type Program,
  programWords,
  shellScript,
} from "./program-words.ts";
import { readShell, type ShellCommand, type ShellWord } from "./shell.ts";

/** A call of one of our programs in a script. */
export interface ProgramCall {
  program: Program;
  /** The word that names the program. */
  name: PlacedText;
  arguments: readonly ShellWord[];
  /** Its standard input; undefined where the script gives none. */
  input: ScriptData | undefined;
  /** What is run next, also when the program failed. */
  afterFailure: AfterFailure;
}

/** The script ends with the failure, comes to its end, or goes on with a command. */
export type AfterFailure = "stops" | "ends" | ShellWord;

/** A file that a script writes. */
export interface ScriptFile {
  path: PlacedText;
  content: ScriptData;
  /** The content is added to what the file has. */
  appends: boolean;
}

/** What a script does that concerns us. */
export interface ScriptActions {
  calls: ProgramCall[];
  files: ScriptFile[];
  /** Here-strings, which `sh` of Debian takes for a syntax error. */
  hereStrings: PlacedText[];
}

/** What a script of the shell does. `stopsOnError`: it is run with `-e`. */
export function scriptActions(script: PlacedText, stopsOnError = false): ScriptActions {
  const actions = noActions();
  // Most commands of a user-data have nothing to do with us.
  if (!/kanod-(?:bootcmd|runcmd|configure)/.test(script.text)) return actions;
  const pipelines = readShell(script);
  let isErrexit = stopsOnError;
  for (const [number, pipeline] of pipelines.entries()) {
    isErrexit ||= setsErrexit(pipeline);
    const after = afterFailure(pipelines, number, isErrexit);
    for (const index of pipeline.keys()) addActions(actions, pipeline, index, after);
  }
  return actions;
}

function noActions(): ScriptActions {
  return { calls: [], files: [], hereStrings: [] };
}

function setsErrexit(pipeline: readonly ShellCommand[]): boolean {
  const [name, ...words] = pipeline[0]?.words.map(({ text }) => text.text) ?? [];
  return name === "set" && (words.some((word) => /^-\w*e/.test(word)) || words.includes("errexit"));
}

const conditional = /^(?:if|elif|while|until|!)$/;
const stopping = /^(?:exit|return|poweroff|reboot|halt|shutdown|exec)$/;

/** What runs after a pipeline that fails. */
function afterFailure(pipelines: readonly ShellCommand[][], number: number, isErrexit: boolean): AfterFailure {
  const pipeline = pipelines[number] ?? [];
  const [first] = pipeline[0]?.words ?? [];
  if (first !== undefined && (conditional.test(first.text.text) || first.text.text === "exec")) return "stops";
  const end = pipeline.at(-1)?.end;
  const isHandled = end === "||" && stopsBefore(pipelines, number + 1);
  if (isHandled || (isErrexit && end !== "||" && end !== "&&" && end !== "&")) return "stops";
  let next = number + 1;
  // What `&&` joins is not run.
  if (end === "&&") while (pipelines[next - 1]?.at(-1)?.end === "&&") next++;
  next = behindClosing(pipelines, next);
  const words = pipelines[next]?.flatMap((command) => command.words) ?? [];
  // The author looks at the status.
  if (words.some(({ text }) => text.text.includes("$?"))) return "stops";
  return words[0] ?? "ends";
}

/** Behind the words that only close a compound command, and the branches that are not run. */
function behindClosing(pipelines: readonly ShellCommand[][], start: number): number {
  const first = (number: number): string => pipelines[number]?.[0]?.words[0]?.text.text ?? "";
  let number = start;
  while (/^(?:fi|done|esac|\}|else|elif|;;)$/.test(first(number))) {
    if (/^el/.test(first(number))) while (number < pipelines.length && first(number) !== "fi") number++;
    number++;
  }
  return number;
}

/** Whether the list that begins there, up to the end of its line or group, ends the script. */
function stopsBefore(pipelines: readonly ShellCommand[][], start: number): boolean {
  const isGroup = pipelines[start]?.[0]?.words[0]?.text.text === "{";
  for (let number = start; number < pipelines.length; number++) {
    const words = pipelines[number]?.flatMap((command) => command.words) ?? [];
    if (words.some(({ text }) => stopping.test(text.text))) return true;
    const end = pipelines[number]?.at(-1)?.end;
    if (isGroup ? words.some(({ text }) => text.text === "}") : end === "\n" || end === ";") return false;
  }
  return false;
}

function addActions(
  actions: ScriptActions,
  pipeline: readonly ShellCommand[],
  index: number,
  after: AfterFailure,
): void {
  const command = pipeline[index];
  if (command === undefined) return;
  actions.files.push(...filesOf(pipeline, index, command));
  const { input } = command;
  if (input?.kind === "text" && input.isHereString) actions.hereStrings.push(input.text);
  const words = programWords(command.words);
  const [name, ...rest] = words;
  if (name === undefined) return;
  const script = shellScript(words) ?? scriptInput(words, pipeline, index);
  const program = ourProgram(name);
  if (script !== undefined) {
    const isErrexit = rest.some(({ text }) => /^-\w*e/.test(text.text));
    const { calls, files, hereStrings } = scriptActions(script, isErrexit);
    const nested = calls.map((call) => {
      return typeof call.afterFailure === "string" ? { ...call, afterFailure: after } : call;
    });
    actions.calls.push(...nested);
    actions.files.push(...files);
    if (baseName(name) === "sh") actions.hereStrings.push(...hereStrings);
  } else if (program !== undefined) {
    const isLast = index === pipeline.length - 1;
    // Only the last program of a pipeline decides.
    const own = isLast || typeof after !== "string" || after === "ends" ? after : "ends";
    actions.calls.push({
      program,
      name: name.text,
      arguments: rest,
      input: inputOf(pipeline, index),
      afterFailure: own,
    });
  }
}

/** The script that `sh` reads from its standard input. */
function scriptInput(
  [shell, ...rest]: readonly ShellWord[],
  pipeline: readonly ShellCommand[],
  index: number,
): PlacedText | undefined {
  if (shell === undefined || !isShell(shell) || rest.some(({ text }) => !text.text.startsWith("-"))) return undefined;
  const input = inputOf(pipeline, index);
  return input?.kind === "text" ? input.text : undefined;
}

/** The files that a command writes: by `>`, as `tee` does, or as a copy of another one. */
function filesOf(pipeline: readonly ShellCommand[], index: number, { words, outputs }: ShellCommand): ScriptFile[] {
  const redirected = outputs
    .filter(({ path }) => !path.expands)
    .map(({ path, appends }) => ({ path: path.text, content: writtenBy(pipeline, index), appends }));
  const [program, ...given] = programWords(words);
  if (program === undefined) return redirected;
  const operands = given.filter(({ text }) => !text.text.startsWith("-"));
  if (isCopier(program)) return [...redirected, ...copyOf(operands)];
  if (!isTee(program)) return redirected;
  const appends = given.some(({ text }) => /^(?:-\w*a\w*|--append)$/.test(text.text));
  const content = inputOf(pipeline, index) ?? { kind: "unknown" };
  const paths = operands.filter(({ expands }) => !expands);
  return [...redirected, ...paths.map((path) => ({ path: path.text, content, appends }))];
}

/** What `cp FILE COPY` makes; what stands before the two belongs to options. */
function copyOf(operands: readonly ShellWord[]): ScriptFile[] {
  const [file, copy] = operands.slice(-2);
  if (file === undefined || copy === undefined || file.expands || copy.expands) return [];
  return [{ path: copy.text, content: { kind: "file", path: file.text.text }, appends: false }];
}
