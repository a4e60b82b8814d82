import { isMapping } from "../../config/mapping.ts";
import { shown } from "../../config/shown.ts";
import { parseYaml } from "../../config/yaml.ts";
import { Bootstrap, type Container } from "./bootstrap.ts";
import { DecodingError, fromBase64, fromGzip, fromUtf8, isGzip } from "./encodings.ts";
import { type Inspection, reportTemplateOnly } from "./inspection.ts";
import { isMime, mimeParts } from "./mime.ts";
import { type OpenedYaml, openYaml } from "./open-yaml.ts";
import { decodedText, type PlacedText } from "./placed-text.ts";
import { ScalarTexts } from "./scalar-text.ts";
import { inspectBootstrap } from "./surroundings.ts";
import type { TemplateSyntax } from "./templates.ts";

/** Documents within documents that are followed: a gzip file can hold itself. */
export const maxNesting = 8;

/** How user-data begins that cloud-init does something with, without regard to case. */
const beginnings =
  /^\s*(?:#cloud-config|#cloud-boothook|#!|#include|#part-handler|##\s*template:\s*jinja|mime-version:|content-type:)/i;

/** Whether a text says that it is user-data. */
export function isUserData(text: string): boolean {
  return beginnings.test(text) || isMime(text);
}

/** How base64 begins of what begins like user-data, or of gzip. */
const packedBeginnings = /^\s*(?:I2Nsb3VkL|IyMgdGVtcGxhdGU|H4sI|TUlNRS1W|Q29udGVudC1UeXBl|IyEv)/;

/** The user-data that a text holds, as base64 or plain; undefined where it holds none. */
export function packedUserData(text: PlacedText): PlacedText | undefined {
  if (isUserData(text.text)) return text;
  if (!packedBeginnings.test(text.text)) return undefined;
  try {
    const decoded = decodedText(text, 0, text.text.length, unzipped(fromBase64(text.text)));
    return isUserData(decoded.text) ? decoded : undefined;
  } catch (error) {
    if (error instanceof DecodingError) return undefined;
    throw error;
  }
}

/** The text of bytes that may be packed with gzip, also several times. @throws DecodingError */
export function unzipped(bytes: Uint8Array): string {
  let plain = bytes;
  for (let level = 0; isGzip(plain); level++) {
    if (level === maxNesting) throw new DecodingError(`it is packed more than ${maxNesting} times`);
    plain = fromGzip(plain);
  }
  return fromUtf8(plain);
}

/** What the user-data of a machine holds, and what is wrong around it. */
export function inspectUserData(
  inspection: Inspection,
  text: PlacedText,
  given: { pointer: string; templates: readonly TemplateSyntax[] },
): void {
  const bootstrap = new Bootstrap();
  new UserDataReader(inspection, bootstrap, given.pointer).read(text, given.templates, maxNesting);
  inspectBootstrap(inspection, bootstrap);
}

/** The same for a text that is cloud-config whatever its first line says. */
export function inspectCloudConfig(
  inspection: Inspection,
  text: PlacedText,
  given: { pointer: string; templates: readonly TemplateSyntax[] },
): void {
  const bootstrap = new Bootstrap();
  new UserDataReader(inspection, bootstrap, given.pointer).readCloudConfig(text, given.templates);
  inspectBootstrap(inspection, bootstrap);
}

class UserDataReader {
  readonly #inspection: Inspection;
  readonly #bootstrap: Bootstrap;
  readonly #pointer: string;

  constructor(inspection: Inspection, bootstrap: Bootstrap, pointer: string) {
    this.#inspection = inspection;
    this.#bootstrap = bootstrap;
    this.#pointer = pointer;
  }

  read(text: PlacedText, templates: readonly TemplateSyntax[], depth: number, type?: string): void {
    if (depth === 0) {
      const message = `more than ${maxNesting} documents stand within each other: the rest was not looked at`;
      this.#inspection.report("error", "nested-too-deep", text.place(0, 1), message);
    } else if (isMime(text.text)) {
      this.#readMime(text, templates, depth);
    } else {
      this.#readPart(text, templates, depth, type);
    }
  }

  #readMime(text: PlacedText, templates: readonly TemplateSyntax[], depth: number): void {
    const fault = (at: PlacedText, reason: string): void => {
      const place = at.place(0, at.text.length);
      this.#inspection.report("error", "bad-encoding", place, `a part of the user-data cannot be read: ${reason}`);
    };
    for (const part of mimeParts(text, fault)) this.read(part.text, templates, depth - 1, part.type);
  }

  #readPart(text: PlacedText, given: readonly TemplateSyntax[], depth: number, type: string | undefined): void {
    const [header = ""] = /^\s*##\s*template:\s*jinja.*\n?/i.exec(text.text) ?? [];
    const templates: readonly TemplateSyntax[] = header === "" ? given : [...new Set([...given, "jinja" as const])];
    const form = formOf(text.text.slice(header.length), type);
    if (form === "archive") this.#readArchive(text, templates, depth);
    else if (form === "cloud-config") this.readCloudConfig(text, templates);
    else if (form === "script") this.#readScript(text, templates);
    else if (form === "elsewhere") this.#bootstrap.isOpen = true;
    else if (form === "unknown-type") {
      const message = `cloud-init itself does nothing with a part of the type ${shown(type)}: it was not checked`;
      this.#inspection.report("note", "not-checked", text.place(0, 1), message);
    }
  }

  readCloudConfig(text: PlacedText, templates: readonly TemplateSyntax[]): void {
    this.#inspection.documents.push({
      kind: "cloud-config",
      pointer: this.#pointer,
      templates,
      place: text.place(0, 1),
    });
    const { value, container } = this.#open(text, templates);
    if (!isMapping(value)) {
      if (value !== undefined && value !== null) this.#reportNoMapping(text);
      return;
    }
    this.#bootstrap.addFiles(container, "/write_files", value["write_files"]);
    this.#bootstrap.addCommands(container, "/bootcmd", value["bootcmd"], "bootcmd");
    this.#bootstrap.addCommands(container, "/runcmd", value["runcmd"], "runcmd");
  }

  #reportNoMapping(text: PlacedText): void {
    const message = "cloud-init drops this cloud-config: it must be a mapping of keys to values";
    this.#inspection.report("error", "refused-by-cloud-init", text.place(0, 1), message);
  }

  /** https://docs.cloud-init.io/en/latest/explanation/format.html#cloud-config-archive */
  #readArchive(text: PlacedText, templates: readonly TemplateSyntax[], depth: number): void {
    const { value, container } = this.#open(text, templates);
    for (const [index, entry] of Array.isArray(value) ? value.entries() : []) {
      const { content, type }: Readonly<Record<string, unknown>> = isMapping(entry) ? entry : { content: entry };
      if (typeof content !== "string") continue;
      const part = container.texts.text(isMapping(entry) ? `/${index}/content` : `/${index}`, content);
      const isCloudConfig = type === undefined && formOf(content) === undefined && !isMime(content);
      const given = isCloudConfig ? "text/cloud-config" : type;
      this.read(part, templates, depth - 1, typeof given === "string" ? given.toLowerCase() : undefined);
    }
  }

  #readScript(text: PlacedText, templates: readonly TemplateSyntax[]): void {
    const document = parseYaml("", text.file);
    const texts = new ScalarTexts(document, text);
    this.#bootstrap.addScript(this.#container(texts, templates), text);
  }

  #open(text: PlacedText, given: readonly TemplateSyntax[]): { value: unknown; container: Container } {
    const { opened, templates } = this.#openYaml(text, given);
    this.#inspection.problems.push(...opened.problems);
    if (opened.isTemplateOnly) reportTemplateOnly(this.#inspection, text);
    const document = opened.first;
    const texts = new ScalarTexts(document, opened.text);
    const container = { ...this.#container(texts, templates), isConditional: opened.isConditional };
    return { value: document.value ?? document.partial, container };
  }

  #openYaml(
    text: PlacedText,
    templates: readonly TemplateSyntax[],
  ): { opened: OpenedYaml; templates: readonly TemplateSyntax[] } {
    const options = { single: true, byCloudInit: true };
    const opened = openYaml(text, templates, options);
    const [fault] = opened.problems;
    if (fault?.source === undefined || templates.includes("jinja")) return { opened, templates };
    // Programs other than cloud-init have templates for user-data, too.
    const all = [...new Set([...templates, "terraform", "envsubst", "jinja"] as const)];
    const filled = openYaml(text, all, options);
    if (filled.problems.length > 0) return { opened, templates };
    const message = "this becomes YAML only when its templates are filled in, which cloud-init does not do here";
    const hint = "for cloud-init to do it, `## template: jinja` has to be the first line";
    this.#inspection.report("warning", "unfilled-template", { source: fault.source }, message, { hint });
    return { opened: filled, templates: all };
  }

  #container(texts: ScalarTexts, templates: readonly TemplateSyntax[]): Container {
    const inspection = this.#inspection;
    return { inspection, texts, dialect: "cloud-init", prefix: this.#pointer, templates, isConditional: false };
  }
}

