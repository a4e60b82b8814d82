import { DecodingError, fromBase64, fromGzip, fromUtf8, isGzip } from "./encodings.ts";
import { decodedText, type PlacedText, partText } from "./placed-text.ts";
import { readShell, type ShellCommand, type ShellInput, type ShellWord } from "./shell.ts";
import { unknown } from "./templates.ts";

/** The programs that cloud-init calls. */
export type Program = "kanod-bootcmd" | "kanod-runcmd";

/** A call of one of our programs in a script. */
export interface ProgramCall {
  program: Program;
  /** The word that names the program. */
  name: PlacedText;
  arguments: readonly ShellWord[];
  /** Its standard input; undefined where the script gives none. */
  input: CallInput | undefined;
}

export type CallInput =
  | {
      kind: "text";
      text: PlacedText;
      expands: boolean;
      isComplete: boolean;
      /** It was unpacked: templates were filled in before. */
      isPacked?: true;
    }
  | { kind: "file"; path: string }
  /** It comes from a program that only the machine can run. */
  | { kind: "unknown" }
  /** It cannot be unpacked; `reason` ends a sentence. */
  | { kind: "fault"; text: PlacedText; reason: string };

/** The calls of our programs in a script of the shell. */
export function programCalls(script: PlacedText): ProgramCall[] {
  // Most commands of a user-data have nothing to do with us.
  if (!/kanod-(?:bootcmd|runcmd)/.test(script.text)) return [];
  return readShell(script).flatMap((pipeline) => pipeline.flatMap((_, index) => callsOf(pipeline, index)));
}

/** The calls that a command makes which is given as a list of words (execve(2)). */
export function callsOfWords(words: readonly PlacedText[]): ProgramCall[] {
  return callsOf([{ words: words.map((text) => ({ text, expands: false })) }], 0);
}

function callsOf(pipeline: readonly ShellCommand[], index: number): ProgramCall[] {
  const command = pipeline[index];
  const words = programWords(command?.words ?? []);
  const [name, ...rest] = words;
  if (command === undefined || name === undefined) return [];
  const script = shellScript(words) ?? scriptInput(words, pipeline, index);
  if (script !== undefined) return programCalls(script);
  const program = ourProgram(name);
  if (program === undefined) return [];
  return [{ program, name: name.text, arguments: rest, input: inputOf(pipeline, index) }];
}

const shells = /^(?:ba|da|a|z|k)?sh$/;

/** The script of `sh -c SCRIPT`. */
function shellScript([shell, ...rest]: readonly ShellWord[]): PlacedText | undefined {
  if (shell === undefined || !shells.test(baseName(shell))) return undefined;
  const option = rest.findIndex(({ text }) => /^-\w*c$/.test(text.text));
  return option === -1 ? undefined : rest[option + 1]?.text;
}

/** The script that `sh` reads from its standard input. */
function scriptInput(
  [shell, ...rest]: readonly ShellWord[],
  pipeline: readonly ShellCommand[],
  index: number,
): PlacedText | undefined {
  const isShell = shell !== undefined && shells.test(baseName(shell));
  if (!isShell || rest.some(({ text }) => !text.text.startsWith("-"))) return undefined;
  const input = inputOf(pipeline, index);
  return input?.kind === "text" ? input.text : undefined;
}

function ourProgram(word: ShellWord): Program | undefined {
  const name = baseName(word);
  return name === "kanod-bootcmd" || name === "kanod-runcmd" ? name : undefined;
}

