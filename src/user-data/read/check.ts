import type { CheckedFile, DocumentKind } from "../../config/checked-file.ts";
import { dataCodes, yamlCodes } from "../../config/codes/configuration.ts";
import { type Problem, pointerParts, sortProblems, withoutRepetitions } from "../../config/problem.ts";
import { shown } from "../../config/shown.ts";
import type { YamlDocument } from "../../config/yaml.ts";
import type { InspectedFile } from "./inspect.ts";
import { type FoundCall, type FoundDocument, type Inspection, reportTemplateOnly } from "./inspection.ts";
import { mention, mentionsUs } from "./kubernetes.ts";
import { openYaml, placed } from "./open-yaml.ts";
import { fileText, LineOffsets, type PlacedText } from "./placed-text.ts";
import type { Program } from "./program-words.ts";
import { holdsUnknown, isUnknown, unknown } from "./templates.ts";

/** What is wrong with a document, its YAML included, and which of its lines hold secrets. */
export interface DocumentCheck {
  problems: readonly Problem[];
  secretLines: ReadonlySet<number>;
}

export type DocumentChecker = (document: YamlDocument) => DocumentCheck;

/** What is wrong with the arguments of a call. */
export interface CallFault {
  /** The program refuses them, or does nothing to the machine. */
  kind: "refused" | "without-effect";
  message: string;
  hint?: string;
  /** Index of the argument that it is about; undefined for all of them. */
  argument: number | undefined;
}

/** What documents are checked with. A kind that is missing here is not checked, and a note says so. */
export interface Checkers {
  check: { [kind in DocumentKind]?: DocumentChecker | undefined };
  /** Undefined where the program accepts the arguments. */
  callFault: (program: Program, words: readonly string[]) => CallFault | undefined;
  /** The lines of a container (user-data, Kubernetes object) that may hold secrets. */
  secretLines: (text: string) => ReadonlySet<number>;
}

/** Checks all documents that were found in a file. It never throws for what is in the file. */
export function checkFile(
  inspected: InspectedFile,
  checkers: Checkers,
  options: { isStrict?: boolean } = {},
): CheckedFile {
  const { file, text, inspection } = inspected;
  const maskedLines = new Set<number>();
  for (const call of inspection.calls) checkCall(inspection, call, checkers);
  const isContained = inspection.documents.some(({ kind }) => kind === "cloud-config" || kind === "kubernetes");
  if (isContained && inspection.problems.length > 0)
    for (const line of checkers.secretLines(text)) maskedLines.add(line);
  for (const document of inspection.documents) {
    inspection.problems.push(...checkDocument(inspection, document, checkers, maskedLines));
  }
  if (mentionsUs(text) && isNotUnderstood(inspection)) {
    const message = "this file names kanod-configure, but nothing in it was understood: it was not checked";
    const severity = options.isStrict === true ? "warning" : "note";
    inspection.report(severity, "not-checked", fileText(file, text).place(...mention(text)), message);
  }
  return {
    file,
    text,
    documents: withoutRenderings(
      inspection.documents.map(({ kind, pointer, place }) => ({ kind, pointer, line: place.source.line })),
    ),
    problems: sortProblems(withoutRepetitions(inspection.problems)),
    maskedLines,
  };
}

function isNotUnderstood({ documents, calls, problems }: Inspection): boolean {
  const isContainer = ({ kind }: FoundDocument): boolean =>
    kind === "other" || kind === "kubernetes" || kind === "cloud-config";
  return documents.every(isContainer) && calls.length === 0 && problems.length === 0;
}

/** A document that is found in each rendering of its template is one. */
function withoutRenderings(documents: CheckedFile["documents"]): CheckedFile["documents"] {
  const ids = new Map(documents.map((document) => [JSON.stringify(document), document]));
  return [...ids.values()];
}

function checkCall(inspection: Inspection, { program, name, arguments: words }: FoundCall, checkers: Checkers): void {
  const fault = checkers.callFault(
    program,
    words.map(({ text }) => text),
  );
  if (fault === undefined) return;
  const { kind, message, hint, argument } = fault;
  const at = (argument === undefined ? undefined : words[argument]) ?? name;
  const place = at.place(0, at.text.length);
  const more = hint === undefined ? {} : { hint };
  if (kind === "refused") inspection.report("error", "bad-arguments", place, message, more);
  else inspection.report("warning", "call-without-effect", place, message, more);
}

