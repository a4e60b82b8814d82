/** Why PyYAML refuses a text, as the end of a sentence, and where. */
export class Refusal extends Error {
  readonly offset: number;
  readonly hint: string;

  constructor(message: string, offset: number, hint: string) {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}

/** A scalar, and where the text continues. Offsets in UTF-16 units. */
export interface ReadScalar {
  value: string;
  end: number;
  next: number;
  /** Line breaks up to `next`. */
  lines: number;
  /** Where the line of `next` begins; only of use where `lines` is not 0. */
  lineStart: number;
}

export const breakOrEnd: RegExp = /[\0\r\n\u0085\u2028\u2029]/;
const blankOrEnd = /[\0 \t\r\n\u0085\u2028\u2029]/;

/** The offset behind a line break at `at`; `at` where there is none. */
export function skipBreak(text: string, at: number): number {
  const sign = text[at] ?? "\0";
  if (sign === "\r" && text[at + 1] === "\n") return at + 2;
  return sign !== "\0" && breakOrEnd.test(sign) ? at + 1 : at;
}

/** U+2028 and U+2029 are kept, the other line breaks become `\n`. */
function breakText(text: string, at: number): string {
  const sign = text[at] ?? "";
  return sign === "\u2028" || sign === "\u2029" ? sign : "\n";
}

/** Counts lines while a scalar is read. */
class Reader {
  readonly text: string;
  at: number;
  lines = 0;
  lineStart = 0;

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  get sign(): string {
    return this.text[this.at] ?? "\0";
  }

  match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  /** The text of a line break, which is skipped; empty where there is none. */
  break(): string {
    const next = skipBreak(this.text, this.at);
    if (next === this.at) return "";
    const made = breakText(this.text, this.at);
    this.at = next;
    this.lines++;
    this.lineStart = next;
    return made;
  }

  /** Whether `---` or `...` is next. */
  isDocumentSign(): boolean {
    return (
      /^(?:---|\.\.\.)$/.test(this.text.slice(this.at, this.at + 3)) && blankOrEnd.test(this.text[this.at + 3] ?? "\0")
    );
  }

  scalar(value: string, end: number): ReadScalar {
    return { value, end, next: this.at, lines: this.lines, lineStart: this.lineStart };
  }
}

/** What line breaks in a scalar become: one is folded to a blank, of several the first is dropped. */
function folded(first: string, more: string): string {
  if (first !== "\n") return first + more;
  return more === "" ? " " : more;
}

/** A plain scalar; `endsLine` says that the next token is in a later line. @throws Refusal */
export function plainScalar(
  text: string,
  start: number,
  { indent, isFlow, lineStart }: { indent: number; isFlow: boolean; lineStart: number },
): ReadScalar & { endsLine: boolean } {
  const reader = new Reader(text, start);
  reader.lineStart = lineStart;
  const piece = isFlow
    ? /(?:[^\0 \t\r\n\u0085\u2028\u2029:,?[\]{}]|:(?![\0 \t\r\n\u0085\u2028\u2029,[\]{}]))+/y
    : /(?:[^\0 \t\r\n\u0085\u2028\u2029:]|:(?![\0 \t\r\n\u0085\u2028\u2029]))+/y;
  let value = "";
  let end = start;
  let endsLine = false;
  for (let spaces: string | undefined = ""; ; ) {
    if (reader.sign === "#") break;
    const found = reader.match(piece);
    if (found === "") break;
    endsLine = false;
    value += spaces + found;
    end = reader.at;
    const before = reader.lines;
    spaces = plainSpaces(reader);
    endsLine = reader.lines > before;
    if (spaces === undefined || spaces === "" || reader.sign === "#") break;
    if (!isFlow && reader.at - reader.lineStart < indent) break;
  }
  return { ...reader.scalar(value, end), endsLine };
}

/** Undefined before a sign that ends the document. */
function plainSpaces(reader: Reader): string | undefined {
  const blanks = reader.match(/ */y);
  const first = reader.break();
  if (first === "") return blanks;
  if (reader.isDocumentSign()) return undefined;
  let more = "";
  for (;;) {
    if (reader.sign === " ") {
      reader.at++;
      continue;
    }
    const next = reader.break();
    if (next === "") return folded(first, more);
    more += next;
    if (reader.isDocumentSign()) return undefined;
  }
}

const escapes: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  "\t": "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  " ": " ",
  '"': '"',
  "\\": "\\",
  "/": "/",
  N: "\u0085",
  _: "\u00a0",
  L: "\u2028",
  P: "\u2029",
};

/** Lengths of escapes by number. */
const escapeDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** @throws Refusal */
export function quotedScalar(text: string, start: number): ReadScalar {
  const reader = new Reader(text, start + 1);
  const quote = text[start] ?? "";
  let value = quotedText(reader, quote);
  while (reader.sign !== quote) {
    value += quotedSpaces(reader, start);
    value += quotedText(reader, quote);
  }
  reader.at++;
  return reader.scalar(value, reader.at);
}

