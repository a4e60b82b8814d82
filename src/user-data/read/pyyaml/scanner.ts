import { blockScalar, breakOrEnd, plainScalar, quotedScalar, Refusal, skipBreak } from "./scalars.ts";

export type TokenKind =
  | "stream-end"
  | "directive"
  | "document-start"
  | "document-end"
  | "block-sequence"
  | "block-mapping"
  | "block-end"
  | "["
  | "]"
  | "{"
  | "}"
  | "-"
  | ","
  | "key"
  | "value"
  | "alias"
  | "anchor"
  | "tag"
  | "scalar";

/** Offsets in UTF-16 units. */
export interface Token {
  kind: TokenKind;
  start: number;
  end: number;
  /** The value of a scalar, the name of an anchor or alias, the suffix of a tag, the text of a directive. */
  text: string;
  /** A scalar without quotes and not in a block, whose type its text decides. */
  isPlain?: boolean;
  /** Of a tag: `!`, `!!` or `!name!`; undefined for a verbatim one. */
  handle?: string | undefined;
}

/** Where a key may have begun that a later `:` makes one. */
interface SimpleKey {
  token: number;
  isRequired: boolean;
  at: number;
  line: number;
  column: number;
}

/** A key and its `:` may be this far apart. */
const longestKey = 1024;
const afterIndicator = /[\0 \t\r\n\u0085\u2028\u2029]/;
const alone = ["[", "]", "{", "}"] as const;

/**
 * The tokens of a text as PyYAML sees them: it follows YAML 1.1, allows no tab between tokens, and lets plain scalars,
 * quoted scalars and flow collections continue at any indentation that is deep enough for it.
 */
export class Scanner {
  readonly #text: string;
  readonly #queue: Token[] = [];
  #taken = 0;
  #at = 0;
  #line = 0;
  #lineStart = 0;
  #flowLevel = 0;
  #indent = -1;
  readonly #indents: number[] = [];
  #mayBeKey = true;
  /** By level of flow collections. */
  readonly #keys = new Map<number, SimpleKey>();
  #isDone = false;

  constructor(text: string) {
    this.#text = `${text}\0`;
  }

  /** @throws Refusal */
  peek(): Token {
    while (this.#needsMore()) this.#fetch();
    const [token] = this.#queue;
    if (token === undefined) throw new Error("the end of the stream was taken");
    return token;
  }

  /** @throws Refusal */
  take(): Token {
    const token = this.peek();
    this.#queue.shift();
    this.#taken++;
    return token;
  }

  get #column(): number {
    return this.#at - this.#lineStart;
  }

