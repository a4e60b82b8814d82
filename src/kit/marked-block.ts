/**
 * Our lines in a file of lines with `#` comments that others edit, too. Both marks carry a fingerprint of each line that we
 * wrote: an edit by hand cannot make a line of others ours, whichever mark or line it removes, moves or adds.
 */
export interface MarkedText {
  /** Our lines. */
  ours: string[];
  /** The text without our lines and marks. */
  others: string;
}

/**
 * The text with our lines replaced by `lines`; without any, our marks are removed, too. All other lines stay as they are.
 * The block is put at the end, because in such files the last of several assignments counts.
 */
export function withMarkedBlock(text: string, lines: readonly string[]): string {
  const { others } = splitMarkedBlock(text);
  if (lines.length === 0) return others;
  const lineEnd = others === "" || others.endsWith("\n") ? "" : "\n";
  const prints = `[${lines.map(fingerprint).join(" ")}]`;
  return `${others}${lineEnd}${[`${begin} ${prints}`, ...lines, `${end} ${prints}`].join("\n")}\n`;
}

const begin = "# BEGIN kanod-configure: generated from its configuration";
const end = "# END kanod-configure";

/** Marks of version 0.1, without fingerprints. */
const formerBegins: readonly string[] = [
  "# BEGIN kanod-configure",
  "# BEGIN kanod-configure: changes made between these lines are lost",
  "# Written by kanod-configure: changes between these two lines are lost.",
];
const formerEnds: readonly string[] = ["# END kanod-configure", "# End of what kanod-configure wrote."];

interface Mark {
  kind: "begin" | "end";
  /** Undefined in a mark of version 0.1. */
  prints: string[] | undefined;
}

/** Tells our lines from those of others. A mark without its counterpart claims only the lines next to it that we wrote. */
export function splitMarkedBlock(text: string): MarkedText {
  const lines = text.split("\n");
  const marks = lines.map(markOf);
  const isOurs = new Set<number>();
  for (let at = 0; at < lines.length; at += 1) {
    const mark = marks[at];
    if (mark === undefined) continue;
    const next = mark.kind === "begin" ? marks.findIndex((other, index) => index > at && other !== undefined) : -1;
    const closing = marks[next];
    if (closing?.kind === "end") {
      claimWithin(lines, at, next, printsOf(mark, closing), isOurs);
      at = next;
    } else claimBeside(lines, at, mark, isOurs);
  }
  const ours = lines.filter((_, index) => isOurs.has(index) && marks[index] === undefined);
  const others = lines.filter((_, index) => !isOurs.has(index) && marks[index] === undefined);
  return { ours, others: others.join("\n") };
}

/** The fingerprints that two marks stand for; undefined where everything between them is ours. */
function printsOf(first: Mark, last: Mark): string[] | undefined {
  if (first.prints === undefined) return last.prints;
  const same = first.prints.join() === (last.prints ?? first.prints).join();
  return same ? first.prints : [...first.prints, ...(last.prints ?? [])];
}

function claimWithin(
  lines: readonly string[],
  from: number,
  to: number,
  prints: readonly string[] | undefined,
  isOurs: Set<number>,
): void {
  const left = [...(prints ?? [])];
  for (let at = from + 1; at < to; at += 1) {
    if (prints === undefined || take(left, lines[at])) isOurs.add(at);
  }
}

function claimBeside(lines: readonly string[], from: number, { kind, prints }: Mark, isOurs: Set<number>): void {
  const left = [...(prints ?? [])];
  const step = kind === "begin" ? 1 : -1;
  for (let at = from + step; at >= 0 && at < lines.length && !isOurs.has(at) && take(left, lines[at]); at += step) {
    isOurs.add(at);
  }
}

function take(prints: string[], line: string | undefined): boolean {
  const index = prints.indexOf(fingerprint(line ?? ""));
  if (index >= 0) prints.splice(index, 1);
  return index >= 0;
}

function markOf(line: string): Mark | undefined {
  if (!line.startsWith("# ")) return undefined;
  if (formerBegins.includes(line)) return { kind: "begin", prints: undefined };
  if (formerEnds.includes(line)) return { kind: "end", prints: undefined };
  const [, text, prints] = /^(.*) \[([0-9a-f]{8}(?: [0-9a-f]{8})*)\]$/.exec(line) ?? [];
  if (prints === undefined || (text !== begin && text !== end)) return undefined;
  return { kind: text === begin ? "begin" : "end", prints: prints.split(" ") };
}

/** FNV-1a, 32 bits (draft-eastlake-fnv), over UTF-16 code units. It tells edits apart; it need not resist an attack. */
function fingerprint(line: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < line.length; at += 1) hash = Math.imul(hash ^ line.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
