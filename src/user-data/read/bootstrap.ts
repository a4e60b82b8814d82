import { isMapping } from "../../config/mapping.ts";
import { escapePointerPart } from "../../config/problem.ts";
import { actionsOfWords, type ProgramCall, type ScriptActions, scriptActions } from "./calls.ts";
import type { ScriptData } from "./command-data.ts";
import type { Inspection } from "./inspection.ts";
import type { Place, PlacedText } from "./placed-text.ts";
import type { ScalarTexts } from "./scalar-text.ts";
import type { TemplateSyntax } from "./templates.ts";

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

/** All that one machine is told: the parts of its user-data, or the specification that makes it. */
export class Bootstrap {
  readonly files: WrittenFile[] = [];
  readonly scripted: ScriptedFile[] = [];
  readonly calls: PlacedCall[] = [];
  /** Something that cannot be looked into may write files or call programs, too. */
  isOpen = false;
  /** Its commands take the place of those that the image has for the end of the first boot. */
  replacesCommands = false;

  addFiles(container: Container, pointer: string, list: unknown): void {
    if (!Array.isArray(list)) return;
    for (const [index, entry] of list.entries()) {
      const path: unknown = isMapping(entry) ? entry["path"] : undefined;
      if (!isMapping(entry) || typeof path !== "string") continue;
      const at = `${pointer}/${index}`;
      this.files.push({ container, path, pathPlace: container.texts.place(`${at}/path`), pointer: at, entry });
      this.#addWrittenScript(container, `${at}/content`, entry);
    }
  }

  /** A file that is a script of the shell is written to be called. */
  #addWrittenScript(container: Container, pointer: string, { content, encoding }: WrittenFile["entry"]): void {
    if (typeof content !== "string" || encoding !== undefined || !/^#!.*sh\b/.test(content)) return;
    this.#addActions(container, pointer, "script", scriptActions(container.texts.text(pointer, content)));
  }

  /** Commands as a list of scripts and of lists of words. What has another form is reported. */
  addCommands(container: Container, pointer: string, list: unknown, stage: CommandStage): void {
    if (list === undefined) return;
    this.replacesCommands ||= stage === "runcmd";
    if (list === null) return;
    const { inspection, texts } = container;
    if (!Array.isArray(list)) {
      const message = `\`${pointer.slice(1)}\` has to be a list of commands: none of them is run`;
      inspection.report("error", "commands-not-a-list", texts.place(pointer), message, { pointer });
      return;
    }
    for (const [index, command] of list.entries()) {
      const at = `${pointer}/${index}`;
      if (typeof command === "string") {
        this.#addActions(container, at, stage, scriptActions(texts.text(at, command)));
      } else if (Array.isArray(command) && command.every(isWord)) {
        const words = command.map((word, position) => texts.text(`${at}/${position}`, String(word)));
        this.#addActions(container, at, stage, actionsOfWords(words));
      } else if (command !== null || container.dialect === "kubeadm") {
        reportNoCommand(container, at, command);
      }
    }
  }

  /** A script of its own, not a command of a list. */
  addScript(container: Container, script: PlacedText): void {
    this.#addActions(container, "", "script", scriptActions(script));
  }

  #addActions(container: Container, pointer: string, stage: PlacedCall["stage"], actions: ScriptActions): void {
    const { calls, files } = actions;
    this.calls.push(...calls.map((call) => ({ ...call, container, stage, pointer })));
    for (const { path, ...file } of files) {
      this.scripted.push({ ...file, container, path: path.text, pathPlace: path.place(0, path.text.length), pointer });
    }
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
    : "a command has to be text";
  const place = texts.place(key === undefined ? pointer : `${pointer}/${escapePointerPart(key)}`, "key");
  const hint = isMapping(command)
    ? "put it between quotes, or write it as a block that begins with `- |`"
    : "put it between quotes";
  inspection.report("error", "command-not-text", place, `${found}: ${effect}`, { hint, pointer });
}

function isWord(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
