import type { DocumentKind } from "../../config/checked-file.ts";
import { isMapping } from "../../config/mapping.ts";
import type { Problem } from "../../config/problem.ts";
import { decodeText } from "../../config/read-text.ts";
import { suggest } from "../../config/suggest.ts";
import { maxInputBytes, parseYaml, type YamlDocument } from "../../config/yaml.ts";
import { type DetectedKind, type DetectOptions, detectKind } from "./detect.ts";
import { DecodingError, isGzip } from "./encodings.ts";
import { Inspection, reportTemplateOnly } from "./inspection.ts";
import { inspectKubernetes, type KubernetesObject, mentionsUs } from "./kubernetes.ts";
import { type OpenedYaml, openYaml } from "./open-yaml.ts";
import { decodedText, fileText, type PlacedText } from "./placed-text.ts";
import { ScalarTexts } from "./scalar-text.ts";
import type { TemplateSyntax } from "./templates.ts";
import { inspectCloudConfig, inspectUserData, isUserData, unzipped } from "./user-data.ts";

/** What is in a file, and the text of it that problems have their places in. */
export interface InspectedFile {
  file: string;
  text: string;
  inspection: Inspection;
}

/** Finds our documents in the content of a file, whatever it is. It never throws for what is in the file. */
export function inspectFile(content: Uint8Array, file: string, options: DetectOptions): InspectedFile {
  const inspection = new Inspection();
  if (content.length > maxInputBytes) {
    inspection.problems.push(...parseYaml(content, file).problems);
    return { file, text: "", inspection };
  }
  if (isGzip(content)) {
    inspectPacked(inspection, content, file, options);
    return { file, text: "", inspection };
  }
  const { source, fault } = decodeText(content, file);
  if (fault !== undefined) {
    inspection.problems.push({ severity: "error", pointer: "", ...fault });
    return { file, text: source.text, inspection };
  }
  const whole = fileText(file, source.text);
  inspectText(inspection, whole, options);
  if (hasByteOrderMark(content) && isUserData(source.text)) {
    const message = "cloud-init does nothing with this: a byte-order mark is before the first line";
    inspection.report("error", "missing-header", whole.place(0, 1), message, { hint: "save it as UTF-8 without it" });
  }
  return { file, text: source.text, inspection };
}

function hasByteOrderMark([first, second, third]: Uint8Array): boolean {
  return first === 0xef && second === 0xbb && third === 0xbf;
}

function inspectPacked(inspection: Inspection, content: Uint8Array, file: string, options: DetectOptions): void {
  const whole = fileText(file, "");
  try {
    inspectText(inspection, decodedText(whole, 0, 0, unzipped(content)), options);
  } catch (error) {
    if (!(error instanceof DecodingError)) throw error;
    inspection.report("error", "bad-encoding", whole.place(0, 0), `the file cannot be unpacked: ${error.message}`);
  }
}

function inspectText(inspection: Inspection, text: PlacedText, options: DetectOptions): void {
  if (isUserData(text.text) || isNearlyUserData(text.text))
    inspectUserData(inspection, text, { pointer: "", templates: templatesByName(options) });
  else new YamlInspector(inspection, text, options).inspect();
}

/** It may have a misspelled first line. */
function isNearlyUserData(text: string): boolean {
  const [first = ""] = /^#\S*/.exec(text) ?? [];
  const isNear = first.startsWith("#cl") || suggest(first, ["#cloud-config", "#cloud-config-archive"]) !== undefined;
  return isNear && mentionsUs(text);
}

/** The templates that files of YAML may go through before anybody reads them: clusterctl's, Helm's and the like. */
const fileTemplates = ["envsubst", "jinja"] as const;

/** Endings of files that Ansible, Terraform and the like make others of. */
const templateName = /\.(?:j2|jinja2?|tmpl|gotmpl|tpl|tftpl|template)$/i;

/** The templates that the name of a file promises. */
function templatesByName({ name }: DetectOptions): readonly TemplateSyntax[] {
  return templateName.test(name) ? ["terraform", ...fileTemplates] : [];
}

/** Kinds of documents that have no templates of their own. */
const untemplated: ReadonlySet<DocumentKind> = new Set(["configuration", "boot", "system", "network"]);

/** Tags of programs that read YAML with tags of their own. */
const allowedElsewhere = ["unknown-tag"];

/** https://getsops.io: values are encrypted, keys are not. */
function isEncrypted(value: unknown): boolean {
  return isMapping(value) && isMapping(value["sops"]) && ("mac" in value["sops"] || "lastmodified" in value["sops"]);
}

class YamlInspector {
  readonly #inspection: Inspection;
  readonly #text: PlacedText;
  readonly #options: DetectOptions;

  constructor(inspection: Inspection, text: PlacedText, options: DetectOptions) {
    this.#inspection = inspection;
    this.#text = text;
    this.#options = options;
  }