const reserved = /^(?:if|then|else|elif|do|while|until|!|\{|[A-Za-z_]\w*=.*)$/s;
const wrappers = /^(?:sudo|env|nice|ionice|exec|time|timeout|setsid|nohup|systemd-run|command|stdbuf|cloud-init-per)$/;

/** A command from its program on, without what may stand before it: assignments, `if`, `sudo -E`, `timeout 60`. */
function programWords(words: readonly ShellWord[]): readonly ShellWord[] {
  const start = words.findIndex(({ text }) => !reserved.test(text.text));
  if (start === -1) return [];
  const command = words.slice(start);
  const [first] = command;
  if (first === undefined || !wrappers.test(baseName(first))) return command;
  const wrapped = command.findIndex((word) => ourProgram(word) !== undefined || shells.test(baseName(word)));
  return wrapped === -1 ? command : command.slice(wrapped);
}

function baseName({ text }: ShellWord): string {
  return text.text.slice(text.text.lastIndexOf("/") + 1);
}

/** What goes from one program of a pipeline to the next. `bytes` where it is no text. */
type Data = CallInput | { kind: "bytes"; bytes: Uint8Array; text: PlacedText };

function inputOf(pipeline: readonly ShellCommand[], index: number): CallInput | undefined {
  const data = dataBefore(pipeline, index);
  return data?.kind === "bytes" ? { kind: "fault", text: data.text, reason: "it is not UTF-8 text" } : data;
}

function dataBefore(pipeline: readonly ShellCommand[], index: number): Data | undefined {
  const input = pipeline[index]?.input;
  if (input !== undefined) return redirected(input);
  return index === 0 ? undefined : outputOf(pipeline, index - 1);
}

function redirected(input: ShellInput): Data {
  if (input.kind === "text") return input;
  return input.path.expands ? { kind: "unknown" } : { kind: "file", path: input.path.text.text };
}

/** What a command writes, as far as it can be told without running it. */
function outputOf(pipeline: readonly ShellCommand[], index: number): Data {
  const [program, ...words] = programWords(pipeline[index]?.words ?? []);
  const name = program === undefined ? "" : baseName(program);
  const options = words.filter(({ text }) => text.text.startsWith("-")).map(({ text }) => text.text);
  if (name === "echo") return echoed(words);
  if (name === "printf") return printed(words);
  if (name === "cat") return shownFile(words) ?? dataBefore(pipeline, index) ?? { kind: "unknown" };
  const isBase64 = name === "base64" && options.some((option) => /^(?:-d|-D|-di|--decode)$/.test(option));
  const isUnzip =
    /^(?:gunzip|zcat)$/.test(name) || (name === "gzip" && options.some((option) => /^-\w*d/.test(option)));
  if (!isBase64 && !isUnzip) return { kind: "unknown" };
  const file = words.find(({ text }) => !text.text.startsWith("-"));
  if (file !== undefined) return { kind: "unknown" };
  return unpacked(dataBefore(pipeline, index), isBase64 ? unpackBase64 : unpackGzip);
}

function echoed(words: readonly ShellWord[]): Data {
  const isOption = ({ text }: ShellWord): boolean => /^-[neE]+$/.test(text.text);
  const said = words.slice(words.findIndex((word) => !isOption(word)));
  // What a backslash is to `echo` depends on the shell.
  if (said.some(({ text }) => text.text.includes("\\"))) return { kind: "unknown" };
  const expands = said.some((word) => word.expands);
  const [only] = said;
  if (only !== undefined && said.length === 1) return { kind: "text", text: only.text, expands, isComplete: true };
  // Words that are joined stand where the first one stands.
  const joined = said.map(({ text }) => text.text).join(" ");
  if (only === undefined) return { kind: "unknown" };
  return {
    kind: "text",
    text: decodedText(only.text, 0, only.text.text.length, joined),
    expands,
    isComplete: true,
  };
}

/** `printf '%s\n' TEXT` and `printf 'TEXT\n'`. */
function printed([format, ...words]: readonly ShellWord[]): Data {
  const [word] = words;
  if (format === undefined) return { kind: "unknown" };
  if (/^%[sb](?:\\n)?$/.test(format.text.text) && word !== undefined && words.length === 1) {
    return { kind: "text", text: word.text, expands: word.expands, isComplete: true };
  }
  if (words.length > 0 || /%|\\[^nt\\]/.test(format.text.text.replaceAll("%%", ""))) return { kind: "unknown" };
  return { kind: "text", text: withoutEscapes(format.text), expands: format.expands, isComplete: true };
}

function withoutEscapes(format: PlacedText): PlacedText {
  const segments = [{ inner: 0, outer: 0 }];
  let text = "";
  let copied = 0;
  for (const { 0: sequence, index } of format.text.matchAll(/\\[nt\\]|%%/g)) {
    text += format.text.slice(copied, index) + ({ "\\n": "\n", "\\t": "\t", "\\\\": "\\" }[sequence] ?? "%");
    copied = index + sequence.length;
    segments.push({ inner: text.length, outer: copied });
  }
  return partText(format, text + format.text.slice(copied), segments);
}

function shownFile(words: readonly ShellWord[]): Data | undefined {
  const files = words.filter(({ text }) => text.text === "-" || !text.text.startsWith("-"));
  const [file] = files;
  if (file === undefined || file.text.text === "-") return undefined;
  return files.length > 1 || file.expands ? { kind: "unknown" } : { kind: "file", path: file.text.text };
}

function unpacked(data: Data | undefined, unpack: (data: Data) => Data): Data {
  if (data === undefined || data.kind === "file") return { kind: "unknown" };
  if (data.kind === "unknown" || data.kind === "fault") return data;
  try {
    return unpack(data);
  } catch (error) {
    if (!(error instanceof DecodingError)) throw error;
    return { kind: "fault", text: data.text, reason: error.message };
  }
}

function unpackBase64(data: Data): Data {
  if (data.kind !== "text" || data.expands || hasTemplate.test(data.text.text)) return { kind: "unknown" };
  const bytes = fromBase64(data.text.text);
  return isGzip(bytes) ? { kind: "bytes", bytes, text: data.text } : textData(bytes, data.text);
}

function unpackGzip(data: Data): Data {
  if (data.kind !== "bytes") return { kind: "unknown" };
  return textData(fromGzip(data.bytes), data.text);
}

function textData(bytes: Uint8Array, from: PlacedText): Data {
  const text = decodedText(from, 0, from.text.length, fromUtf8(bytes));
  return { kind: "text", text, expands: false, isComplete: true, isPacked: true };
}

const hasTemplate = new RegExp(`${unknown}|\\{\\{|\\$\\{`);
