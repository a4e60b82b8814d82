import { isMapping } from "../../config/mapping.ts";
import { escapePointerPart } from "../../config/problem.ts";
import { shown } from "../../config/shown.ts";
import { suggest } from "../../config/suggest.ts";
import { type ProgramCall, type ScriptActions, scriptActions } from "./calls.ts";
import type { ScriptData } from "./command-data.ts";
import type { Inspection } from "./inspection.ts";
import { decodedText, joinedText, type Place, type PlacedText, partText } from "./placed-text.ts";
import type { ScalarTexts } from "./scalar-text.ts";
import { type TemplateSyntax, unknown } from "./templates.ts";

/** Who turns a description of files and commands into what happens on the machine. */
export type Dialect = "cloud-init" | "kubeadm";

/** When cloud-init runs commands: `bootcmd` before it writes files, on every boot; `runcmd` at the end of the first. */
export type CommandStage = "bootcmd" | "runcmd";

/** A YAML document that describes files and commands. */
export interface Container {
  inspection: Inspection;
  texts: ScalarTexts;
  dialect: Dialect;
  /** JSON pointer of the document in the file. */
  prefix: string;
  /** Parts of it may be there several times, or not at all. */
  isConditional: boolean;
  /** Templates that its texts go through. */
  templates: readonly TemplateSyntax[];
  /** What kubeadm's `contentFrom` refers to, where the file has it. @throws DecodingError */
  contentFrom?: (reference: Readonly<Record<string, unknown>>) => ReferredText | "no-such-key" | undefined;
}

/** A value within a part of user-data, with its place there. */
export interface Located {
  container: Container;
  /** JSON pointer in the part's document. */
  pointer: string;
  value: unknown;
  /** Of a list; of merged ones they come from several parts. */
  items?: readonly Located[];
}

export function located(container: Container, pointer: string, value: unknown): Located {
  if (!Array.isArray(value)) return { container, pointer, value };
  const items = value.map((item: unknown, index) => ({ container, pointer: `${pointer}/${index}`, value: item }));
  return { container, pointer, value, items };
}

/** A text, and the JSON pointer of it in the file. */
export interface ReferredText {
  text: PlacedText;
  pointer: string;
}

/** A file that is written on the machine. */
export interface WrittenFile {
  container: Container;
  path: string;
  pathPlace: Place;
  /** JSON pointer of the entry in its document. */
  pointer: string;
  entry: Readonly<Record<string, unknown>>;
}

/** A file that a script writes on the machine. */
export interface ScriptedFile {
  container: Container;
  path: string;
  pathPlace: Place;
  /** JSON pointer of the command in its document. */
  pointer: string;
  content: ScriptData;
  /** The content is added to what the file has. */
  appends: boolean;
}

/** A call, with the place where its command stands. */
export interface PlacedCall extends ProgramCall {
  container: Container;
  stage: CommandStage | "script";
  pointer: string;
}

/** A command of a list as a part of the script that cloud-init makes of them. */
interface ScriptPart {
  text: PlacedText;
  container: Container;
  pointer: string;
}

/** All that one machine is told: the parts of its user-data, or the specification that makes it. */
export class Bootstrap {
  readonly files: WrittenFile[] = [];
  readonly scripted: ScriptedFile[] = [];
  readonly calls: PlacedCall[] = [];
  /** Something that cannot be looked into may write files or call programs, too. */
  isOpen = false;
  /** Its commands take the place of those that the image has for the end of the first boot. */
  replacesCommands = false;

  addFiles(list: Located | undefined): void {
    if (isFilledIn(list?.value)) this.isOpen = true;
    for (const { container, pointer, value } of list?.items ?? []) {
      if (isMapping(value)) this.addFile(container, pointer, value);
      else if (isFilledIn(value)) this.isOpen = true;
    }
  }

  addFile(container: Container, pointer: string, entry: Readonly<Record<string, unknown>>): void {
    const { inspection, texts } = container;
    const { path } = entry;
    if (typeof path !== "string") {
      reportMisspelledPath(container, pointer, entry);
      return;
    }
    const pathPlace = texts.place(entry["path"] === undefined ? pointer : `${pointer}/path`);
    this.files.push({ container, path, pathPlace, pointer, entry });
    if (container.dialect === "cloud-init") reportMisspelled(inspection, texts, pointer, entry);
    this.#addWrittenScript(container, `${pointer}/content`, entry);
  }

