import type { SourceRange } from "./problem.ts";

const blockSize = 1024;

/** A text that knows line and column of its offsets (UTF-16 units), in constant time per question. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  /** Offset at which each line starts. */
  #lineStarts: readonly number[] | undefined;
  /** How many surrogate pairs end before each block; empty for a text without any. */
  #pairsBefore: readonly number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** The range from `start` up to `end` (exclusive), cut off at the end of the line that it starts in. */
  range(start: number, end: number): SourceRange {
    const from = Math.min(Math.max(start, 0), this.text.length);
    const line = this.#lineAt(from);
    const lineStart = this.#starts()[line] ?? 0;
    const lineEnd = this.#lineEnd(line);
    const first = Math.min(from, lineEnd);
    const last = Math.min(Math.max(end, first), lineEnd);
    return {
      file: this.file,
      line: line + 1,
      column: this.#characters(lineStart, first) + 1,
      endColumn: this.#characters(lineStart, last) + 1,
    };
  }

  #starts(): readonly number[] {
    if (this.#lineStarts === undefined) {
      const starts = [0];
      for (let at = this.text.indexOf("\n"); at !== -1; at = this.text.indexOf("\n", at + 1)) starts.push(at + 1);
      this.#lineStarts = starts;
    }
    return this.#lineStarts;
  }

  #lineAt(offset: number): number {
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The offset behind the last character of a line, its line break left out. */
  #lineEnd(line: number): number {
    const next = this.#starts()[line + 1];
    if (next === undefined) return this.text.length;
    return this.text[next - 2] === "\r" ? next - 2 : next - 1;
  }

  /** Unicode code points from `start` up to `end`. */
  #characters(start: number, end: number): number {
    return end - start - (this.#pairsUpTo(end) - this.#pairsUpTo(start));
  }

  #pairsUpTo(offset: number): number {
    this.#pairsBefore ??= countPairs(this.text);
    const block = Math.floor(offset / blockSize);
    const before = this.#pairsBefore[block];
    if (before === undefined) return 0;
    return before + pairsWithin(this.text, block * blockSize, offset);
  }
}

function countPairs(text: string): number[] {
  if (!/[\ud800-\udfff]/.test(text)) return [];
  const counts: number[] = [];
  let pairs = 0;
  for (let at = 0; at <= text.length; at += blockSize) {
    counts.push(pairs);
    pairs += pairsWithin(text, at, Math.min(at + blockSize, text.length));
  }
  return counts;
}

/** Low surrogates that complete a pair, from `start` up to `end`. */
function pairsWithin(text: string, start: number, end: number): number {
  let pairs = 0;
  for (let at = Math.max(start, 1); at < end; at++) {
    const isPair = (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
    if (isPair) pairs++;
  }
  return pairs;
}
