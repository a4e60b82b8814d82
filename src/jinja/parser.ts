import { type Token, tokenize } from "./lexer.ts";
import { numberLiteral, stringLiteral } from "./literals.ts";
import {
  type Arguments,
  type BinaryOperator,
  type Block,
  type Comparison,
  captured,
  type Expression,
  type Place,
  type Statement,
  type Target,
} from "./nodes.ts";
import { syntaxError, TemplateError } from "./template-error.ts";

/**
 * Reads a Jinja2 template (the language of Jinja 3.1, without macros, inheritance and extensions).
 *
 * @param options `trimBlocks`: the first line feed behind a statement or a comment is dropped
 * @throws TemplateError `template-syntax`, or `template-error` for a statement that is not supported
 */
export function parseTemplate(source: string, options: { trimBlocks?: boolean } = {}): Block {
  return new Parser(tokenize(source, options.trimBlocks === true)).template();
}

const unsupported: ReadonlySet<string> = new Set([
  ...["autoescape", "block", "break", "call", "continue", "debug", "do", "extends", "from", "import", "include"],
  ...["macro", "pluralize", "trans", "with"],
]);
const constants: ReadonlyMap<string, boolean | null> = new Map(
  [["true", true] as const, ["false", false] as const, ["none", null] as const].flatMap(([name, value]) => [
    [name, value],
    [`${name.charAt(0).toUpperCase()}${name.slice(1)}`, value],
  ]),
);
const comparisons: readonly string[] = ["==", "!=", "<", "<=", ">", ">="];
/** What may follow the name of a test, and is not its argument. */
const notArguments: ReadonlySet<string> = new Set(["and", "else", "if", "in", "is", "not", "or"]);
/** Deeper than any template is, and less than the stack holds. */
const maxDepth = 200;

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  template(): Block {
    const { block, end } = this.#block([]);
    return end === "" ? block : this.#fail(`'${end}' closes nothing`);
  }

  get #token(): Token {
    return this.#tokens[this.#position] as Token;
  }

  #next(): Token {
    const token = this.#token;
    if (token.type !== "eof") this.#position++;
    return token;
  }

  #is(type: Token["type"], ...values: readonly string[]): boolean {
    return this.#token.type === type && (values.length === 0 || values.includes(this.#token.value));
  }

  #skip(type: Token["type"], value: string): boolean {
    const found = this.#is(type, value);
    if (found) this.#position++;
    return found;
  }

  #expect(type: Token["type"], value?: string): Token {
    if (this.#is(type, ...(value === undefined ? [] : [value]))) return this.#next();
    return this.#fail(`expected ${value === undefined ? `a ${type}` : `'${value}'`}, not ${this.#found()}`);
  }

  #found(): string {
    const { type, value } = this.#token;
    if (type === "eof") return "the end of the template";
    return type === "end" ? "the end of the tag" : `'${value}'`;
  }

  #fail(reason: string, place: Place = this.#token.at): never {
    throw syntaxError(reason, place);
  }

  /** Up to a statement of one of the names, whose name is consumed, or to the end of the template. */
  #block(ends: readonly string[]): { block: Statement[]; end: string } {
    if (++this.#depth > maxDepth) this.#fail("it is nested too deeply");
    const block: Statement[] = [];
    for (;;) {
      const { type, value, at } = this.#next();
      if (type === "eof") {
        if (ends.length > 0) this.#fail(`there is no '${ends.at(-1)}'`);
        break;
      }
      if (type === "text") block.push({ kind: "text", text: value, at });
      else if (value === "output") {
        block.push({ kind: "output", value: this.#tuple(), at });
        this.#expect("end");
      } else {
        const name = this.#expect("name");
        if (ends.includes(name.value)) {
          this.#depth--;
          return { block, end: name.value };
        }
        block.push(this.#statement(name));
      }
    }
    this.#depth--;
    return { block, end: "" };
  }

  #statement({ value: name, at }: Token): Statement {
    if (name === "if") return this.#if(at);
    if (name === "for") return this.#for(at);
    if (name === "set") return this.#set(at);
    if (name === "filter") {
      const value = this.#filters({ kind: "name", name: captured, at }, true);
      return { kind: "capture", body: this.#body("endfilter"), value, at };
    }
    if (unsupported.has(name)) throw new TemplateError("template-error", `'${name}' is not supported in templates`, at);
    return this.#fail(`there is no statement '${name}'`, at);
  }

  /** Behind the head of a statement: the rest of it up to its end. */
  #body(end: string): Block {
    this.#expect("end");
    const { block } = this.#block([end]);
    this.#expect("end");
    return block;
  }

  #if(at: Place): Statement {
    const test = this.#tuple();
    this.#expect("end");
    const { block: body, end } = this.#block(["elif", "else", "endif"]);
    if (end === "elif") return { kind: "if", test, body, otherwise: [this.#if(this.#token.at)], at };
    const otherwise = end === "else" ? this.#body("endif") : [];
    if (end === "endif") this.#expect("end");
    return { kind: "if", test, body, otherwise, at };
  }

  #for(at: Place): Statement {
    const target = this.#names();
    this.#expect("name", "in");
    const sequence = this.#tuple(() => this.#or());
    const condition = this.#skip("name", "if") ? this.#expression() : undefined;
    if (this.#is("name", "recursive")) this.#fail("'recursive' is not supported");
    this.#expect("end");
    const { block: body, end } = this.#block(["else", "endfor"]);
    const otherwise = end === "else" ? this.#body("endfor") : [];
    if (end === "endfor") this.#expect("end");
    const filter = condition === undefined ? {} : { condition };
    return { kind: "for", target, sequence, ...filter, body, otherwise, at };
  }

  #set(at: Place): Statement {
    const name = this.#token.value;
    const names = this.#names();
    const target: Target = this.#skip("operator", ".")
      ? { kind: "attribute", namespace: name, attribute: this.#expect("name").value }
      : names;
    if (this.#skip("operator", "=")) {
      const value = this.#tuple();
      this.#expect("end");
      return { kind: "set", target, value, at };
    }
    const value = this.#filters({ kind: "name", name: captured, at });
    return { kind: "capture", target, body: this.#body("endset"), value, at };
  }

  #names(): Target {
    const isParenthesized = this.#skip("operator", "(");
    const names = [this.#name()];
    let isTuple = false;
    while (this.#skip("operator", ",")) {
      isTuple = true;
      if (this.#is("name") && !this.#is("name", "in")) names.push(this.#name());
    }
    if (isParenthesized) this.#expect("operator", ")");
    return { kind: "names", names, isTuple };
  }

  #name(): string {
    const { value } = this.#expect("name");
    return constants.has(value) ? this.#fail(`'${value}' cannot be set`) : value;
  }

  /** An expression, or several with commas between them. */
  #tuple(item: () => Expression = () => this.#expression()): Expression {
    const { at } = this.#token;
    const items = [item()];
    if (!this.#is("operator", ",")) return items[0] as Expression;
    while (this.#skip("operator", ",")) if (this.#startsExpression()) items.push(item());
    return { kind: "tuple", items, at };
  }

  #startsExpression(): boolean {
    return !this.#is("end") && !this.#is("operator", ")", "]", "}", "=");
  }

  #expression(): Expression {
    if (++this.#depth > maxDepth) this.#fail("it is nested too deeply");
    let body = this.#or();
    while (this.#is("name", "if")) {
      this.#next();
      const test = this.#or();
      const otherwise = this.#skip("name", "else") ? { otherwise: this.#expression() } : {};
      body = { kind: "choice", test, body, ...otherwise, at: body.at };
    }
    this.#depth--;
    return body;
  }

  #or(): Expression {
    return this.#binary("name", ["or"], () => this.#and());
  }

  #and(): Expression {
    return this.#binary("name", ["and"], () => this.#not());
  }

  #not(): Expression {
    if (!this.#is("name", "not")) return this.#comparison();
    const { at } = this.#next();
    return { kind: "unary", operator: "not", operand: this.#nested(() => this.#not()), at };
  }

  #comparison(): Expression {
    const first = this.#sum();
    const rest: { operator: Comparison; operand: Expression }[] = [];
    for (let operator = this.#comparator(); operator !== undefined; operator = this.#comparator()) {
      rest.push({ operator, operand: this.#sum() });
    }
    return rest.length === 0 ? first : { kind: "compare", first, rest, at: first.at };
  }

  #comparator(): Comparison | undefined {
    if (this.#is("operator", ...comparisons)) return this.#next().value as Comparison;
    if (this.#skip("name", "in")) return "in";
    const next = this.#tokens[this.#position + 1];
    if (!this.#is("name", "not") || next?.type !== "name" || next.value !== "in") return undefined;
    this.#position += 2;
    return "not in";
  }

  #sum(): Expression {
    return this.#binary("operator", ["+", "-"], () => this.#concatenation());
  }

  #concatenation(): Expression {
    return this.#binary("operator", ["~"], () => this.#product());
  }

  #product(): Expression {
    return this.#binary("operator", ["*", "/", "//", "%"], () => this.#power());
  }

  #power(): Expression {
    return this.#binary("operator", ["**"], () => this.#unary());
  }

  /** Operators of one precedence are applied from left to right. */
  #binary(type: Token["type"], operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand();
    while (this.#is(type, ...operators)) {
      const operator = this.#next().value as BinaryOperator;
      left = { kind: "binary", operator, left, right: operand(), at: left.at };
    }
    return left;
  }

  /** A sign applies to the value before its filters do. */
  #unary(withFilters = true): Expression {
    const { value, at } = this.#token;
    let node: Expression;
    if (this.#is("operator", "-", "+")) {
      this.#next();
      node = { kind: "unary", operator: value as "-" | "+", operand: this.#nested(() => this.#unary(false)), at };
    } else node = this.#postfix(this.#primary());
    return withFilters ? this.#filtersAndTests(node) : node;
  }

  #nested(parse: () => Expression): Expression {
    if (++this.#depth > maxDepth) this.#fail("it is nested too deeply");
    const node = parse();
    this.#depth--;
    return node;
  }

  #primary(): Expression {
    const { type, value, at } = this.#token;
    if (type === "name") {
      this.#next();
      const constant = constants.get(value);
      return constant === undefined ? { kind: "name", name: value, at } : { kind: "literal", value: constant, at };
    }
    if (type === "string") {
      let text = "";
      while (this.#is("string")) text += stringLiteral(this.#next().value);
      return { kind: "literal", value: text, at };
    }
    if (type === "integer" || type === "float") {
      this.#next();
      return { kind: "literal", value: numberLiteral(value, type), at };
    }
    if (this.#skip("operator", "(")) return this.#group(at);
    if (this.#skip("operator", "[")) return { kind: "list", items: this.#listed("]", () => this.#expression()), at };
    if (this.#skip("operator", "{")) return { kind: "dict", pairs: this.#listed("}", () => this.#pair()), at };
    return this.#fail(`expected a value, not ${this.#found()}`);
  }

  #group(at: Place): Expression {
    if (this.#skip("operator", ")")) return { kind: "tuple", items: [], at };
    const node = this.#tuple();
    this.#expect("operator", ")");
    return node;
  }

  /** Behind an opening bracket: what is between it and the closing one. */
  #listed<T>(closing: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.#skip("operator", closing)) {
      if (items.length > 0) this.#expect("operator", ",");
      if (!this.#is("operator", closing)) items.push(item());
    }
    return items;
  }

  #pair(): readonly [Expression, Expression] {
    const key = this.#expression();
    this.#expect("operator", ":");
    return [key, this.#expression()];
  }

  #postfix(operand: Expression): Expression {
    let node = operand;
    for (;;) {
      const { at } = this.#token;
      if (this.#skip("operator", ".")) node = { kind: "member", target: node, key: this.#attribute(), at };
      else if (this.#skip("operator", "[")) node = this.#subscript(node, at);
      else if (this.#is("operator", "(")) node = { kind: "call", callee: node, args: this.#arguments(), at };
      else return node;
    }
  }

  #attribute(): Expression {
    const { type, value, at } = this.#next();
    if (type === "integer") return { kind: "literal", value: numberLiteral(value, type), at };
    return type === "name" ? { kind: "literal", value, at } : this.#fail("expected a name or a number behind '.'", at);
  }

  #subscript(target: Expression, at: Place): Expression {
    const start = this.#is("operator", ":") ? {} : { start: this.#expression() };
    if (this.#skip("operator", "]")) {
      return { kind: "member", target, key: start.start ?? this.#fail("expected a value"), at };
    }
    this.#expect("operator", ":");
    const stop = this.#is("operator", ":", "]") ? {} : { stop: this.#expression() };
    const step = this.#skip("operator", ":") && !this.#is("operator", "]") ? { step: this.#expression() } : {};
    this.#expect("operator", "]");
    return { kind: "slice", target, ...start, ...stop, ...step, at };
  }

  #filtersAndTests(operand: Expression): Expression {
    let node = operand;
    for (;;) {
      const { at } = this.#token;
      if (this.#is("operator", "|")) node = this.#filters(node);
      else if (this.#skip("name", "is")) node = this.#test(node);
      else if (this.#is("operator", "(")) node = { kind: "call", callee: node, args: this.#arguments(), at };
      else return node;
    }
  }

  /** `startsWithName`: the first filter has no `|` before it. */
  #filters(operand: Expression, startsWithName = false): Expression {
    let node = operand;
    for (let isFirst = startsWithName; isFirst || this.#skip("operator", "|"); isFirst = false) {
      const { value: name, at } = this.#expect("name");
      node = { kind: "filter", name, operand: node, args: this.#optionalArguments(), at };
    }
    return node;
  }

  #test(operand: Expression): Expression {
    const isNegated = this.#skip("name", "not");
    const { value: name } = this.#expect("name");
    let args = this.#optionalArguments();
    const isArgument =
      ["name", "string", "integer", "float"].includes(this.#token.type) || this.#is("operator", "[", "{");
    if (args.positional.length === 0 && isArgument && !notArguments.has(this.#token.value)) {
      args = { positional: [this.#postfix(this.#primary())], named: new Map() };
    }
    const test: Expression = { kind: "test", name, operand, args, at: operand.at };
    return isNegated ? { kind: "unary", operator: "not", operand: test, at: operand.at } : test;
  }

  #optionalArguments(): Arguments<Expression> {
    return this.#is("operator", "(") ? this.#arguments() : { positional: [], named: new Map() };
  }

  #arguments(): Arguments<Expression> {
    this.#expect("operator", "(");
    const positional: Expression[] = [];
    const named = new Map<string, Expression>();
    this.#listed(")", () => {
      const next = this.#tokens[this.#position + 1];
      if (this.#is("name") && next?.type === "operator" && next.value === "=") {
        const { value } = this.#next();
        this.#next();
        named.set(value, this.#expression());
      } else if (named.size > 0) this.#fail("an argument without a name follows one with a name");
      else positional.push(this.#expression());
    });
    return { positional, named };
  }
}
