import type { SourceRange } from "../../config/problem.ts";
import { SourceText } from "../../config/source-text.ts";

/** Where a part of a text stands. */
export interface Place {
  /** In the file. */
  source: SourceRange;
  /** In the text that was decoded from what stands at `source`, where base64 or gzip lie between the two. */
  decoded?: SourceRange;
  /** Index of the {@link joinedText} part that it is in. */
  part?: number;
}

/** A text that stands in a file, whole or within other texts, with the way back to the file. */
export interface PlacedText {
  readonly file: string;
  readonly text: string;
  /** The place of the part from `start` up to `end` (exclusive), in UTF-16 units. */
  place(start: number, end: number): Place;
}

/** From `inner` on, up to the next one, what stands at `inner + n` stands at `outer + n` of the text around it. */
export interface Segment {
  inner: number;
  outer: number;
}

/** A file. */
export function fileText(file: string, text: string): PlacedText {
  const source = new SourceText(file, text);
  return { file, text, place: (start, end) => ({ source: source.range(start, end) }) };
}

/** A text that stands in another one, changed only as `segments` (sorted, the first at 0) say. */
export function partText(outer: PlacedText, text: string, segments: readonly Segment[]): PlacedText {
  const outerOffset = (inner: number): number => {
    const segment = segments[lastNotAfter(segments, inner)] ?? { inner: 0, outer: 0 };
    return segment.outer + inner - segment.inner;
  };
  const place = (start: number, end: number): Place => {
    const from = outerOffset(start);
    return outer.place(from, end > start ? Math.max(from, outerOffset(end - 1) + 1) : from);
  };
  return { file: outer.file, text, place };
}

/** A text that was decoded from what stands from `start` up to `end` in another one: all of it stands there. */
export function decodedText(outer: PlacedText, start: number, end: number, text: string): PlacedText {
  const decoded = new SourceText(outer.file, text);
  const { source, part } = outer.place(start, end);
  const more = part === undefined ? {} : { part };
  return { file: outer.file, text, place: (from, to) => ({ source, ...more, decoded: decoded.range(from, to) }) };
}

/** Texts one after the other, such as the commands of a list that become one script. */
export function joinedText(file: string, parts: readonly PlacedText[]): PlacedText {
  const starts: { inner: number; outer: number }[] = [];
  let text = "";
  for (const part of parts) {
    starts.push({ inner: text.length, outer: 0 });
    text += part.text;
  }
  const place = (start: number, end: number): Place => {
    const index = lastNotAfter(starts, start);
    const [part, from] = [parts[index], starts[index]?.inner ?? 0];
    if (part === undefined) throw new Error("a place in no text");
    return { ...part.place(start - from, Math.min(end - from, part.text.length)), part: index };
  };
  return { file, text, place };
}

/** The same text with some characters replaced: nothing has moved. */
export function withText(placed: PlacedText, text: string): PlacedText {
  return { ...placed, text };
}

function lastNotAfter(segments: readonly Segment[], inner: number): number {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((segments[middle]?.inner ?? 0) <= inner) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The offsets (UTF-16 units) of lines and columns: the way back from a {@link SourceRange}. */
export class LineOffsets {
  readonly #text: string;
  readonly #starts: readonly number[];

  constructor(text: string) {
    this.#text = text;
    const starts = [0];
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    this.#starts = starts;
  }

  /** Line and column count from 1, columns in characters. */
  offset(line: number, column: number): number {
    let offset = this.#starts[line - 1] ?? this.#text.length;
    for (let left = column - 1; left > 0 && offset < this.#text.length; left--) {
      offset += (this.#text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
    }
    return offset;
  }

  /** Start and end of a line, the line break left out. */
  line(line: number): [start: number, end: number] {
    const start = this.#starts[line - 1] ?? this.#text.length;
    const next = this.#starts[line];
    return [start, next === undefined ? this.#text.length : next - 1];
  }
}
