import { type Problem, type Severity, type SourceRange, severities } from "../config/problem.ts";
import { escapeControls } from "../config/shown.ts";

export { secretLines } from "./secret-lines.ts";

export interface TextOptions {
  /** The text of each file that problems have a position in, by the name that they give it. */
  texts: ReadonlyMap<string, string>;
  color: boolean;
  /** By file, the numbers of lines that hold secrets and are not shown. */
  maskedLines?: ReadonlyMap<string, ReadonlySet<number>>;
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
  const lines = new Map([...options.texts].map(([file, text]) => [file, splitLines(text)]));
  const blocks = problems.map((problem) => formatProblem(problem, lines, options));
  return `${blocks.join("\n")}\n${summary(problems)}\n`;
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

function formatProblem(
  { severity, code, message, hint, source }: Problem,
  lines: ReadonlyMap<string, readonly string[]>,
  { color, maskedLines }: TextOptions,
): string {
  const paint = (name: keyof typeof colors, text: string): string => (color ? `${colors[name]}${text}\u001b[0m` : text);
  const place = source === undefined ? "" : `${escapeControls(source.file)}:${source.line}:${source.column}: `;
  const head = `${place}${paint(severity, `${severity}[${code}]`)}: ${paint("bold", escapeControls(message))}\n`;
  const line = source && lines.get(source.file)?.[source.line - 1];
  const gutter = " ".repeat(source === undefined ? 1 : String(source.line).length);
  const excerpt =
    source === undefined || line === undefined
      ? []
      : maskedLines?.get(source.file)?.has(source.line)
        ? [`${source.line} | (not shown: the line holds a secret)`]
        : excerptOf(line, source).map((text, index) => `${index === 0 ? source.line : gutter} | ${text}`);
  const shown = excerpt.map((text) => {
    const bar = text.indexOf("|") + 1;
    return `${paint("gutter", text.slice(0, bar))}${text.slice(bar)}\n`;
  });
  const advice = hint === undefined ? "" : `${gutter} ${paint("gutter", "=")} hint: ${escapeControls(hint)}\n`;
  return head + shown.join("") + advice;
}

/** The line as a terminal can show it, and the line below it that marks the range. */
function excerptOf(line: string, { column, endColumn }: SourceRange): string[] {
  if (line.length > maxLineLength) return ["(not shown: the line is too long)"];
  const cells = cellsOf(line);
  const from = column - 1;
  const to = Math.max(endColumn - 1, from + 1);
  const window = windowAround(cells, from);
  const shown = cells.slice(window.start, window.end);
  const cutBefore = window.start > 0 ? "…" : "";
  const cutBehind = window.end < cells.length ? "…" : "";
  const before = cutBefore.length + widthOf(cells.slice(window.start, from));
  const marked = Math.max(1, widthOf(cells.slice(from, Math.min(to, window.end))));
  const text = `${cutBefore}${shown.map((cell) => cell.text).join("")}${cutBehind}`;
  return [text.trimEnd(), `${" ".repeat(before)}${"^".repeat(marked)}`];
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
    const text = character === "\t" ? " ".repeat(tabStop - (at % tabStop)) : escapeControls(character);
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

function windowAround(cells: readonly Cell[], from: number): { start: number; end: number } {
  if (widthOf(cells) <= maxWidth) return { start: 0, end: cells.length };
  const start = from + context < maxWidth ? 0 : from - context;
  let end = start;
  for (let width = 0; end < cells.length && width < maxWidth; end++) width += cells[end]?.width ?? 0;
  return { start, end };
}

function splitLines(text: string): string[] {
  return text.replace(/^\ufeff/, "").split(/\r?\n/);
}
