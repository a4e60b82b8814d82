import { type PlacedText, partText, type Segment } from "./placed-text.ts";
import { unknown } from "./templates.ts";

/** Why Jinja refuses a template, and where. */
export class TemplateFault extends Error {
  readonly start: number;
  readonly end: number;

  constructor(message: string, start: number, end: number) {
    super(message);
    this.start = start;
    this.end = end;
  }
}

/** What may become of a template. */
export interface Rendered {
  text: PlacedText;
  /** Statements decide which parts are there. */
  isConditional: boolean;
  /** How many renderings there are to look at, one of which this is. */
  variants: number;
  /** Where the first statement is that leaves its indentation before the next line, or joins its line with that. */
  joiningStatement: { start: number; end: number } | undefined;
}

export interface RenderOptions {
  /** 0: all conditions are true; 1: all are false; further ones are mixed. */
  variant: number;
  /** Only statements alone on their lines take these away, as their author expects; to cloud-init it is the line break behind any. */
  asMeant: boolean;
}

const maxVariants = 4;

/**
 * Renders a template as cloud-init does (`trim_blocks`, no `lstrip_blocks`). Values that only the machine knows become
 * {@link unknown}. https://jinja.palletsprojects.com/en/stable/templates/ @throws TemplateFault
 */
export function renderJinja(template: PlacedText, options: RenderOptions): Rendered {
  const nodes = new TemplateReader(template.text, options.asMeant).read();
  const output = new Output(template.text, options.variant);
  output.add(nodes.nodes);
  const variants = nodes.conditions === 0 ? 1 : Math.min(maxVariants, nodes.conditions + 1);
  return {
    text: partText(template, output.text, output.segments),
    isConditional: nodes.conditions > 0,
    variants,
    joiningStatement: nodes.joining,
  };
}

type Node =
  | { kind: "text"; start: number; end: number }
  | { kind: "value"; start: number; end: number; text: string }
  | { kind: "choice"; branches: { condition: string | undefined; body: Node[] }[] }
  | { kind: "nothing" };

interface Tag {
  kind: "value" | "statement" | "comment";
  start: number;
  end: number;
  content: string;
  stripsBefore: boolean;
  stripsBehind: boolean;
  keepsBreak: boolean;
}

/** Statements with a body, by the one that ends it. */
const bodies: Readonly<Record<string, string>> = {
  if: "endif",
  for: "endfor",
  macro: "endmacro",
  call: "endcall",
  filter: "endfilter",
  with: "endwith",
  autoescape: "endautoescape",
  block: "endblock",
  set: "endset",
};
const branches = new Set(["elif", "else"]);
const alone = new Set(["do", "set"]);
/** What is defined or changed there is not known here. */
const silent = new Set(["macro", "set"]);

class TemplateReader {
  readonly #text: string;
  readonly #asMeant: boolean;
  #at = 0;
  conditions = 0;
  joining: { start: number; end: number } | undefined;

  constructor(text: string, asMeant: boolean) {
    this.#text = text;
    this.#asMeant = asMeant;
  }

  read(): { nodes: Node[]; conditions: number; joining: { start: number; end: number } | undefined } {
    const { nodes, end } = this.#nodes(undefined);
    if (end !== undefined) this.#unexpected(end);
    return { nodes, conditions: this.conditions, joining: this.joining };
  }

