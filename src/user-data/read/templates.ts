/**
 * What stands for the characters that a template fills in, in a text that is checked before: a character of the private
 * use area, which YAML allows and no configuration has.
 */
export const unknown = "\ue000";

/** Syntaxes of templates that a text may go through before it is used. */
export type TemplateSyntax = "jinja" | "envsubst" | "terraform" | "shell";

/** One thing that a template fills in. Offsets in UTF-16 units. */
interface Gap {
  start: number;
  end: number;
  /** Jinja's statements and comments leave nothing themselves. */
  kind: "value" | "statement" | "comment";
}

/** A text whose gaps are filled with {@link unknown}; it has the same length and the same lines. */
export interface FilledText {
  text: string;
  /** Whole lines are conditional, repeated or unknown: what stands there may be there several times, or not at all. */
  isConditional: boolean;
}

/**
 * Fills what templates of the given syntaxes would fill in. With `blankLines`, what fills whole lines leaves nothing:
 * it may be keys and values, or a statement of Go's templates.
 */
export function fillTemplates(
  text: string,
  syntaxes: readonly TemplateSyntax[],
  options: { blankLines?: boolean } = {},
): FilledText {
  let filled = text;
  let isConditional = false;
  for (const syntax of syntaxes) {
    const gaps = gapsOf[syntax](filled);
    isConditional ||= gaps.some(({ kind }) => kind === "statement");
    filled = fill(filled, gaps);
  }
  const blanked = options.blankLines ? withoutUnknownLines(filled) : filled;
  return { text: blanked, isConditional: isConditional || blanked !== filled };
}

/** A line that is filled in; its indentation is not taken for more than one line's. */
const unknownLine = new RegExp(`^[ \\t]*${unknown}+[ \\t\\r]*$`, "gm");

/** What a line fills in is a comment, indented as what comes next, so that it does not end the block that it is in. */
function withoutUnknownLines(text: string): string {
  return text.replace(unknownLine, (line, offset: number) => {
    const first = line.search(/\S/);
    const start = offset + Math.max(0, first);
    const end = offset + line.trimEnd().length;
    const comment = asComment(line.slice(Math.max(0, first)));
    return line.slice(0, Math.max(0, first)) + indented(text, { start, end, kind: "statement" }, comment);
  });
}

/** A comment is nothing to YAML, and keeps the indentation of the block that it stands in. */
function asComment(text: string): string {
  return text.replace(/\S/g, "#");
}

/** Whether a template fills in the value, a part of it, or a key or an item directly in it. */
export function isUnknown(value: unknown): boolean {
  if (typeof value === "string") return value.includes(unknown);
  if (Array.isArray(value)) return value.some((item) => typeof item === "string" && item.includes(unknown));
  return typeof value === "object" && value !== null && Object.keys(value).some((key) => key.includes(unknown));
}

/** Whether a template fills in anything in the value. */
export function holdsUnknown(value: unknown): boolean {
  if (isUnknown(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsUnknown);
}

const gapsOf: Readonly<Record<TemplateSyntax, (text: string) => Gap[]>> = {
  // https://jinja.palletsprojects.com/en/stable/templates/#synopsis
  // In Go's templates, which Helm's are, text between backquotes is taken as it is.
  jinja: jinjaGaps,
  // clusterctl replaces `${VAR}` and its forms with defaults and the like.
  envsubst: (text) => gapsMatching(text, /\$\{[^}\n]*\}/g),
  // https://developer.hashicorp.com/terraform/language/expressions/strings#directives
  terraform: (text) => gapsMatching(text, /%\{[^}\n]*\}/g),
  shell: (text) => gapsMatching(text, /\$\{[^}\n]*\}|\$\([^)\n]*\)|\$[A-Za-z_]\w*|\$[0-9@*#?$!-]|`[^`\n]*`/g),
};

/** Once one has no end, no later one has. */
function jinjaGaps(text: string): Gap[] {
  const gaps: Gap[] = [];
  const endless = new Set<string>();
  const opening = /\{[{%#]/g;
  for (let found = opening.exec(text); found !== null; found = opening.exec(text)) {
    const { 0: sign, index: start } = found;
    const closing = { "{{": "}}", "{%": "%}", "{#": "#}" }[sign] ?? "}}";
    if (endless.has(closing)) continue;
    const quoted = /\{\{-?\s*`[^`]*`\s*-?\}\}/y;
    quoted.lastIndex = start;
    const close = quoted.test(text) ? quoted.lastIndex - 2 : text.indexOf(closing, start + 2);
    if (close === -1) {
      endless.add(closing);
      continue;
    }
    opening.lastIndex = close + 2;
    gaps.push({ start, end: close + 2, kind: kinds[sign] ?? "value" });
  }
  return gaps;
}

const kinds: Readonly<Record<string, Gap["kind"]>> = { "{%": "statement", "%{": "statement", "{#": "comment" };

function gapsMatching(text: string, pattern: RegExp): Gap[] {
  return [...text.matchAll(pattern)].map(({ 0: match, index }) => ({
    start: index,
    end: index + match.length,
    kind: kinds[match.slice(0, 2)] ?? "value",
  }));
}

function fill(text: string, gaps: readonly Gap[]): string {
  let result = "";
  let copied = 0;
  for (const gap of gaps) {
    result += text.slice(copied, gap.start) + filling(text, gap);
    copied = gap.end;
  }
  return result + text.slice(copied);
}

function filling(text: string, gap: Gap): string {
  const filled = text.slice(gap.start, gap.end);
  if (gap.kind !== "value" && isAloneOnItsLines(text, gap)) return asComment(indented(text, gap, filled));
  // The further lines may stand in a block, whose indentation they have to keep.
  return filled.replace(/(\n[ \t]*)|[^\n]/g, (_, indent) => indent ?? (gap.kind === "comment" ? " " : unknown));
}

/**
 * A statement at the beginning of its line leaves nothing there, but its comment would end the block scalar that the
 * line stands in: it is indented as what comes next.
 */
function indented(text: string, { start, end }: Gap, filled: string): string {
  const column = start - (text.lastIndexOf("\n", start - 1) + 1);
  nextContent.lastIndex = end;
  const [, next = ""] = nextContent.exec(text) ?? [];
  const missing = Math.min(Math.max(0, next.length - column), filled.split("\n", 1)[0]?.length ?? 0);
  return " ".repeat(missing) + filled.slice(missing);
}

/** The indentation of the next line that is neither blank nor a statement or a comment of Jinja. */
const nextContent: RegExp = new RegExp(`\\n( *)(?![ \\r\\n]|\\{[%#]|${unknown})`, "g");

function isAloneOnItsLines(text: string, { start, end }: Gap): boolean {
  const before = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  const lineBreak = text.indexOf("\n", end);
  const behind = text.slice(end, lineBreak === -1 ? text.length : lineBreak);
  return before.trim() === "" && behind.trim() === "";
}