type Form = "archive" | "cloud-config" | "script" | "elsewhere" | "unknown-type";

/** By their beginnings (`INCLUSION_TYPES_MAP` of cloud-init's handlers), the longer ones first. */
const formsByBeginning: readonly (readonly [beginning: string, form: Form])[] = [
  ["#cloud-config-archive", "archive"],
  ["#cloud-config-jsonp", "elsewhere"],
  ["#cloud-config", "cloud-config"],
  ["#cloud-boothook", "script"],
  ["#part-handler", "elsewhere"],
  ["#include", "elsewhere"],
  ["#!", "script"],
];

/** By the types that cloud-init believes, whatever the first line says (`_process_msg` of its user_data.py). */
const formsByType: Readonly<Record<string, Form>> = {
  "text/cloud-config": "cloud-config",
  "text/cloud-config-archive": "archive",
  "text/cloud-config-jsonp": "elsewhere",
  "text/cloud-boothook": "script",
  "text/x-shellscript-per-boot": "script",
  "text/x-shellscript-per-instance": "script",
  "text/x-shellscript-per-once": "script",
  "text/x-include-url": "elsewhere",
  "text/x-include-once-url": "elsewhere",
  "text/part-handler": "elsewhere",
};

/** Of the other types the content tells what it is; what begins like nothing of these is nothing to cloud-init. */
const undecidedTypes = /^text\/(?:plain|x-not-multipart|x-shellscript|jinja2)$/;

function formOf(text: string, type?: string): Form | undefined {
  if (type !== undefined && !undecidedTypes.test(type)) return formsByType[type] ?? "unknown-type";
  const body = text.trimStart().toLowerCase();
  return formsByBeginning.find(([beginning]) => body.startsWith(beginning))?.[1];
}