  #needsMore(): boolean {
    if (this.#isDone) return false;
    if (this.#queue.length === 0) return true;
    this.#dropStaleKeys();
    for (const { token } of this.#keys.values()) if (token === this.#taken) return true;
    return false;
  }

  #fetch(): void {
    this.#skipToToken();
    this.#dropStaleKeys();
    this.#unwind(this.#column);
    const sign = this.#text[this.#at] ?? "";
    if (this.#at === this.#text.length - 1) this.#endStream();
    else if (this.#column === 0 && sign === "%") this.#directive();
    else if (this.#isDocumentSign("---")) this.#documentSign("document-start");
    else if (this.#isDocumentSign("...")) this.#documentSign("document-end");
    else if ((alone as readonly string[]).includes(sign)) this.#bracket(sign as (typeof alone)[number]);
    else if (sign === ",") this.#flowEntry();
    else if (sign === "-" && this.#isIndicator()) this.#blockEntry();
    else if (sign === "?" && (this.#flowLevel > 0 || this.#isIndicator())) this.#key();
    else if (sign === ":" && (this.#flowLevel > 0 || this.#isIndicator())) this.#value();
    else if (sign === "*" || sign === "&") this.#anchor(sign);
    else if (sign === "!") this.#tag();
    else if ((sign === "|" || sign === ">") && this.#flowLevel === 0) this.#block();
    else if (sign === "'" || sign === '"') this.#quoted();
    else if (this.#beginsPlain(sign)) this.#plain();
    else this.#refuseSign(sign);
  }

  #refuseSign(sign: string): never {
    const [what, hint] =
      sign === "\t"
        ? ["a tab is not allowed here", "use spaces"]
        : [`\`${sign}\` cannot begin a value`, "put the value between quotes"];
    throw new Refusal(what, this.#at, hint);
  }

  #beginsPlain(sign: string): boolean {
    if (!/[\0 \t\r\n\u0085\u2028\u2029\-?:,[\]{}#&*!|>'"%@`]/.test(sign)) return true;
    const isFollowed = !this.#isIndicator();
    return isFollowed && (sign === "-" || (this.#flowLevel === 0 && (sign === "?" || sign === ":")));
  }

  /** Whether a blank, a line break or the end follows the sign. */
  #isIndicator(): boolean {
    return afterIndicator.test(this.#text[this.#at + 1] ?? "\0");
  }

  #isDocumentSign(sign: string): boolean {
    return (
      this.#column === 0 &&
      this.#text.startsWith(sign, this.#at) &&
      afterIndicator.test(this.#text[this.#at + 3] ?? "\0")
    );
  }

  #skipToToken(): void {
    if (this.#at === 0 && this.#text[0] === "\ufeff") this.#at++;
    for (;;) {
      while (this.#text[this.#at] === " ") this.#at++;
      if (this.#text[this.#at] === "#") while (!breakOrEnd.test(this.#text[this.#at] ?? "\0")) this.#at++;
      const next = skipBreak(this.#text, this.#at);
      if (next === this.#at) return;
      this.#at = next;
      this.#newLine(next, 1);
      if (this.#flowLevel === 0) this.#mayBeKey = true;
    }
  }

  #newLine(start: number, count: number): void {
    this.#line += count;
    this.#lineStart = start;
  }

  #add(kind: TokenKind, length: number, text = ""): void {
    this.#queue.push({ kind, start: this.#at, end: this.#at + length, text });
    this.#at += length;
  }

  #dropStaleKeys(): void {
    for (const [level, key] of this.#keys) {
      if (key.line === this.#line && this.#at - key.at <= longestKey) continue;
      if (key.isRequired) this.#refuseKey(key);
      this.#keys.delete(level);
    }
  }

  #refuseKey({ at }: SimpleKey): never {
    throw new Refusal("this line needs a `:` after its key", at, "is a `:` missing, or the space after it, or quotes?");
  }

  #saveKey(): void {
    const isRequired = this.#flowLevel === 0 && this.#indent === this.#column;
    if (!this.#mayBeKey) return;
    this.#dropKey();
    const token = this.#taken + this.#queue.length;
    this.#keys.set(this.#flowLevel, { token, isRequired, at: this.#at, line: this.#line, column: this.#column });
  }

  #dropKey(): void {
    const key = this.#keys.get(this.#flowLevel);
    if (key?.isRequired) this.#refuseKey(key);
    this.#keys.delete(this.#flowLevel);
  }

  #unwind(column: number): void {
    if (this.#flowLevel > 0) return;
    while (this.#indent > column) {
      this.#indent = this.#indents.pop() ?? -1;
      this.#add("block-end", 0);
    }
  }

  #addIndent(column: number): boolean {
    if (this.#indent >= column) return false;
    this.#indents.push(this.#indent);
    this.#indent = column;
    return true;
  }

  #endStream(): void {
    this.#unwind(-1);
    this.#dropKey();
    this.#mayBeKey = false;
    this.#keys.clear();
    this.#add("stream-end", 0);
    this.#isDone = true;
  }

  #documentSign(kind: "document-start" | "document-end"): void {
    this.#unwind(-1);
    this.#dropKey();
    this.#mayBeKey = false;
    this.#add(kind, 3);
  }

  #directive(): void {
    this.#unwind(-1);
    this.#dropKey();
    this.#mayBeKey = false;
    const found = /%[^\0\r\n\u0085\u2028\u2029]*/y;
    found.lastIndex = this.#at;
    const text = found.exec(this.#text)?.[0] ?? "%";
    const isKnown = /^%YAML +\d+\.\d+ *(?: #.*)?$|^%TAG +!(?:[\w-]*!)? +\S+ *(?: #.*)?$/.test(text);
    const isOther = /^%(?!YAML(?![\w-])|TAG(?![\w-]))[\w-]+(?: .*)?$/.test(text);
    if (!isKnown && !isOther) {
      throw new Refusal(
        "a line that begins with `%` must be a YAML directive",
        this.#at,
        "put the value between quotes",
      );
    }
    this.#add("directive", text.length, text);
  }

  #bracket(sign: (typeof alone)[number]): void {
    if (sign === "[" || sign === "{") {
      this.#saveKey();
      this.#flowLevel++;
      this.#mayBeKey = true;
    } else {
      this.#dropKey();
      this.#flowLevel--;
      this.#mayBeKey = false;
    }
    this.#add(sign, 1);
  }

  #flowEntry(): void {
    this.#mayBeKey = true;
    this.#dropKey();
    this.#add(",", 1);
  }

  #blockEntry(): void {
    if (this.#flowLevel === 0) {
      if (!this.#mayBeKey) throw new Refusal("an entry of a list is not allowed here", this.#at, "begin a new line");
      if (this.#addIndent(this.#column)) this.#add("block-sequence", 0);
    }
    this.#mayBeKey = true;
    this.#dropKey();
    this.#add("-", 1);
  }

  #key(): void {
    if (this.#flowLevel === 0) {
      if (!this.#mayBeKey) throw new Refusal("a key is not allowed here", this.#at, "put the value between quotes");
      if (this.#addIndent(this.#column)) this.#add("block-mapping", 0);
    }
    this.#mayBeKey = this.#flowLevel === 0;
    this.#dropKey();
    this.#add("key", 1);
  }

  #value(): void {
    const key = this.#keys.get(this.#flowLevel);
    if (key !== undefined) {
      this.#keys.delete(this.#flowLevel);
      const index = key.token - this.#taken;
      const place = { start: key.at, end: key.at, text: "" };
      this.#queue.splice(index, 0, { kind: "key", ...place });
      if (this.#flowLevel === 0 && this.#addIndent(key.column)) {
        this.#queue.splice(index, 0, { kind: "block-mapping", ...place });
      }
      this.#mayBeKey = false;
    } else {
      if (this.#flowLevel === 0) {
        if (!this.#mayBeKey) {
          throw new Refusal("`: ` is not allowed in this value", this.#at, "put the value between quotes");
        }
        if (this.#addIndent(this.#column)) this.#add("block-mapping", 0);
      }
      this.#mayBeKey = this.#flowLevel === 0;
      this.#dropKey();
    }
    this.#add("value", 1);
  }

  #anchor(sign: "*" | "&"): void {
    this.#saveKey();
    this.#mayBeKey = false;
    const name = /[*&]([\w-]+)(?=[\0 \t\r\n\u0085\u2028\u2029?:,\]}%@`])/y;
    name.lastIndex = this.#at;
    const found = name.exec(this.#text);
    if (found === null) {
      const kind = sign === "*" ? "alias" : "anchor";
      throw new Refusal(
        `after \`${sign}\` the name of an ${kind} must follow`,
        this.#at,
        "put the value between quotes",
      );
    }
    this.#add(sign === "*" ? "alias" : "anchor", found[0].length, found[1]);
  }

  #tag(): void {
    this.#saveKey();
    this.#mayBeKey = false;
    const { kind, length, text, handle } = readTag(this.#text, this.#at);
    this.#queue.push({ kind, start: this.#at, end: this.#at + length, text, handle });
    this.#at += length;
  }

  #block(): void {
    this.#mayBeKey = true;
    this.#dropKey();
    const scalar = blockScalar(this.#text, this.#at, this.#indent);
    this.#scalar(scalar, false);
  }

  #quoted(): void {
    this.#saveKey();
    this.#mayBeKey = false;
    this.#scalar(quotedScalar(this.#text, this.#at), false);
  }

  #plain(): void {
    this.#saveKey();
    this.#mayBeKey = false;
    const scalar = plainScalar(this.#text, this.#at, {
      indent: this.#indent + 1,
      isFlow: this.#flowLevel > 0,
      lineStart: this.#lineStart,
    });
    // A line break before the next token is skipped with the scalar.
    if (scalar.endsLine) this.#mayBeKey = true;
    this.#scalar(scalar, true);
  }

  #scalar({ value, end, next, lines, lineStart }: ReturnType<typeof quotedScalar>, isPlain: boolean): void {
    this.#queue.push({ kind: "scalar", start: this.#at, end, text: value, isPlain });
    this.#at = next;
    if (lines > 0) this.#newLine(lineStart, lines);
  }
}

const uri = /(?:[\w;/?:@&=+$,.!~*'()[\]-]|%[\dA-Fa-f]{2})+/y;

function readTag(text: string, at: number): { kind: "tag"; length: number; text: string; handle: string | undefined } {
  const next = text[at + 1] ?? "\0";
  if (next === "<") {
    const suffix = matchAt(uri, text, at + 2);
    if (suffix === "" || text[at + 2 + suffix.length] !== ">") refuseTag(at);
    return endOfTag(text, at, suffix.length + 3, suffix, undefined);
  }
  if (afterIndicator.test(next)) return endOfTag(text, at, 1, "!", undefined);
  const hasHandle = matchAt(/![^\0 \r\n\u0085\u2028\u2029]*/y, text, at).includes("!", 1);
  const handle = hasHandle ? matchAt(/![\w-]*!/y, text, at) : "!";
  if (handle === "") refuseTag(at);
  const suffix = matchAt(uri, text, at + handle.length);
  if (suffix === "") refuseTag(at);
  return endOfTag(text, at, handle.length + suffix.length, suffix, handle);
}

function endOfTag(
  text: string,
  at: number,
  length: number,
  suffix: string,
  handle: string | undefined,
): ReturnType<typeof readTag> {
  if (!/[\0 \r\n\u0085\u2028\u2029]/.test(text[at + length] ?? "\0")) refuseTag(at);
  return { kind: "tag", length, text: decoded(suffix, at), handle };
}

function decoded(suffix: string, at: number): string {
  try {
    return decodeURIComponent(suffix);
  } catch {
    return refuseTag(at);
  }
}

function refuseTag(at: number): never {
  throw new Refusal("`!` here begins a tag that is not valid", at, "put the value between quotes");
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}