function checkDocument(
  inspection: Inspection,
  found: FoundDocument,
  checkers: Checkers,
  maskedLines: Set<number>,
): Problem[] {
  const { kind, text, templates } = found;
  if (text === undefined) return [];
  const check = checkers.check[kind];
  if (check === undefined) {
    inspection.report("note", "not-checked", found.place, `this program has no schema for ${descriptions[kind]}`);
    return [];
  }
  const opened = found.document === undefined ? openYaml(text, templates, { single: true }) : undefined;
  const document = opened?.first ?? found.document;
  if (document === undefined) return [];
  const isConditional = found.isConditional === true || opened?.isConditional === true;
  const { problems, secretLines } = check(isConditional ? withoutDuplicates(document) : document);
  const lines = new LineOffsets(document.text);
  addMaskedLines(maskedLines, secretLines, text, lines);
  if (opened?.isTemplateOnly) {
    reportTemplateOnly(inspection, text);
    return [];
  }
  const value = document.value ?? document.partial;
  found.around?.(value);
  const isTemplate = isConditional || document.text.includes(unknown);
  const certain = isTemplate ? problems.filter((problem) => isCertain(problem, value, isConditional)) : problems;
  const notes = isTemplate ? unknownValues(document, value) : [];
  return [...certain, ...notes].map((problem) => placed(problem, text, lines));
}

/** Of two keys of the same name, one in each branch of a condition, either may be the one that is used. */
function withoutDuplicates(document: YamlDocument): YamlDocument {
  const problems = document.problems.filter(({ code }) => code !== "duplicate-key");
  return problems.length > 0 ? document : { ...document, problems, value: document.partial };
}

const descriptions: Readonly<Record<DocumentKind, string>> = {
  configuration: "configurations",
  boot: "boot documents",
  system: "system.yaml",
  network: "network configurations",
  module: "modules of kanod-image-builder",
  image: "image build documents",
  "cloud-config": "cloud-config",
  kubernetes: "Kubernetes objects",
  other: "this",
};

/** Problems that may vanish, or change, once conditional parts are there or not. */
const conditional: ReadonlySet<string> = new Set([
  "duplicate-key",
  "missing-key",
  "exclusive-keys",
  "too-few",
  "too-many",
  "not-unique",
]);

/** What these are about is not the value that stands at their pointer. */
const aboutKeys: ReadonlySet<string> = new Set(["unknown-key", "bad-key", "exclusive-keys", "duplicate-key"]);

/** Whether a problem is there whatever the templates fill in. */
function isCertain({ code, pointer }: Problem, value: unknown, isConditional: boolean): boolean {
  if (isConditional && conditional.has(code)) return false;
  if (pointer.includes(unknown)) return false;
  if (aboutKeys.has(code)) return true;
  const at = valueAt(value, pointer);
  // A check of a contribution may look at all that is below the place it reports.
  return code in dataCodes || code in yamlCodes ? !isUnknown(at) : !holdsUnknown(at);
}

function valueAt(value: unknown, pointer: string): unknown {
  let at = value;
  for (const part of pointerParts(pointer)) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}

function unknownValues(document: YamlDocument, value: unknown, pointer = ""): Problem[] {
  if (typeof value === "string") {
    if (!value.includes(unknown)) return [];
    const source = document.locate(pointer);
    const name = pointer === "" ? "the whole document" : shown(pointerParts(pointer).join("."));
    const message = `${name} is filled in by a template: it was not checked`;
    return [{ severity: "note", code: "template", pointer, message, ...(source === undefined ? {} : { source }) }];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    return unknownValues(document, item, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`);
  });
}

function addMaskedLines(
  masked: Set<number>,
  secretLines: ReadonlySet<number>,
  text: PlacedText,
  lines: LineOffsets,
): void {
  const begin = text.place(0, 1);
  if (begin.decoded !== undefined) masked.add(begin.source.line);
  for (const line of secretLines) {
    const [start, end] = lines.line(line);
    const first = text.place(start, start).source.line;
    const last = text.place(Math.max(start, end - 1), end).source.line;
    for (let number = first; number <= last; number++) masked.add(number);
  }
}
