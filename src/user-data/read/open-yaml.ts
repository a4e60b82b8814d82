import type { Problem } from "../../config/problem.ts";
import { parseYaml, parseYamlStream, type YamlDocument } from "../../config/yaml.ts";
import { atPlace } from "./inspection.ts";
import { LineOffsets, type PlacedText, withText } from "./placed-text.ts";
import { readAsPyYaml, readStreamAsPyYaml } from "./pyyaml/read.ts";
import { fillTemplates, type TemplateSyntax, unknown } from "./templates.ts";

/** A YAML text whose templates are filled with what stands for unknown values. */
export interface OpenedYaml {
  documents: readonly YamlDocument[];
  /** The first of them, which is there also where the text is empty. */
  first: YamlDocument;
  /** The text that was read. */
  text: PlacedText;
  /** Parts of it may be there several times, or not at all. */
  isConditional: boolean;
  /** What is wrong with its YAML whatever the templates fill in, with places in the file. */
  problems: Problem[];
  /** It is not YAML before its templates are filled in. */
  isTemplateOnly: boolean;
}

interface ReadOptions {
  /** Only one document is allowed. */
  single: boolean;
  /** It is read as cloud-init does: for a single document. */
  byCloudInit?: boolean;
  /** Where we find faults that the YAML of Go does not, its reading counts: for several documents. */
  isForeign?: boolean;
  /** Codes of what is no problem for the program that reads the text. */
  allowed?: readonly string[];
}

/** Reads a YAML text whose templates have not been filled in yet. */
export function openYaml(text: PlacedText, templates: readonly TemplateSyntax[], options: ReadOptions): OpenedYaml {
  const filled = fillTemplates(text.text, templates);
  const first = read(text, filled, options);
  if (first.problems.length === 0 || !filled.text.includes(unknown)) return first;
  const blanked = fillTemplates(text.text, templates, { blankLines: true });
  const second = read(text, blanked, options);
  if (second.problems.length === 0) return second;
  const lines = new LineOffsets(filled.text);
  const certain = first.faults.filter(({ source }) => {
    return source !== undefined && !filled.text.slice(...lines.line(source.line)).includes(unknown);
  });
  return {
    ...first,
    problems: certain.map((fault) => placed(fault, text, lines)),
    isTemplateOnly: certain.length === 0,
  };
}

function read(
  text: PlacedText,
  { text: filled, isConditional }: { text: string; isConditional: boolean },
  { single, byCloudInit = false, isForeign = false, allowed = [] }: ReadOptions,
): OpenedYaml & { faults: readonly Problem[] } {
  const documents = single ? [] : readStream(filled, text.file, isForeign);
  const parse = byCloudInit ? readAsPyYaml : parseYaml;
  const first = documents[0] ?? parse(filled, text.file);
  if (single) documents.push(first);
  const faults = documents
    .flatMap((document) => document.problems)
    .filter(({ code }) => !allowed.includes(code) && !(isConditional && code === "duplicate-key"));
  const lines = new LineOffsets(filled);
  const problems = faults.map((fault) => placed(fault, text, lines));
  return { documents, first, text: withText(text, filled), isConditional, problems, faults, isTemplateOnly: false };
}

function readStream(text: string, file: string, isForeign: boolean): YamlDocument[] {
  const documents = parseYamlStream(text, file);
  const hasFaults = isForeign && documents.some(({ problems }) => problems.some(({ code }) => code === "yaml-syntax"));
  return (hasFaults ? readStreamAsPyYaml(text, file) : undefined) ?? documents;
}

/** A problem of a text, with its place in the file that the text stands in. */
export function placed(problem: Problem, text: PlacedText, lines: LineOffsets): Problem {
  const { source } = problem;
  if (source === undefined) return atPlace(problem, text.place(0, 1));
  const start = lines.offset(source.line, source.column);
  const end = lines.offset(source.line, source.endColumn);
  return atPlace(problem, text.place(start, end));
}
