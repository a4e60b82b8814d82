import { type Problem, type Severity, type SourceRange, severities } from "../config/problem.ts";
import { printable } from "../config/shown.ts";

export interface TextOptions {
  /** The text of each file that problems have a position in, by the name that they give it. */
  texts: ReadonlyMap<string, string>;
  color: boolean;
  /** By file, the numbers of lines that hold secrets and are not shown. */
  maskedLines?: ReadonlyMap<string, ReadonlySet<number>>;
  /** The last line says how many problems there are. Default true. */
  summary?: boolean;
}

/** Cells of a source line that are shown; of a longer one, those around the problem. */
const maxWidth = 120;
/** Cells before the problem in a line of which only a part is shown. */
const context = 40;
/** Lines beyond this length (UTF-16 units) are made for machines, and are not shown. */
const maxLineLength = 200_000;

/**
 * Problems as compilers show them: place, severity, code and message, the line with a mark under what is meant, a
 * hint; at the end their number. Empty for no problems; otherwise it ends with a line break.
 */
export function formatProblems(problems: readonly Problem[], options: TextOptions): string {
  if (problems.length === 0) return "";
  const printer = new Printer(options);
  const shown = problems.map((problem) => printer.format(problem)).join("\n");
  return options.summary === false ? shown : `${shown}\n${summary(problems)}\n`;
}

/** How many of each severity there are, such as `2 errors, 1 warning`. */
export function summary(problems: readonly Problem[]): string {
  return severities
    .map((severity) => ({ severity, count: problems.filter((each) => each.severity === severity).length }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => `${count} ${severity}${count === 1 ? "" : "s"}`)
    .join(", ");
}

const colors: Readonly<Record<Severity | "gutter" | "bold", string>> = {
  error: "\u001b[1;31m",
  warning: "\u001b[1;33m",
  note: "\u001b[1;36m",
  gutter: "\u001b[34m",
  bold: "\u001b[1m",
};

class Printer {
  readonly #lines: ReadonlyMap<string, readonly string[]>;
  readonly #maskedLines: ReadonlyMap<string, ReadonlySet<number>>;
  readonly #color: boolean;
  /** The line that was shown last: one long line may have all the problems. */
  #last: { line: string; cells: Cell[]; width: number } | undefined;

  constructor({ texts, maskedLines = new Map(), color }: TextOptions) {
    this.#lines = new Map([...texts].map(([file, text]) => [file, splitLines(text)]));
    this.#maskedLines = maskedLines;
    this.#color = color;
  }

  format({ severity, code, message, hint, source }: Problem): string {
    const place = source === undefined ? "" : `${printable(source.file)}:${source.line}:${source.column}: `;
    const what = `${this.#paint(severity, `${severity}[${code}]`)}: ${this.#paint("bold", printable(message))}`;
    const number = source === undefined ? " " : String(source.line);
    const gutter = " ".repeat(number.length);
    const excerpt = source === undefined ? [] : this.#excerpt(source);
    const shown = excerpt.map(
      (text, index) => `${this.#paint("gutter", `${index === 0 ? number : gutter} |`)} ${text}`,
    );
    const advice = hint === undefined ? [] : [`${gutter} ${this.#paint("gutter", "=")} hint: ${printable(hint)}`];
    return [`${place}${what}`, ...shown, ...advice, ""].join("\n");
  }

  #paint(name: keyof typeof colors, text: string): string {
    return this.#color ? `${colors[name]}${text}\u001b[0m` : text;
  }

  /** The line as a terminal can show it, and the line below it that marks the range. */
  #excerpt({ file, line: number, column, endColumn }: SourceRange): string[] {
    const line = this.#lines.get(file)?.[number - 1];
    if (line === undefined) return [];
    if (this.#maskedLines.get(file)?.has(number)) return ["(not shown: the line holds a secret)"];
    if (line.length > maxLineLength) return ["(not shown: the line is too long)"];
    if (this.#last?.line !== line) {
      const cells = cellsOf(line);
      this.#last = { line, cells, width: widthOf(cells) };
    }
    return marked(this.#last.cells, this.#last.width, column - 1, Math.max(endColumn - 1, column));
  }
}

/** The cells, or those around the marked ones where all together are too wide, with the marks in a second line. */
function marked(cells: readonly Cell[], width: number, from: number, to: number): string[] {
  const start = width <= maxWidth ? 0 : startOfWindow(cells, from);
  const end = width <= maxWidth ? cells.length : endOfWindow(cells, start);
  const shown = cells.slice(start, end).map(({ text }) => text);
  const cut = start > 0 ? "…" : "";
  const before = cut.length + widthOf(cells.slice(start, from));
  const marks = Math.max(1, widthOf(cells.slice(from, Math.min(to, end))));
  const text = `${cut}${shown.join("")}${end < cells.length ? "…" : ""}`;
  return [text.trimEnd(), `${" ".repeat(before)}${"^".repeat(marks)}`];
}

function startOfWindow(cells: readonly Cell[], from: number): number {
  let start = Math.min(from, cells.length);
  for (let width = 0; start > 0 && width < context; start--) width += cells[start - 1]?.width ?? 0;
  // All before it is shown where it fits, which is looked at only near the beginning: a line may have many marks.
  return start < maxWidth && widthOf(cells.slice(0, from)) + context < maxWidth ? 0 : start;
}

function endOfWindow(cells: readonly Cell[], start: number): number {
  let end = start;
  for (let width = 0; end < cells.length && width < maxWidth; end++) width += cells[end]?.width ?? 0;
  return end;
}

/** What one character takes on the screen. */
interface Cell {
  text: string;
  width: number;
}

const tabStop = 4;

function cellsOf(line: string): Cell[] {
  let at = 0;
  return Array.from(line, (character) => {
    const text = character === "\t" ? " ".repeat(tabStop - (at % tabStop)) : printable(character);
    const width = text === character ? characterWidth(character) : text.length;
    at += width;
    return { text, width };
  });
}

/** Wide are the characters that UAX #11 calls so, and emoji; marks stand on the character before. */
function characterWidth(character: string): number {
  if (character < "\u0300") return 1;
  if (/\p{M}/u.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

const wide =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Script=Bopomofo}|\p{Script=Yi}|\p{Emoji_Presentation}|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, { width }) => sum + width, 0);
}

function splitLines(text: string): string[] {
  return text.replace(/^\ufeff/, "").split(/\r?\n/);
}
