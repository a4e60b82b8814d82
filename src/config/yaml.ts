import { Composer, type CST, type Document, Lexer, Parser } from "yaml";
import type { Code } from "./codes/catalogue.ts";
import { isMapping } from "./mapping.ts";
import { escapePointerPart, type Problem, type SourceRange, sortProblems } from "./problem.ts";
import { decodeText, unprintableCharacters } from "./read-text.ts";
import { SourceText } from "./source-text.ts";
import { syntaxProblems } from "./yaml-syntax.ts";
import { YamlTree } from "./yaml-tree.ts";

/** One document of a YAML file. */
export interface YamlDocument {
  /** As it is shown to people. */
  readonly file: string;
  /** The text of the whole file, without a byte-order mark. */
  readonly text: string;
  /** Plain data; null for an empty document, undefined when it could not be read (an error is in `problems`). */
  readonly value: unknown;
  /** What is wrong with the YAML, sorted by position. */
  readonly problems: readonly Problem[];
  /**
   * What was read of a document that has errors; undefined where nothing was. Good for finding further problems and
   * what to mask, never for acting on it.
   */
  readonly partial?: unknown;
  /**
   * Where a value, or the key that leads to it, stands; of the nearest ancestor where `pointer` leads nowhere. The key
   * of an item of a list, or of the document itself, is its first own key. The content of an alias or a merge key
   * stands at the anchor.
   */
  locate(pointer: string, part?: "key" | "value"): SourceRange | undefined;
  /** Numbers of the lines that a value and its key stand in; for an alias also those of its anchor. */
  linesOf(pointer: string): number[];
}

/** Greatest size of an input, in bytes. */
export const maxInputBytes: number = 16 * 1024 * 1024;
/** Greatest number of lexical tokens: they bound the memory that reading takes (a line `key: value` has six). */
const maxTokens = 500_000;
/** Mappings and lists within each other, also through aliases. */
const maxDepth = 100;
/** Problems with the YAML of one file that are listed. */
const maxProblems = 1000;

/** Keys are text as it is written, and the checks that take quadratic time or share objects are done in YamlTree. */
const composerOptions = {
  version: "1.2",
  schema: "core",
  merge: false,
  resolveKnownTags: false,
  stringKeys: true,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: "silent",
} as const;

/**
 * Reads a text that holds exactly one YAML 1.2 document (core schema, merge keys `<<`, keys are text as written). It
 * never throws: whatever is wrong is in `problems`.
 */
export function parseYaml(input: string | Uint8Array, file: string): YamlDocument {
  const documents = readDocuments(input, file, 2);
  const [first, second] = documents;
  if (first === undefined) throw new Error("a text has at least one document");
  if (second === undefined) return first;
  const severalDocuments: Problem = {
    severity: "error",
    code: "several-documents",
    pointer: "",
    message: "a second document begins here, but only one is allowed",
    hint: "remove the line `---` that separates them",
    ...sourceOf(second.start),
  };
  return first.with([severalDocuments, ...second.problems]);
}

/** Reads all documents of a text, like {@link parseYaml}: at least one, which is null for an empty text. */
export function parseYamlStream(input: string | Uint8Array, file: string): YamlDocument[] {
  return readDocuments(input, file, Number.POSITIVE_INFINITY);
}

/** The problem of a document that is not a mapping, as a configuration must be. */
export function requireMapping(document: YamlDocument): Problem[] {
  const { value } = document;
  if (value === undefined || isMapping(value)) return [];
  const message = value === null ? "the document is empty" : "the document must be a mapping of keys to values";
  const hint = "write `key: value`, one a line";
  return [{ severity: "error", code: "not-a-mapping", pointer: "", message, hint, ...sourceOf(document.locate("")) }];
}

/** A key of a document, as a document whose positions are those of the whole. */
export function documentPart(document: YamlDocument, key: string): YamlDocument {
  const { file, text, value, problems } = document;
  const above = `/${escapePointerPart(key)}`;
  return {
    file,
    text,
    value: isMapping(value) ? value[key] : undefined,
    problems,
    locate: (pointer, part) => document.locate(above + pointer, part),
    linesOf: (pointer) => document.linesOf(above + pointer),
  };
}