  /** A file that is a script of the shell is written to be called. */
  #addWrittenScript(container: Container, pointer: string, { content, encoding }: WrittenFile["entry"]): void {
    if (typeof content !== "string" || encoding !== undefined || !/^#!.*sh\b/.test(content)) return;
    const actions = scriptActions(container.texts.text(pointer, content));
    this.#addActions({ container, pointer }, "script", actions);
    if (/^#!\s*\S*\/(?:env\s+)?sh\b/.test(content))
      for (const text of actions.hereStrings) reportHereString(container, text);
    reportCarriageReturn(container, container.texts.text(pointer, content));
  }

  /** Commands as a list of scripts and of lists of words, of which one script is made. What has another form is reported. */
  addCommands(list: Located | undefined, stage: CommandStage): void {
    if (list === undefined) return;
    this.replacesCommands ||= stage === "runcmd";
    if (list.value === null) return;
    this.isOpen ||= isFilledIn(list.value) || list.items?.some(({ value }) => isFilledIn(value)) === true;
    if (list.items === undefined) {
      if (!isFilledIn(list.value)) reportNoList(list);
      return;
    }
    const parts = list.items.flatMap((item) => scriptPart(item) ?? []);
    this.#addScriptOf(parts, stage);
  }

  #addScriptOf(parts: readonly ScriptPart[], stage: CommandStage): void {
    const [first] = parts;
    if (first === undefined) return;
    const script = joinedText(
      first.text.file,
      parts.map(({ text }) => text),
    );
    const { calls, files, hereStrings } = scriptActions(script);
    const partOf = (text: PlacedText): ScriptPart => parts[text.place(0, 1).part ?? 0] ?? first;
    for (const call of calls) this.#addActions(partOf(call.name), stage, { calls: [call], files: [], hereStrings: [] });
    for (const file of files) this.#addActions(partOf(file.path), stage, { calls: [], files: [file], hereStrings: [] });
    for (const text of hereStrings) reportHereString(partOf(text).container, text);
  }

  /** A script of its own, not a command of a list. */
  addScript(container: Container, script: PlacedText): void {
    const actions = scriptActions(script);
    this.#addActions({ container, pointer: "" }, "script", actions);
    if (/^#!\s*\S*\/(?:env\s+)?sh\b/.test(script.text))
      for (const text of actions.hereStrings) reportHereString(container, text);
  }

  #addActions(
    { container, pointer }: Omit<ScriptPart, "text">,
    stage: PlacedCall["stage"],
    actions: ScriptActions,
  ): void {
    const { calls, files } = actions;
    this.calls.push(...calls.map((call) => ({ ...call, container, stage, pointer })));
    for (const { path, ...file } of files) {
      this.scripted.push({ ...file, container, path: path.text, pathPlace: path.place(0, path.text.length), pointer });
    }
  }
}

/** Whether a template fills in all of a value, which may be any number of files or commands. */
function isFilledIn(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.replaceAll(unknown, "").trim() === "";
}

/** The line that `shellify` of cloud-init makes of a command; undefined where there is none. */
function scriptPart({ container, pointer, value }: Located): ScriptPart | undefined {
  const { texts, dialect } = container;
  if (typeof value === "string") {
    const text = texts.text(pointer, value);
    const line = partText(text, `${value}\n`, [{ inner: 0, outer: 0 }]);
    return { text: line, container, pointer };
  }
  if (Array.isArray(value) && dialect === "cloud-init") {
    return { text: quotedWords(container, pointer, value), container, pointer };
  }
  // Nothing, such as a comment.
  if (value !== null || dialect === "kubeadm") reportNoCommand(container, pointer, value);
  return undefined;
}