  #unexpected({ start, end, content }: Tag): never {
    const [name = ""] = content.trim().split(/\s/);
    throw new TemplateFault(`Jinja knows no statement \`${name}\` here`, start, end);
  }

  /** Up to one of the statements that may follow. */
  #nodes(closing: string | undefined): { nodes: Node[]; end: Tag | undefined } {
    const nodes: Node[] = [];
    for (;;) {
      const start = this.#at;
      const tag = this.#nextTag();
      this.#addText(nodes, start, tag?.start ?? this.#text.length, tag);
      if (tag === undefined) return { nodes, end: undefined };
      if (tag.kind === "comment") continue;
      if (tag.kind === "value") {
        nodes.push({ kind: "value", start: tag.start, end: tag.end, text: valueText(tag) });
        continue;
      }
      const [name = ""] = tag.content.trim().split(/[\s(]/);
      const isEnd = name === closing || (branches.has(name) && (closing === "endif" || closing === "endfor"));
      if (isEnd) return { nodes, end: tag };
      nodes.push(this.#statement(name, tag));
    }
  }

  #statement(name: string, tag: Tag): Node {
    if (name === "raw") return this.#raw(tag);
    const isBlockSet = name === "set" && !tag.content.includes("=");
    if (alone.has(name) && !isBlockSet) return { kind: "nothing" };
    const closing = bodies[name];
    if (closing === undefined) this.#unexpected(tag);
    const condition = tag.content.trim().slice(name.length).trim();
    if (name === "if") checkExpression(condition, tag);
    const isChoice = name === "if" || name === "for";
    if (isChoice) this.conditions++;
    const found: { condition: string | undefined; body: Node[] }[] = [];
    let current: string | undefined = isChoice ? condition : undefined;
    for (;;) {
      const { nodes, end } = this.#nodes(closing);
      found.push({ condition: current, body: nodes });
      if (end === undefined) {
        throw new TemplateFault(`this \`${name}\` needs a \`{% ${closing} %}\``, tag.start, tag.end);
      }
      const [endName = ""] = end.content.trim().split(/[\s(]/);
      if (endName === closing) break;
      current = endName === "elif" ? end.content.trim().slice(4).trim() : undefined;
      if (current !== undefined) this.conditions++;
    }
    return silent.has(name) ? { kind: "nothing" } : { kind: "choice", branches: found };
  }

  #raw(tag: Tag): Node {
    const end = /\{%[-+]?\s*endraw\s*([-+]?)%\}/g;
    end.lastIndex = tag.end;
    const found = end.exec(this.#text);
    if (found === null) throw new TemplateFault("this `raw` needs a `{% endraw %}`", tag.start, tag.end);
    const start = this.#at;
    const endTag: Tag = {
      ...tag,
      start: found.index,
      end: end.lastIndex,
      stripsBehind: found[1] === "-",
      keepsBreak: found[1] === "+" || (this.#asMeant && !isFirstOnLine(this.#text, found.index)),
    };
    if (!isFirstOnLine(this.#text, found.index)) this.joining ??= { start: found.index, end: end.lastIndex };
    this.#at = behindTag(this.#text, endTag);
    return { kind: "text", start, end: found.index };
  }

  #addText(nodes: Node[], start: number, end: number, tag: Tag | undefined): void {
    let to = end;
    if (tag?.stripsBefore) {
      to = start + this.#text.slice(start, end).trimEnd().length;
    } else if (tag !== undefined && tag.kind !== "value") {
      const [blanks = ""] = /(?<=^|\n)[ \t]+$/.exec(this.#text.slice(lineStart(this.#text, end), end)) ?? [];
      const isAtLineStart = blanks.length > 0 && end - blanks.length === lineStart(this.#text, end);
      const isLast = /^\r?(?:\n|$)/.test(this.#text.slice(tag.end, tag.end + 2));
      const isFirst = end === lineStart(this.#text, end);
      if (isLast && !isFirst && !tag.keepsBreak && !tag.stripsBehind)
        this.joining ??= { start: tag.start, end: tag.end };
      if (isAtLineStart && this.#asMeant) to = Math.max(start, end - blanks.length);
    }
    if (to > start) nodes.push({ kind: "text", start, end: to });
  }

  #nextTag(): Tag | undefined {
    const opening = /\{([{%#])([-+]?)/g;
    opening.lastIndex = this.#at;
    const found = opening.exec(this.#text);
    if (found === null) {
      this.#at = this.#text.length;
      return undefined;
    }
    const [whole, sign = "", mark] = found;
    const start = found.index;
    const kind = sign === "{" ? "value" : sign === "%" ? "statement" : "comment";
    const contentEnd = closingAt(this.#text, start + whole.length, kind);
    if (contentEnd === undefined) {
      throw new TemplateFault(`Jinja finds no \`${closings[kind]}\` for this \`{${sign}\``, start, start + 2);
    }
    const end = contentEnd + 2;
    const inside = this.#text.slice(start + whole.length, contentEnd);
    const behind = /[-+]$/.exec(inside)?.[0];
    const tag = {
      kind,
      start,
      end,
      content: behind === undefined ? inside : inside.slice(0, -1),
      stripsBefore: mark === "-",
      stripsBehind: behind === "-",
      keepsBreak: behind === "+",
    } as const;
    const isMeant = !this.#asMeant || isFirstOnLine(this.#text, start);
    this.#at = behindTag(this.#text, { ...tag, keepsBreak: tag.keepsBreak || !isMeant });
    return tag;
  }
}

const closings = { value: "}}", statement: "%}", comment: "#}" } as const;

/** Where the sign is that closes a tag; not within a string. */
function closingAt(text: string, from: number, kind: Tag["kind"]): number | undefined {
  const closing = closings[kind];
  for (let at = from; ; ) {
    const close = text.indexOf(closing, at);
    if (close === -1) return undefined;
    if (kind === "comment") return close;
    const quote = /["']/g;
    quote.lastIndex = at;
    const opened = quote.exec(text);
    if (opened === null || opened.index > close) return close;
    const string = opened[0] === '"' ? /"(?:[^"\\]|\\.)*"/sy : /'(?:[^'\\]|\\.)*'/sy;
    string.lastIndex = opened.index;
    if (!string.test(text)) return undefined;
    at = string.lastIndex;
  }
}

/** Whether only blanks are before it on its line. */
function isFirstOnLine(text: string, at: number): boolean {
  return text.slice(lineStart(text, at), at).trim() === "";
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** `trim_blocks`: the line break behind a statement or comment is removed. */
function behindTag(text: string, { kind, end, stripsBehind, keepsBreak }: Tag): number {
  const pattern = stripsBehind ? /\s*/y : kind === "value" || keepsBreak ? /(?:)/y : /(?:\r?\n)?/y;
  pattern.lastIndex = end;
  return end + (pattern.exec(text)?.[0].length ?? 0);
}

/** Literals are known. */
function valueText(tag: Tag): string {
  checkExpression(tag.content, tag);
  const [, double, single] = /^\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*$/.exec(tag.content) ?? [];
  return double ?? single ?? unknown;
}

const infix = new Set(["and", "or", "in", "is", "if", "else", "not", "recursive"]);
const lexeme =
  /\s+|([A-Za-z_]\w*)|(\d[\w.]*)|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}<>=.:|,])/suy;

/** Refuses what is no expression of Jinja: other signs, two values side by side, an operator without a value. */
function checkExpression(expression: string, { start, end }: Tag): void {
  let before: "value" | "operator" | "test" = "operator";
  for (let at = 0; at < expression.length; ) {
    lexeme.lastIndex = at;
    const found = lexeme.exec(expression);
    if (found === null) {
      throw new TemplateFault(`\`${expression[at]}\` is not allowed in an expression of Jinja`, start, end);
    }
    const [whole, name, number, text, operator] = found;
    at += whole.length;
    if (operator !== undefined) {
      if (operator === "." && before === "operator")
        throw new TemplateFault("this is not an expression of Jinja", start, end);
      before = /[\])}]/.test(operator) ? "value" : "operator";
    } else if (name !== undefined && infix.has(name)) {
      before = name === "is" ? "test" : before === "test" ? "test" : "operator";
    } else if (name !== undefined || number !== undefined || text !== undefined) {
      if (before === "value" && text === undefined)
        throw new TemplateFault("this is not an expression of Jinja", start, end);
      before = before === "test" ? "operator" : "value";
    }
  }
  if (expression.trim() === "") throw new TemplateFault("this expression is empty", start, end);
}

class Output {
  readonly segments: Segment[] = [{ inner: 0, outer: 0 }];
  text = "";
  readonly #source: string;
  readonly #variant: number;
  /** Whether conditions are true, by their text: equal ones are. */
  readonly #truths = new Map<string, boolean>();

  constructor(source: string, variant: number) {
    this.#source = source;
    this.#variant = variant;
  }

  add(nodes: readonly Node[]): void {
    for (const node of nodes) {
      if (node.kind === "text") this.#put(this.#source.slice(node.start, node.end), node.start);
      else if (node.kind === "value") this.#put(node.text, node.start);
      else if (node.kind === "choice") {
        const chosen = node.branches.find(({ condition }) => condition === undefined || this.#isTrue(condition));
        if (chosen !== undefined) this.add(chosen.body);
      }
    }
  }

  #put(text: string, outer: number): void {
    this.segments.push({ inner: this.text.length, outer });
    this.text += text;
  }

  #isTrue(condition: string): boolean {
    const [, not, plain = ""] = /^(not\s+)?(.*)$/s.exec(condition) ?? [];
    const index = this.#truths.size;
    const truth = this.#truths.get(plain) ?? [true, false, index % 2 === 1, index % 2 === 0][this.#variant] ?? true;
    this.#truths.set(plain, truth);
    return not === undefined ? truth : !truth;
  }
}