class ReadDocument implements YamlDocument {
  readonly file: string;
  readonly text: string;
  readonly value: unknown;
  readonly partial: unknown;
  readonly problems: readonly Problem[];
  /** Where the document begins. */
  readonly start: SourceRange;
  // Properties, so that a copy made with `...` has them too.
  readonly locate: YamlDocument["locate"] = (pointer, part = "value") => this.#tree?.locate(pointer, part);
  readonly linesOf: YamlDocument["linesOf"] = (pointer) => this.#tree?.linesOf(pointer) ?? [];
  readonly #tree: YamlTree | undefined;
  readonly #source: SourceText;

  constructor(source: SourceText, problems: readonly Problem[], tree?: YamlTree, start = 0) {
    this.file = source.file;
    this.text = source.text;
    this.problems = limited(sortProblems(problems));
    this.partial = tree?.value;
    this.value = problems.length === 0 ? tree?.value : undefined;
    this.start = source.range(start, start + 3);
    this.#tree = tree;
    this.#source = source;
  }

  with(problems: readonly Problem[]): ReadDocument {
    return new ReadDocument(this.#source, [...this.problems, ...problems], this.#tree);
  }
}

function readDocuments(input: string | Uint8Array, file: string, limit: number): ReadDocument[] {
  if (input.length > maxInputBytes) {
    const message = `the input is larger than ${maxInputBytes / 1024 / 1024} MiB`;
    return [unreadable(new SourceText(file, ""), "input-too-large", message, 0)];
  }
  const { source, fault } = decodeText(input, file);
  const faults = fault === undefined ? unprintableCharacters(source, maxProblems + 1) : [fault];
  if (faults.length > 0) {
    const problems = faults.map((each): Problem => ({ severity: "error", pointer: "", ...each }));
    return [new ReadDocument(source, problems)];
  }
  const { tokens, problem } = readTokens(source);
  if (problem !== undefined) return [problem];
  return composeDocuments(tokens, limit, source.text.length).map((document) => readDocument(source, document));
}

/** The lexer and the parser do not recurse, so that a limit can be set before anything that does sees the input. */
function readTokens(source: SourceText): { tokens: CST.Token[]; problem?: ReadDocument } {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let count = 0;
  for (const lexeme of new Lexer().lex(source.text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (isTooDeep(parser)) {
      const message = `more than ${maxDepth} nested mappings and lists`;
      return { tokens, problem: unreadable(source, "too-deep", message, parser.offset - lexeme.length) };
    }
    if (++count > maxTokens) {
      const message = `the input has more than ${maxTokens} keys, values and signs`;
      return { tokens, problem: unreadable(source, "input-too-large", message, parser.offset) };
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return { tokens };
}

function isTooDeep({ stack }: Parser): boolean {
  if (stack.length <= maxDepth) return false;
  return stack.filter(({ type }) => type.startsWith("block-") || type === "flow-collection").length > maxDepth;
}

function composeDocuments(tokens: readonly CST.Token[], limit: number, length: number): Document.Parsed[] {
  const composer = new Composer(composerOptions);
  const documents: Document.Parsed[] = [];
  for (const token of tokens) {
    documents.push(...composer.next(token));
    if (documents.length >= limit) return documents;
  }
  documents.push(...composer.end(documents.length === 0, length));
  return documents.slice(0, limit);
}

function readDocument(source: SourceText, document: Document.Parsed): ReadDocument {
  const tree = new YamlTree(source, document.contents, maxDepth);
  return new ReadDocument(source, [...syntaxProblems(source, document), ...tree.problems], tree, document.range[0]);
}

function unreadable(source: SourceText, code: Code, message: string, at: number): ReadDocument {
  return new ReadDocument(source, [
    { severity: "error", code, pointer: "", message, source: source.range(at, at + 1) },
  ]);
}

function sourceOf(source: SourceRange | undefined): { source?: SourceRange } {
  return source === undefined ? {} : { source };
}

function limited(problems: Problem[]): Problem[] {
  if (problems.length <= maxProblems) return problems;
  const listed = problems.slice(0, maxProblems);
  const message = `more than ${maxProblems} problems: the rest are not listed`;
  return [...listed, { severity: "note", code: "too-many-problems", pointer: "", message }];
}