/** Each word between quotes, as Python's `str` shows it. */
function quotedWords({ texts, inspection }: Container, pointer: string, words: readonly unknown[]): PlacedText {
  const pieces = words.flatMap((word, index) => {
    const at = `${pointer}/${index}`;
    if (typeof word === "object" && word !== null) {
      const hint = "put it between quotes";
      inspection.report("warning", "command-not-text", texts.place(at), "this word of a command is not a string", {
        hint,
      });
    }
    const text = typeof word === "string" ? word : pythonText(word);
    const given = typeof word === "string" ? texts.text(at, word) : decodedText(texts.text(at, text), 0, 1, text);
    // A quote within quotes: they are closed before it and opened again behind it.
    const parts = text.split("'");
    return parts
      .flatMap((part, number): PlacedText[] => {
        const start = parts.slice(0, number).join("'").length + (number === 0 ? 0 : 1);
        const inner = partText(given, part, [{ inner: 0, outer: start }]);
        return [sign(given, number === 0 ? "'" : "'\\''"), inner];
      })
      .concat(sign(given, "' "));
  });
  const first = texts.text(pointer, "");
  return joinedText(first.file, [...pieces, sign(first, "\n")]);
}

function sign(near: PlacedText, text: string): PlacedText {
  return partText(near, text, [{ inner: 0, outer: 0 }]);
}

function pythonText(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}

function reportNoList({ container, pointer }: Located): void {
  const name = pointer.slice(pointer.lastIndexOf("/") + 1);
  const message = `\`${name}\` must be a list of commands: none of them is run`;
  container.inspection.report("error", "commands-not-a-list", container.texts.place(pointer), message, { pointer });
}

function reportHereString({ inspection }: Container, text: PlacedText): void {
  const message = "`<<<` is a syntax error to `/bin/sh`, which then runs nothing of this script";
  inspection.report("error", "not-for-sh", text.place(0, text.text.length), message, { hint: "use a here-document" });
}

/** The kernel then looks for an interpreter whose name ends in a carriage return. */
function reportCarriageReturn({ inspection }: Container, script: PlacedText): void {
  const [line] = /^#![^\n]*\r(?=\n)/.exec(script.text) ?? [];
  if (line === undefined) return;
  const message = "this script has Windows line ends: the machine finds no interpreter for it";
  inspection.report("error", "not-for-sh", script.place(0, line.length), message, {
    hint: "save it with line feeds only",
  });
}

const fileKeys = ["path", "content", "source", "owner", "permissions", "encoding", "append", "defer"];

function reportMisspelledPath(container: Container, pointer: string, entry: Readonly<Record<string, unknown>>): void {
  const near = Object.keys(entry).find((key) => suggest(key, ["path"]) !== undefined);
  if (near === undefined || !JSON.stringify(entry).includes("kanod")) return;
  const place = container.texts.place(`${pointer}/${escapePointerPart(near)}`, "key");
  const message = `unknown key ${shown(near)}: nothing is written`;
  container.inspection.report("error", "misspelled-key", place, message, { hint: "did you mean `path`?" });
}

function reportMisspelled(
  inspection: Inspection,
  texts: ScalarTexts,
  pointer: string,
  entry: Readonly<Record<string, unknown>>,
): void {
  if (!String(entry["path"]).includes("kanod")) return;
  for (const key of Object.keys(entry)) {
    const near = fileKeys.includes(key) ? undefined : suggest(key, fileKeys);
    if (near === undefined) continue;
    const place = texts.place(`${pointer}/${escapePointerPart(key)}`, "key");
    const message = `cloud-init does not know the key ${shown(key)} of a file`;
    inspection.report("error", "misspelled-key", place, message, { hint: `did you mean ${shown(near)}?` });
  }
}

/** cloud-init's `shellify` takes texts and lists, and nothing too; it refuses all commands when one is something else. */
function reportNoCommand({ inspection, texts, dialect }: Container, pointer: string, command: unknown): void {
  const name = pointer.split("/").at(-2) ?? "";
  const [key] = isMapping(command) ? Object.keys(command) : [];
  const effect =
    dialect === "kubeadm" ? "Kubernetes refuses the object" : `cloud-init then runs no command of \`${name}\` at all`;
  const found = isMapping(command)
    ? "YAML reads this command as a mapping, because of its `: `"
    : "a command must be a string";
  const place = texts.place(key === undefined ? pointer : `${pointer}/${escapePointerPart(key)}`, "key");
  const hint = isMapping(command)
    ? "put it between quotes, or write it as a block that begins with `- |`"
    : "put it between quotes";
  inspection.report("error", "command-not-text", place, `${found}: ${effect}`, { hint, pointer });
}
