import { isMapping } from "../../config/mapping.ts";
import { escapePointerPart } from "../../config/problem.ts";
import { shown } from "../../config/shown.ts";
import { parseYaml } from "../../config/yaml.ts";
import { Bootstrap, type Container, type Located, located } from "./bootstrap.ts";
import { DecodingError, fromBase64, fromGzip, fromUtf8, isGzip } from "./encodings.ts";
import { type Inspection, reportTemplateOnly } from "./inspection.ts";
import type { Rendered } from "./jinja.ts";
import { mergedKeys, mergersOf } from "./merge.ts";
import { isMime, mimeParts } from "./mime.ts";
import { type OpenedYaml, openYaml } from "./open-yaml.ts";
import { decodedText, type PlacedText, partText } from "./placed-text.ts";
import { checkedRendering } from "./rendering.ts";
import { ScalarTexts } from "./scalar-text.ts";
import { inspectBootstrap } from "./surroundings.ts";
import { type TemplateSyntax, unknown } from "./templates.ts";

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

interface Given {
  pointer: string;
  templates: readonly TemplateSyntax[];
}

/** What the user-data of a machine holds, and what is wrong around it. */
export function inspectUserData(inspection: Inspection, text: PlacedText, given: Given): void {
  inspectWith(inspection, given.pointer, (reader) => reader.read({ text, depth: maxNesting }, given.templates));
}

/** The same for a text that is cloud-config whatever its first line says. */
export function inspectCloudConfig(inspection: Inspection, text: PlacedText, given: Given): void {
  inspectWith(inspection, given.pointer, (reader) => reader.readCloudConfig(text, given.templates));
}

/** Once for each rendering of the templates. */
function inspectWith(inspection: Inspection, pointer: string, read: (reader: UserDataReader) => void): void {
  for (let variant = 0, variants = 1; variant < variants; variant++) {
    const bootstrap = new Bootstrap();
    const reader = new UserDataReader(inspection, bootstrap, { pointer, variant });
    read(reader);
    reader.end();
    inspectBootstrap(inspection, bootstrap);
    variants = Math.max(variants, reader.variants);
  }
}

/** One part of user-data. */
interface Part {
  text: PlacedText;
  /** Parts within parts that may follow. */
  depth: number;
  /** Undefined where only the content tells it. */
  type?: string | undefined;
  mergeType?: string | undefined;
}

/** The keys of cloud-config that concern us. */
const ourKeys = ["write_files", "bootcmd", "runcmd"];

class UserDataReader {
  readonly #inspection: Inspection;
  readonly #bootstrap: Bootstrap;
  readonly #pointer: string;
  readonly #variant: number;
  #merged: ReadonlyMap<string, Located> = new Map();
  /** How many renderings of the templates there are to look at. */
  variants = 1;

  constructor(inspection: Inspection, bootstrap: Bootstrap, given: { pointer: string; variant: number }) {
    this.#inspection = inspection;
    this.#bootstrap = bootstrap;
    this.#pointer = given.pointer;
    this.#variant = given.variant;
  }

  read(part: Part, templates: readonly TemplateSyntax[]): void {
    const { text, depth } = part;
    if (depth === 0) {
      const message = `more than ${maxNesting} documents are nested: the rest was not looked at`;
      this.#inspection.report("error", "nested-too-deep", text.place(0, 1), message);
    } else if (isMime(text.text) && (part.type === undefined || part.type === "text/plain")) {
      this.#readMime(text, templates, depth);
    } else {
      this.#readPart(part, templates);
    }
  }

  /** What all parts together make. */
  end(): void {
    this.#bootstrap.addFiles(this.#merged.get("write_files"));
    this.#bootstrap.addCommands(this.#merged.get("bootcmd"), "bootcmd");
    this.#bootstrap.addCommands(this.#merged.get("runcmd"), "runcmd");
  }

