import type { Place } from "./nodes.ts";
import { syntaxError } from "./template-error.ts";

/** A part of a template: text as it is, or a part of a tag. */
export interface Token {
  readonly type: "text" | "begin" | "end" | "name" | "string" | "integer" | "float" | "operator" | "eof";
  /** As it is written; of a text what it renders to; `output` or `statement` for the signs around a tag. */
  readonly value: string;
  readonly at: Place;
}

/** What begins with `{`: output, a statement, a comment, or a statement `raw`, whose body is text. */
const opening = /\{(?:(?<raw>%[-+]?\s*raw\s*(?<rawEnd>[-+]?)%\})|(?<tag>[{%#])(?<strip>[-+]?))/gu;
const closings: Readonly<Record<string, RegExp>> = { "{": /(?<strip>-?)\}\}/uy, "%": /(?<strip>[-+]?)%\}/uy };
const commentEnd = /(?<strip>[-+]?)#\}/gu;
const rawEnd = /\{%(?<strip>[-+]?)\s*endraw\s*(?<rawEnd>[-+]?)%\}/gu;
const space = /\s*/uy;
const lexemes: readonly (readonly [Token["type"], RegExp])[] = [
  ["name", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["float", /\d+(?:_\d+)*(?:\.\d+(?:_\d+)*(?:e[-+]?\d+)?|e[-+]?\d+)/iuy],
  ["integer", /0x[\da-f]+|0o[0-7]+|0b[01]+|\d+(?:_\d+)*/iuy],
  ["string", /"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'/uy],
  ["operator", /\*\*|\/\/|[=!<>]=|[-+*/%~<>=.:,|()[\]{}]/uy],
];

/**
 * Splits a template into tokens.
 *
 * @param trimBlocks whether the first line feed behind a statement or a comment is dropped
 * @throws TemplateError `template-syntax`
 */
export function tokenize(source: string, trimBlocks: boolean): Token[] {
  return new Lexer(source, trimBlocks).tokens();
}

class Lexer {
  readonly #source: string;
  readonly #trimBlocks: boolean;
  readonly #tokens: Token[] = [];
  #counted = { index: 0, line: 1, column: 1 };
  #position = 0;
  /** Whether the white space that follows is dropped. */
  #strips = false;

  constructor(source: string, trimBlocks: boolean) {
    this.#source = source;
    this.#trimBlocks = trimBlocks;
  }

  tokens(): Token[] {
    for (let match = this.#find(opening); match !== undefined; match = this.#find(opening)) {
      const { raw, rawEnd: end = "", tag = "%", strip = "" } = match.groups ?? {};
      this.#text(match.index, raw === undefined ? strip : (/^%(-?)/.exec(raw)?.[1] ?? ""));
      const begin = match.index;
      this.#position = begin + match[0].length;
      if (raw !== undefined) this.#raw(end);
      else if (tag === "#") this.#comment();
      else this.#tag(tag, begin);
    }
    this.#text(this.#source.length, "");
    this.#add("eof", "", this.#source.length);
    return this.#tokens;
  }

  #find(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#position;
    return expression.exec(this.#source) ?? undefined;
  }

  /** The text up to the tag that begins at `end`. */
  #text(end: number, strip: string): void {
    let text = this.#source.slice(this.#position, end);
    if (this.#strips) text = text.trimStart();
    if (strip === "-") text = text.trimEnd();
    if (text !== "") this.#add("text", text, this.#position);
    this.#strips = false;
  }

  /** Behind the end of a tag. */
  #after(strip: string, isBlock: boolean): void {
    this.#strips = strip === "-";
    if (isBlock && strip === "" && this.#trimBlocks && this.#source[this.#position] === "\n") this.#position++;
  }

  #raw(strip: string): void {
    this.#after(strip, false);
    const end = this.#find(rawEnd) ?? this.#fail("there is no endraw", this.#source.length);
    this.#text(end.index, end.groups?.["strip"] ?? "");
    this.#position = end.index + end[0].length;
    this.#after(end.groups?.["rawEnd"] ?? "", true);
  }

  #comment(): void {
    const end = this.#find(commentEnd) ?? this.#fail("the comment does not end", this.#source.length);
    this.#position = end.index + end[0].length;
    this.#after(end.groups?.["strip"] ?? "", true);
  }

  #tag(sign: string, begin: number): void {
    const kind = sign === "{" ? "output" : "statement";
    const closing = closings[sign] as RegExp;
    this.#add("begin", kind, begin);
    for (const open: string[] = []; ; ) {
      this.#position += this.#find(space)?.[0].length ?? 0;
      const end = open.length === 0 ? this.#find(closing) : undefined;
      if (end !== undefined) {
        this.#add("end", kind, this.#position);
        this.#position += end[0].length;
        this.#after(end.groups?.["strip"] ?? "", kind === "statement");
        return;
      }
      this.#lexeme(open);
    }
  }

  #lexeme(open: string[]): void {
    const at = this.#position;
    if (at >= this.#source.length) this.#fail("it ends within a tag", at);
    for (const [type, expression] of lexemes) {
      const match = this.#find(expression);
      if (match === undefined) continue;
      const [value] = match;
      if (type === "operator" && "([{".includes(value)) open.push(value);
      if (type === "operator" && ")]}".includes(value)) {
        const pair = `${open.pop() ?? ""}${value}`;
        if (!["()", "[]", "{}"].includes(pair)) this.#fail(`'${value}' closes nothing`, at);
      }
      this.#add(type, value, at);
      this.#position += value.length;
      return;
    }
    if (/["']/.test(this.#source[at] ?? "")) this.#fail("a string does not end", this.#source.length);
    this.#fail(`unexpected character '${String.fromCodePoint(this.#source.codePointAt(at) ?? 0)}'`, at);
  }

  #add(type: Token["type"], value: string, index: number): void {
    this.#tokens.push({ type, value, at: this.#place(index) });
  }

  /** Places are asked for in their order: each is counted from the one before. */
  #place(index: number): Place {
    const begin = index < this.#counted.index ? { index: 0, line: 1, column: 1 } : this.#counted;
    const lines = this.#source.slice(begin.index, index).split("\n");
    const length = [...(lines.at(-1) ?? "")].length;
    const line = begin.line + lines.length - 1;
    this.#counted = { index, line, column: lines.length === 1 ? begin.column + length : length + 1 };
    return { line, column: this.#counted.column };
  }

  #fail(reason: string, index: number): never {
    throw syntaxError(reason, this.#place(index));
  }
}
