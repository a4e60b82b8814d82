import { isMapping } from "../mapping.ts";
import { parseYaml } from "../yaml.ts";
import { Bootstrap, type Container } from "./bootstrap.ts";
import { DecodingError, fromBase64, fromGzip, fromUtf8, isGzip } from "./encodings.ts";
import { type Inspection, reportTemplateOnly } from "./inspection.ts";
import { isMime, mimeParts } from "./mime.ts";
import { openYaml } from "./open-yaml.ts";
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

  /** One part: cloud-init tells from its first line what it is, whatever MIME type it has. */
  read(text: PlacedText, templates: readonly TemplateSyntax[], depth: number): void {
    if (depth === 0) {
      const message = `more than ${maxNesting} documents stand within each other: the rest was not looked at`;
      this.#inspection.report("error", "nested-too-deep", text.place(0, 1), message);
    } else if (isMime(text.text)) {
      this.#readMime(text, templates, depth);
    } else {
      this.#readPart(text, templates, depth);
    }
  }

  #readMime(text: PlacedText, templates: readonly TemplateSyntax[], depth: number): void {
    const fault = (at: PlacedText, reason: string): void => {
      const place = at.place(0, at.text.length);
      this.#inspection.report("error", "bad-encoding", place, `a part of the user-data cannot be read: ${reason}`);
    };
    for (const part of mimeParts(text, fault)) this.read(part.text, templates, depth - 1);
  }

  #readPart(text: PlacedText, given: readonly TemplateSyntax[], depth: number): void {
    const [header = ""] = /^\s*##\s*template:\s*jinja.*\n?/i.exec(text.text) ?? [];
    const templates: readonly TemplateSyntax[] = header === "" ? given : [...new Set([...given, "jinja" as const])];
    const body = text.text.slice(header.length).trimStart().toLowerCase();
    if (body.startsWith("#cloud-config-archive")) this.#readArchive(text, templates, depth);
    else if (body.startsWith("#cloud-config-jsonp")) this.#bootstrap.isOpen = true;
    else if (body.startsWith("#cloud-config")) this.readCloudConfig(text, templates);
    else if (body.startsWith("#!") || body.startsWith("#cloud-boothook")) this.#readScript(text, templates);
    else if (/^#(?:include|part-handler)/.test(body)) this.#bootstrap.isOpen = true;
  }

  readCloudConfig(text: PlacedText, templates: readonly TemplateSyntax[]): void {
    this.#inspection.documents.push({
      kind: "cloud-config",
      pointer: this.#pointer,
      templates,
      place: text.place(0, 1),
    });
    const { value, container } = this.#open(text, templates);
    if (!isMapping(value)) return;
    this.#bootstrap.addFiles(container, "/write_files", value["write_files"]);
    this.#bootstrap.addCommands(container, "/bootcmd", value["bootcmd"], "bootcmd");
    this.#bootstrap.addCommands(container, "/runcmd", value["runcmd"], "runcmd");
  }

  /** https://docs.cloud-init.io/en/latest/explanation/format.html#cloud-config-archive */
  #readArchive(text: PlacedText, templates: readonly TemplateSyntax[], depth: number): void {
    const { value, container } = this.#open(text, templates);
    for (const [index, entry] of Array.isArray(value) ? value.entries() : []) {
      const content: unknown = isMapping(entry) ? entry["content"] : entry;
      const pointer = isMapping(entry) ? `/${index}/content` : `/${index}`;
      if (typeof content === "string") this.read(container.texts.text(pointer, content), templates, depth - 1);
    }
  }

  #readScript(text: PlacedText, templates: readonly TemplateSyntax[]): void {
    const document = parseYaml("", text.file);
    const texts = new ScalarTexts(document, text);
    this.#bootstrap.addScript(this.#container(texts, templates), text);
  }

  #open(text: PlacedText, templates: readonly TemplateSyntax[]): { value: unknown; container: Container } {
    const opened = openYaml(text, templates, { single: true, allowed: readByCloudInit });
    this.#inspection.problems.push(...opened.problems);
    if (opened.isTemplateOnly) reportTemplateOnly(this.#inspection, text);
    const document = opened.first;
    const texts = new ScalarTexts(document, opened.text);
    const container = { ...this.#container(texts, templates), isConditional: opened.isConditional };
    return { value: document.value ?? document.partial, container };
  }

  #container(texts: ScalarTexts, templates: readonly TemplateSyntax[]): Container {
    const inspection = this.#inspection;
    return { inspection, texts, dialect: "cloud-init", prefix: this.#pointer, templates, isConditional: false };
  }
}

/** PyYAML knows more tags than we allow in a configuration. */
const readByCloudInit = ["unknown-tag"];