  #readMime(text: PlacedText, templates: readonly TemplateSyntax[], depth: number): void {
    const fault = (at: PlacedText, reason: string): void => {
      const place = at.place(0, at.text.length);
      this.#inspection.report("error", "bad-encoding", place, `a part of the user-data cannot be read: ${reason}`);
    };
    for (const part of mimeParts(text, fault)) {
      this.#readPart({ ...part, depth: depth - 1 }, templates);
    }
  }

  #readPart(part: Part, templates: readonly TemplateSyntax[]): void {
    const { text, type, depth } = part;
    const form = formOf(text.text, type);
    if (form === "jinja") this.#readJinja(part, templates);
    else if (form === "archive") this.#readArchive(text, templates, depth);
    else if (form === "cloud-config") this.#readTypedConfig(part, templates);
    else if (form === "script") this.#readScript(text, templates);
    else if (form === "elsewhere") this.#bootstrap.isOpen = true;
    else if (form === "unknown-type") {
      const message = `cloud-init itself does nothing with a part of the type ${shown(type)}: it was not checked`;
      this.#inspection.report("note", "not-checked", text.place(0, 1), message);
    } else {
      this.#readUnknown(part, templates);
    }
  }

  /** What begins like nothing that cloud-init knows is nothing to it. */
  #readUnknown(part: Part, templates: readonly TemplateSyntax[]): void {
    const { text } = part;
    const [header = ""] = /^\s*##?\s*template\s*:\s*jinja.*\n?/i.exec(text.text) ?? [];
    const isMessage = /^\s*(?:content-type|mime-version):/i.test(text.text);
    if (header === "" && !isMessage && !text.text.includes("kanod")) return;
    const place = text.place(0, Math.max(1, text.text.indexOf("\n")));
    if (isMessage) {
      const message =
        "cloud-init does nothing with this: a MIME message needs `MIME-Version: 1.0`, and no line before its headers";
      this.#inspection.report("error", "missing-header", place, message);
      const start = text.text.search(/\S/);
      const body = partText(text, `MIME-Version: 1.0\n${text.text.slice(start)}`, [
        { inner: 0, outer: start },
        { inner: 18, outer: start },
      ]);
      this.#readMime(body, templates, part.depth);
      return;
    }
    const hint =
      header === "" ? "the first line must be `#cloud-config`" : "the first line must be exactly `## template: jinja`";
    this.#inspection.report("error", "missing-header", place, "cloud-init does nothing with this", { hint });
    const body = behind(text, header.length);
    if (header !== "") this.#readRendered(body, part, templates);
    else if (/^(?:write_files|runcmd|bootcmd)\s*:/m.test(text.text))
      this.readCloudConfig(text, templates, part.mergeType);
  }

  /** cloud-init believes the type: what the part would be otherwise, it is not. */
  #readTypedConfig(part: Part, templates: readonly TemplateSyntax[]): void {
    const { text, mergeType } = part;
    const [header] =
      part.type === "text/cloud-config" ? (/^\s*##\s*template:\s*jinja.*\n?/i.exec(text.text) ?? []) : [];
    if (header !== undefined && /\{[{%]/.test(text.text)) {
      const message = "cloud-init does not fill in the templates of a part of the type `text/cloud-config`";
      const hint = "give the part the type `text/jinja2`";
      this.#inspection.report("error", "unfilled-template", text.place(0, header.length), message, { hint });
      this.#readRendered(behind(text, header.length), part, templates);
      return;
    }
    this.readCloudConfig(text, templates, mergeType);
  }

  #readJinja(part: Part, templates: readonly TemplateSyntax[]): void {
    const { text } = part;
    const [line = ""] = /^[^\n]*\n?/.exec(text.text) ?? [];
    if (!/^##\s*template:\s*jinja\s*$/i.test(line)) {
      const message = "cloud-init does nothing with this: the very first line must be `## template: jinja`, alone";
      this.#inspection.report("error", "missing-header", text.place(0, 1), message);
    }
    const [header = ""] = /^\s*##\s*template:\s*jinja.*\n?/i.exec(text.text) ?? [];
    this.#readRendered(behind(text, header.length), part, templates);
  }

  #readRendered(body: PlacedText, part: Part, templates: readonly TemplateSyntax[]): void {
    // Another program renders it first.
    const rendered = templates.includes("jinja") ? undefined : this.#rendered(body);
    const text = rendered?.text ?? body;
    const given = rendered === undefined ? [...new Set([...templates, "jinja" as const])] : templates;
    const form = formOf(text.text);
    if (form === "cloud-config") this.readCloudConfig(text, given, part.mergeType, rendered?.isConditional);
    else if (form === "script") this.#readScript(text, given);
    else if (text.text.includes("kanod")) {
      const message = "cloud-init does nothing with this: `#cloud-config` or `#!` must follow the header of Jinja";
      this.#inspection.report("error", "missing-header", text.place(0, 1), message);
    }
  }

  /** The text as cloud-init renders it, its blanks as they are meant; undefined where it refuses to. */
  #rendered(body: PlacedText): Rendered | undefined {
    const rendered = checkedRendering(this.#inspection, body, { variant: this.#variant });
    this.variants = Math.max(this.variants, rendered?.variants ?? 1);
    return rendered;
  }

  readCloudConfig(
    text: PlacedText,
    templates: readonly TemplateSyntax[],
    mergeType?: string,
    isConditional = false,
  ): void {
    this.#inspection.documents.push({
      kind: "cloud-config",
      pointer: this.#pointer,
      templates,
      place: text.place(0, 1),
    });
    const { value, container } = this.#open(text, templates, isConditional);
    if (!isMapping(value)) {
      if (value !== undefined && value !== null) this.#reportNoMapping(text);
      return;
    }
    this.#reportMisspelled(container, value);
    this.#merge(container, value, mergeType);
    const { autoinstall } = value;
    if (isMapping(autoinstall) && isMapping(autoinstall["user-data"])) {
      inspectConfigMapping(container, "/autoinstall/user-data", autoinstall["user-data"]);
    }
  }

  #reportNoMapping(text: PlacedText): void {
    const message = "cloud-init drops this cloud-config: it must be a mapping of keys to values";
    this.#inspection.report("error", "refused-by-cloud-init", text.place(0, 1), message);
  }

  #reportMisspelled(container: Container, value: Readonly<Record<string, unknown>>): void {
    for (const key of Object.keys(value)) {
      const plain = key.toLowerCase().replace(/[^a-z]|s$/g, "");
      const meant = ourKeys.find((name) => name !== key && name.replace(/[^a-z]|s$/g, "") === plain);
      if (meant === undefined) continue;
      const place = container.texts.place(`/${escapePointerPart(key)}`, "key");
      const message = `cloud-init does not know the key ${shown(key)}`;
      this.#inspection.report("error", "misspelled-key", place, message, { hint: `did you mean ${shown(meant)}?` });
    }
  }

  #merge(container: Container, value: Readonly<Record<string, unknown>>, mergeType: string | undefined): void {
    const how = value["merge_how"] ?? value["merge_type"];
    const mergers = mergersOf(how, mergeType);
    const own = new Map(
      ourKeys.flatMap((key): [string, Located][] => {
        return Object.hasOwn(value, key) ? [[key, located(container, `/${key}`, value[key])]] : [];
      }),
    );
    if (mergers === undefined) {
      const message = "cloud-init drops this part: it cannot read how to merge it";
      const hint = "write it as `list(append)+dict(no_replace,recurse_list)+str()`";
      const place = container.texts.place(
        how === undefined ? "" : value["merge_how"] === undefined ? "/merge_type" : "/merge_how",
      );
      this.#inspection.report("error", "part-replaced", place, message, { hint });
    }
    const merged = mergers === undefined ? this.#merged : mergedKeys(this.#merged, own, mergers);
    this.#reportLost(this.#merged, merged, own);
    if (mergers !== undefined) this.#reportLost(own, merged, own);
    this.#merged = merged;
  }

  /** Our files and commands that another part takes the place of. */
  #reportLost(
    before: ReadonlyMap<string, Located>,
    after: ReadonlyMap<string, Located>,
    own: ReadonlyMap<string, Located>,
  ): void {
    for (const [key, { items = [] }] of before) {
      const kept = new Set(after.get(key)?.items?.map(({ value }) => value));
      const lost = items.find(({ value }) => !kept.has(value) && JSON.stringify(value)?.includes("kanod"));
      if (lost === undefined) continue;
      const isOwn = before === own;
      const at = isOwn ? lost : (own.get(key) ?? lost);
      const message = isOwn
        ? `\`${key}\` of this part is dropped: an earlier part has it, too, and \`merge_how\` keeps that one`
        : `\`${key}\` of this part takes the place of that of an earlier part: cloud-init does not join them`;
      const hint = "add `merge_how: list(append)+dict(no_replace,recurse_list)+str()` to this part";
      this.#inspection.report("error", "part-replaced", at.container.texts.place(at.pointer, "key"), message, { hint });
    }
  }

  /** https://docs.cloud-init.io/en/latest/explanation/format.html#cloud-config-archive */
  #readArchive(text: PlacedText, templates: readonly TemplateSyntax[], depth: number): void {
    const { value, container } = this.#open(text, templates, false);
    for (const [index, entry] of Array.isArray(value) ? value.entries() : []) {
      const fields: Readonly<Record<string, unknown>> = isMapping(entry) ? entry : { content: entry };
      const { content, type } = fields;
      if (typeof content !== "string") continue;
      const part = container.texts.text(isMapping(entry) ? `/${index}/content` : `/${index}`, content);
      const isCloudConfig = type === undefined && formOf(content) === undefined;
      const given = isCloudConfig ? "text/cloud-config" : type;
      const mergeType = Object.entries(fields).find(([key]) => /^(?:x-)?merge-type$/i.test(key))?.[1];
      this.read(
        {
          text: part,
          depth: depth - 1,
          type: typeof given === "string" ? given.toLowerCase() : undefined,
          mergeType: typeof mergeType === "string" ? mergeType : undefined,
        },
        templates,
      );
    }
  }

  #readScript(text: PlacedText, templates: readonly TemplateSyntax[]): void {
    const document = parseYaml("", text.file);
    const texts = new ScalarTexts(document, text);
    this.#bootstrap.addScript(this.#container(texts, templates), text);
  }

  #open(
    text: PlacedText,
    given: readonly TemplateSyntax[],
    isConditional: boolean,
  ): { value: unknown; container: Container } {
    const { opened, templates } = this.#openYaml(text, given);
    this.#inspection.problems.push(...opened.problems);
    if (opened.isTemplateOnly) reportTemplateOnly(this.#inspection, text);
    const document = opened.first;
    const texts = new ScalarTexts(document, opened.text);
    const container = {
      ...this.#container(texts, templates),
      isConditional: isConditional || opened.isConditional,
    };
    return { value: document.value ?? document.partial, container };
  }

  #openYaml(
    text: PlacedText,
    templates: readonly TemplateSyntax[],
  ): { opened: OpenedYaml; templates: readonly TemplateSyntax[] } {
    const options = { single: true, byCloudInit: true };
    const opened = openYaml(text, templates, options);
    const fault = opened.problems.find(({ severity }) => severity === "error");
    if (fault?.source === undefined || templates.includes("jinja") || text.text.includes(unknown)) {
      return { opened, templates };
    }
    // Programs other than cloud-init have templates for user-data, too.
    const all = [...new Set([...templates, "terraform", "envsubst", "jinja"] as const)];
    const filled = openYaml(text, all, options);
    if (filled.problems.length > 0) return { opened, templates };
    const message = "this becomes YAML only when its templates are filled in, which cloud-init does not do here";
    const hint = "for cloud-init to do it, the first line must be `## template: jinja`";
    this.#inspection.report("warning", "unfilled-template", { source: fault.source }, message, { hint });
    return { opened: filled, templates: all };
  }

  #container(texts: ScalarTexts, templates: readonly TemplateSyntax[]): Container {
    const inspection = this.#inspection;
    return { inspection, texts, dialect: "cloud-init", prefix: this.#pointer, templates, isConditional: false };
  }
}

