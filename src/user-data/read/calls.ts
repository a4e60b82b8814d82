import { inputOf, type ScriptData, writtenBy } from "./command-data.ts";
import type { PlacedText } from "./placed-text.ts";
import { isCopier, isShell, isTee, ourProgram, type Program, programWords, shellScript } from "./program-words.ts";
import { readShell, type ShellCommand, type ShellWord } from "./shell.ts";

/** A call of one of our programs in a script. */
export interface ProgramCall {
  program: Program;
  /** The word that names the program. */
  name: PlacedText;
  arguments: readonly ShellWord[];
  /** Its standard input; undefined where the script gives none. */
  input: ScriptData | undefined;
}

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
}

/** What a script of the shell does. */
export function scriptActions(script: PlacedText): ScriptActions {
  const actions: ScriptActions = { calls: [], files: [] };
  // Most commands of a user-data have nothing to do with us.
  if (!/kanod-(?:bootcmd|runcmd|configure)/.test(script.text)) return actions;
  for (const pipeline of readShell(script)) {
    for (const index of pipeline.keys()) addActions(actions, pipeline, index);
  }
  return actions;
}

/** The same for a command which is given as a list of words (execve(2)). */
export function actionsOfWords(words: readonly PlacedText[]): ScriptActions {
  const actions: ScriptActions = { calls: [], files: [] };
  addActions(actions, [{ words: words.map((text) => ({ text, expands: false })), outputs: [] }], 0);
  return actions;
}

function addActions(actions: ScriptActions, pipeline: readonly ShellCommand[], index: number): void {
  const command = pipeline[index];
  if (command === undefined) return;
  actions.files.push(...filesOf(pipeline, index, command));
  const words = programWords(command.words);
  const [name, ...rest] = words;
  if (name === undefined) return;
  const script = shellScript(words) ?? scriptInput(words, pipeline, index);
  const program = ourProgram(name);
  if (script !== undefined) {
    const { calls, files } = scriptActions(script);
    actions.calls.push(...calls);
    actions.files.push(...files);
  } else if (program !== undefined) {
    actions.calls.push({ program, name: name.text, arguments: rest, input: inputOf(pipeline, index) });
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