  inspect(): void {
    const raw = openYaml(this.#text, templatesByName(this.#options), { single: false });
    const kinds = this.#kinds(raw);
    const filled = raw.problems.length > 0 ? this.#filled(kinds) : undefined;
    if (filled === undefined) this.#documents(raw, kinds);
    else this.#documents(filled, this.#kinds(filled));
  }

  /** The text as a template that other programs fill in; undefined where it is none of theirs. */
  #filled(kinds: readonly DetectedKind[]): OpenedYaml | undefined {
    const isForeign = kinds.every((kind) => kind === "kubernetes" || kind === "other");
    const filled = openYaml(this.#text, fileTemplates, { single: false, isForeign, allowed: allowedElsewhere });
    // It may show what it is only once it is filled in.
    return isForeign || this.#kinds(filled).includes("kubernetes") ? filled : undefined;
  }

  /** Beside an object of Kubernetes nothing is ours only because the user named the file; nor is what holds ours. */
  #kinds({ documents }: OpenedYaml): DetectedKind[] {
    const kindsBy = (options: DetectOptions): DetectedKind[] => {
      return documents.map(({ value, partial }) => detectKind(value ?? partial, options));
    };
    const certain = kindsBy({ ...this.#options, otherwise: undefined });
    if (certain.includes("kubernetes")) return certain;
    return kindsBy(this.#options).map((kind, index) => {
      const isGuessed = kind === "configuration" && certain[index] === "other";
      return isGuessed && mentionsUs(this.#text.text) && this.#isForeign(documents[index]) ? "other" : kind;
    });
  }

  /** It has none of our keys. */
  #isForeign(document: YamlDocument | undefined): boolean {
    const value = document?.value ?? document?.partial;
    const { configuration } = this.#options.known;
    if (Array.isArray(value)) return true;
    return isMapping(value) && !Object.keys(value).some((key) => configuration.includes(key));
  }

  #documents(opened: OpenedYaml, kinds: readonly DetectedKind[]): void {
    const { documents, problems, isTemplateOnly } = opened;
    const objects: KubernetesObject[] = [];
    for (const [index, document] of documents.entries()) {
      const kind = kinds[index] ?? "other";
      const value = document.value ?? document.partial;
      const isWalked = kind === "kubernetes" || (kind === "other" && mentionsUs(this.#text.text));
      if (isEncrypted(value)) this.#encrypted(document);
      else if (isWalked && (isMapping(value) || Array.isArray(value))) {
        objects.push({ value, kind, texts: new ScalarTexts(document, opened.text) });
      } else if (kind !== "cloud-config-without-header") this.#plain(document, kind, documents.length);
      else if (this.#isMeantForUs()) this.#headless();
      else this.#plain(document, "other", documents.length);
    }
    inspectKubernetes(this.#inspection, objects);
    // What is checked brings the problems of its YAML itself.
    if (!kinds.includes("kubernetes") && kinds.some((kind) => kind !== "other")) return;
    const isObject = objects.some(({ kind }) => kind === "kubernetes");
    const holdsOurs = this.#inspection.documents.some(({ kind }) => kind !== "kubernetes" && kind !== "other");
    if (holdsOurs || this.#options.otherwise !== undefined) this.#inspection.problems.push(...problems);
    else this.#foreign(problems, !isObject && /\{[{%]/.test(this.#text.text));
    if (isTemplateOnly) reportTemplateOnly(this.#inspection, this.#text);
  }

  #encrypted(document: YamlDocument): void {
    this.#inspection.documents.push({ kind: "other", pointer: "", templates: [], place: this.#text.place(0, 1) });
    const range = document.locate("/sops", "key");
    const place = range === undefined ? this.#text.place(0, 1) : { source: range };
    this.#inspection.report("note", "not-checked", place, "this is encrypted with SOPS: it was not checked");
  }

  /** A file of another program, which may allow more than we do, or fill in templates: only what is no YAML is wrong. */
  #foreign(problems: readonly Problem[], mayBeTemplate: boolean): void {
    const fault = problems.find(({ code }) => code === "yaml-syntax") ?? problems[0];
    if (fault?.source === undefined) return;
    if (fault.code === "yaml-syntax" && !mayBeTemplate) {
      this.#inspection.problems.push(fault);
    } else {
      const message = `this is no YAML for us, and nothing in it looks like ours: ${fault.message}`;
      this.#inspection.report("note", "not-checked", { source: fault.source }, message);
    }
  }

  #plain(document: YamlDocument, kind: DocumentKind, count: number): void {
    // `---` at the end of a stream begins one more document, which is empty.
    if (document.value === null && count > 1) return;
    const { documents } = this.#inspection;
    const place = this.#text.place(0, 1);
    const common = { kind, pointer: "", templates: [], place };
    if (kind === "other") {
      documents.push(common);
      return;
    }
    const isAlone = count === 1 || kind === "image";
    // The others are the same problem: there is more than one.
    if (!isAlone && documents.some((found) => found.kind === kind)) return;
    const templates = untemplated.has(kind) ? templatesByName(this.#options) : [];
    const single = isAlone ? document : parseYaml(this.#text.text, this.#text.file);
    const read = templates.length > 0 ? { templates } : { document: single };
    documents.push({ ...common, text: this.#text, ...read });
    if (kind === "network" && this.#options.otherwise !== undefined) {
      const message = "only a network configuration: it was checked as the `network` section of a configuration";
      this.#inspection.report("note", "network-only", place, message);
    }
  }

  /** Other programs have keys such as `runcmd`, too. */
  #isMeantForUs(): boolean {
    return this.#options.otherwise !== undefined || this.#text.text.includes("kanod");
  }

  #headless(): void {
    const message = "cloud-init does nothing with this: the first line has to be `#cloud-config`";
    this.#inspection.report("error", "missing-header", this.#text.place(0, 1), message);
    inspectCloudConfig(this.#inspection, this.#text, { pointer: "", templates: [] });
  }
}
