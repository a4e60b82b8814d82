import type { YamlDocument } from "../../config/yaml.ts";
import { decodedText, LineOffsets, type Place, type PlacedText, partText, type Segment } from "./placed-text.ts";

/** The texts within one YAML document, with their places. */
export class ScalarTexts {
  readonly #document: YamlDocument;
  readonly #outer: PlacedText;
  readonly #lines: LineOffsets;

  /** `document` was read from `outer.text`. */
  constructor(document: YamlDocument, outer: PlacedText) {
    this.#document = document;
    this.#outer = outer;
    this.#lines = new LineOffsets(outer.text);
  }

  /** The text that stands at a JSON pointer, which `value` is. */
  text(pointer: string, value: string): PlacedText {
    const [start, end] = this.range(pointer);
    const segments = scalarSegments(this.#outer.text, start, value);
    // An alias, or a form that is not understood: then the whole stands where it begins.
    return segments === undefined
      ? decodedText(this.#outer, start, end, value)
      : partText(this.#outer, value, segments);
  }

  /** Offsets of what stands at a JSON pointer, cut off at the end of its first line. */
  range(pointer: string, part: "key" | "value" = "value"): [start: number, end: number] {
    const source = this.#document.locate(pointer, part);
    if (source === undefined) return [0, 0];
    const { line, column, endColumn } = source;
    return [this.#lines.offset(line, column), this.#lines.offset(line, endColumn)];
  }

  place(pointer: string, part: "key" | "value" = "value"): Place {
    return this.#outer.place(...this.range(pointer, part));
  }

  /** What is written at a JSON pointer, on the first line of it. */
  source(pointer: string): string {
    return this.#outer.text.slice(...this.range(pointer));
  }

  /** Whether a tag stands before the value, such as `!!binary`. */
  hasTag(pointer: string, tag: string): boolean {
    const [start] = this.range(pointer);
    return this.#outer.text
      .slice(Math.max(0, start - tag.length - 80), start)
      .trimEnd()
      .endsWith(tag);
  }
}

/**
 * Where the characters of a scalar stand in the source that it was read from (YAML 1.2.2, chapters 7.3 and 8.1), from
 * the offset of its first sign on. Undefined where `value` is not what stands there.
 */
export function scalarSegments(source: string, start: number, value: string): Segment[] | undefined {
  const sign = source[start];
  if (sign === "|" || sign === ">") return blockSegments(source, start, value);
  if (sign === '"' || sign === "'") return flowSegments(source, start + 1, value, sign);
  return flowSegments(source, start, value, "");
}

const blockHeader = /[|>][-+1-9]{0,2}[ \t]*(?:#.*)?(?:\r?\n|$)/y;

/** Each line of a block is found again in the value; between them are only the breaks and blanks that folding makes. */
function blockSegments(source: string, start: number, value: string): Segment[] | undefined {
  blockHeader.lastIndex = start;
  if (!blockHeader.test(source)) return undefined;
  let lineStart = blockHeader.lastIndex;
  const indent = blockIndent(source, lineStart, value);
  const segments: Segment[] = [{ inner: 0, outer: lineStart + indent }];
  const end = value.trimEnd().length;
  for (let inner = 0; inner < end && lineStart < source.length; ) {
    const lineBreak = source.indexOf("\n", lineStart);
    const lineEnd = lineBreak === -1 ? source.length : lineBreak;
    const content = source.slice(lineStart + indent, lineEnd).replace(/\r$/, "");
    if (content !== "" && source.slice(lineStart, lineEnd).trim() !== "") {
      while (!value.startsWith(content, inner) && /[ \n]/.test(value[inner] ?? "")) inner++;
      if (!value.startsWith(content, inner)) return undefined;
      segments.push({ inner, outer: lineStart + indent });
      inner += content.length;
    } else if (value[inner] === "\n") {
      segments.push({ inner, outer: Math.min(lineStart + indent, lineEnd) });
      inner++;
    }
    lineStart = lineEnd + 1;
  }
  return isInOrder(segments) ? segments : undefined;
}

/** The indentation of a block is that of its lines but for the blanks that belong to the value. */
function blockIndent(source: string, from: number, value: string): number {
  const line = /[^\S\n]*\S.*/.exec(source.slice(from))?.[0] ?? "";
  const first = /[^\S\n]*\S.*/.exec(value)?.[0] ?? "";
  const width = (text: string): number => text.search(/\S|$/);
  return Math.max(0, width(line) - width(first));
}

function isInOrder(segments: readonly Segment[]): boolean {
  return segments.every(({ inner, outer }, index) => {
    const before = segments[index - 1];
    return before === undefined || (before.inner <= inner && before.outer <= outer);
  });
}

const lineFold = /[ \t]*(?:\r?\n[ \t]*)+/y;
const escapeSequence = /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|\r?\n[ \t]*(?:\r?\n[ \t]*)*|.)/y;

/** A scalar in quotes, or a plain one; `quote` is empty for the latter. */
function flowSegments(source: string, start: number, value: string, quote: '"' | "'" | ""): Segment[] | undefined {
  const segments: Segment[] = [{ inner: 0, outer: start }];
  let outer = start;
  for (let inner = 0; inner < value.length; ) {
    const piece = flowPiece(source, outer, value, inner, quote);
    if (piece === undefined) return undefined;
    outer += piece.outer;
    inner += piece.inner;
    if (piece.inner !== piece.outer) segments.push({ inner, outer });
  }
  return segments;
}

/** How far the next piece of a scalar reaches in the source and in the value; undefined where they do not agree. */
function flowPiece(
  source: string,
  outer: number,
  value: string,
  inner: number,
  quote: '"' | "'" | "",
): { outer: number; inner: number } | undefined {
  lineFold.lastIndex = outer;
  const fold = /\s/.test(source[outer] ?? "") ? lineFold.exec(source)?.[0] : undefined;
  if (fold !== undefined) {
    const breaks = fold.split("\n").length - 1;
    const made = breaks === 1 ? " " : "\n".repeat(breaks - 1);
    return value.startsWith(made, inner) ? { outer: fold.length, inner: made.length } : undefined;
  }
  if (quote === "'" && source.startsWith("''", outer)) {
    return value[inner] === "'" ? { outer: 2, inner: 1 } : undefined;
  }
  if (quote === '"' && source[outer] === "\\") {
    escapeSequence.lastIndex = outer;
    const sequence = escapeSequence.exec(source)?.[0];
    return sequence === undefined ? undefined : { outer: sequence.length, inner: madeBy(sequence) };
  }
  return source[outer] === value[inner] ? { outer: 1, inner: 1 } : undefined;
}

/** How many UTF-16 units an escape sequence stands for. */
function madeBy(sequence: string): number {
  const breaks = sequence.split("\n").length - 1;
  if (breaks > 0) return breaks - 1;
  return sequence.startsWith("\\U") && Number.parseInt(sequence.slice(2), 16) > 0xffff ? 2 : 1;
}