function quotedText(reader: Reader, quote: string): string {
  let value = "";
  for (;;) {
    value += reader.match(/[^'"\\\0 \t\r\n\u0085\u2028\u2029]+/y);
    const { sign } = reader;
    if (quote === "'" && reader.text.startsWith("''", reader.at)) {
      value += "'";
      reader.at += 2;
    } else if (sign !== quote && (sign === "'" || sign === '"' || (quote === "'" && sign === "\\"))) {
      value += sign;
      reader.at++;
    } else if (quote === '"' && sign === "\\") {
      reader.at++;
      value += escaped(reader);
    } else {
      return value;
    }
  }
}

function escaped(reader: Reader): string {
  const { sign } = reader;
  const known = escapes[sign];
  if (known !== undefined) {
    reader.at++;
    return known;
  }
  const digits = escapeDigits[sign];
  if (digits !== undefined) {
    const code = reader.text.slice(reader.at + 1, reader.at + 1 + digits);
    const number = Number.parseInt(code, 16);
    if (new RegExp(`^[\\dA-Fa-f]{${digits}}$`).test(code) && number <= 0x10ffff) {
      reader.at += digits + 1;
      return String.fromCodePoint(number);
    }
  } else if (reader.break() !== "") {
    return quotedBreaks(reader);
  }
  throw new Refusal("this `\\` begins no escape that YAML knows", reader.at - 1, "write `\\\\`, or use single quotes");
}

function quotedSpaces(reader: Reader, start: number): string {
  const blanks = reader.match(/[ \t]*/y);
  if (reader.at === reader.text.length - 1) {
    throw new Refusal("the quotes that begin here are not closed", start, "add the closing quote");
  }
  const first = reader.break();
  return first === "" ? blanks : folded(first, quotedBreaks(reader));
}

function quotedBreaks(reader: Reader): string {
  let breaks = "";
  for (;;) {
    if (reader.isDocumentSign()) {
      throw new Refusal("`---` or `...` ends the document within quotes", reader.at, "close the quotes before it");
    }
    reader.match(/[ \t]*/y);
    const next = reader.break();
    if (next === "") return breaks;
    breaks += next;
  }
}

const blockHeader = /[|>][+-]?[1-9]?[+-]? *(?:(?<= )#[^\0\r\n\u0085\u2028\u2029]*)?/y;

/** @throws Refusal */
export function blockScalar(text: string, start: number, parentIndent: number): ReadScalar {
  const reader = new Reader(text, start);
  const [, chompingBefore = "", increment = "", chompingBehind = ""] =
    /^.([+-]?)([1-9]?)([+-]?)/.exec(reader.match(blockHeader)) ?? [];
  const isDouble = chompingBefore !== "" && chompingBehind !== "";
  if (isDouble || !breakOrEnd.test(reader.sign)) {
    throw new Refusal("only `+`, `-` or a digit may follow `|` and `>`", reader.at, "begin the text in the next line");
  }
  reader.break();
  const least = Math.max(parentIndent + 1, 1);
  const { breaks, indent } =
    increment === "" ? blockIndent(reader, least) : blockBreaks(reader, least + Number(increment) - 1);
  const content = blockLines(reader, indent, breaks, text[start] === ">");
  const chomping = chompingBefore + chompingBehind;
  const ending = chomping === "-" ? "" : content.lastBreak + (chomping === "+" ? content.breaks : "");
  return reader.scalar(content.value + ending, reader.at);
}

interface Breaks {
  breaks: string;
  indent: number;
}

function blockIndent(reader: Reader, least: number): Breaks {
  let breaks = "";
  let deepest = 0;
  for (;;) {
    const blanks = reader.match(/ */y).length;
    deepest = Math.max(deepest, blanks);
    const next = reader.break();
    if (next === "") return { breaks, indent: Math.max(least, deepest) };
    breaks += next;
  }
}

function blockBreaks(reader: Reader, indent: number): Breaks {
  let breaks = "";
  for (;;) {
    while (reader.at - reader.lineStart < indent && reader.sign === " ") reader.at++;
    const next = reader.break();
    if (next === "") return { breaks, indent };
    breaks += next;
  }
}

function blockLines(
  reader: Reader,
  indent: number,
  firstBreaks: string,
  isFolded: boolean,
): { value: string; lastBreak: string; breaks: string } {
  let value = "";
  let breaks = firstBreaks;
  let lastBreak = "";
  const isContent = (): boolean => reader.at - reader.lineStart === indent && reader.at < reader.text.length - 1;
  while (isContent()) {
    const isIndented = /[ \t]/.test(reader.sign);
    value += breaks + reader.match(/[^\0\r\n\u0085\u2028\u2029]*/y);
    lastBreak = reader.break();
    breaks = blockBreaks(reader, indent).breaks;
    if (!isContent()) break;
    if (!isFolded || lastBreak !== "\n" || isIndented || /[ \t]/.test(reader.sign)) value += lastBreak;
    else if (breaks === "") value += " ";
  }
  return { value, lastBreak, breaks };
}
