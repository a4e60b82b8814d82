import { DecodingError, fromBase64, fromGzip, fromUtf8, isGzip } from "./encodings.ts";
import { decodedText, type PlacedText, partText } from "./placed-text.ts";
import { baseName, programWords } from "./program-words.ts";
import type { ShellCommand, ShellInput, ShellWord } from "./shell.ts";
import { unknown } from "./templates.ts";

/** What a program reads, or a file is filled with, as far as the script itself says it. */
export type ScriptData =
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

/** What goes from one program of a pipeline to the next. `bytes` where it is no text. */
type Data = ScriptData | { kind: "bytes"; bytes: Uint8Array; text: PlacedText };

/** What the command at `index` reads; undefined where the script gives it nothing. */
export function inputOf(pipeline: readonly ShellCommand[], index: number): ScriptData | undefined {
  const data = dataBefore(pipeline, index);
  return data === undefined ? undefined : asText(data);
}

/** What the command at `index` writes. */
export function writtenBy(pipeline: readonly ShellCommand[], index: number): ScriptData {
  return asText(outputOf(pipeline, index));
}

function asText(data: Data): ScriptData {
  return data.kind === "bytes" ? { kind: "fault", text: data.text, reason: "it is not UTF-8 text" } : data;
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