/** The same for a mapping of another document that is cloud-config. */
export function inspectConfigMapping(
  container: Container,
  pointer: string,
  value: Readonly<Record<string, unknown>>,
): void {
  const bootstrap = new Bootstrap();
  const own: Container = { ...container, dialect: "cloud-init" };
  const at = (key: string): Located | undefined => {
    return Object.hasOwn(value, key) ? located(own, `${pointer}/${key}`, value[key]) : undefined;
  };
  bootstrap.addFiles(at("write_files"));
  bootstrap.addCommands(at("bootcmd"), "bootcmd");
  bootstrap.addCommands(at("runcmd"), "runcmd");
  inspectBootstrap(container.inspection, bootstrap);
}

function behind(text: PlacedText, start: number): PlacedText {
  return partText(text, text.text.slice(start), [{ inner: 0, outer: start }]);
}

type Form = "archive" | "cloud-config" | "script" | "jinja" | "elsewhere" | "unknown-type";

/** By their beginnings (`INCLUSION_TYPES_MAP` of cloud-init's handlers), the longer ones first. */
const formsByBeginning: readonly (readonly [beginning: string, form: Form])[] = [
  ["#cloud-config-archive", "archive"],
  ["#cloud-config-jsonp", "elsewhere"],
  ["## template: jinja", "jinja"],
  ["#cloud-config", "cloud-config"],
  ["#cloud-boothook", "script"],
  ["#part-handler", "elsewhere"],
  ["#include", "elsewhere"],
  ["#!", "script"],
];

/** By the types that cloud-init believes, whatever the first line says (`_process_msg` of its user_data.py). */
const formsByType: Readonly<Record<string, Form>> = {
  "text/cloud-config": "cloud-config",
  "text/jinja2": "jinja",
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
const undecidedTypes = /^text\/(?:plain|x-not-multipart|x-shellscript)$/;

function formOf(text: string, type?: string): Form | undefined {
  if (type !== undefined && !undecidedTypes.test(type)) return formsByType[type] ?? "unknown-type";
  // What Python's `lstrip` takes away: not a byte-order mark.
  const body = text
    .replace(/^(?:(?!\ufeff)\s)+/, "")
    .slice(0, 40)
    .toLowerCase();
  return formsByBeginning.find(([beginning]) => body.startsWith(beginning))?.[1];
}
