import nunjucks from "nunjucks";

/**
 * Reads a Jinja2 template into a syntax tree. The lexer and most of the grammar are nunjucks'; where nunjucks' grammar
 * differs from Jinja2's (precedence of operators, chained inline `if`, `is` binding to the operand before it, slices)
 * the parser is corrected here, because those differences change results silently.
 */
export function parseTemplate(source: string): SyntaxNode {
  const uninstallSlices = nunjucksInternals.installJinjaCompat();
  try {
    return jinjaParser(source).parseAsRoot();
  } catch (error) {
    throw syntaxError(error, source);
  } finally {
    uninstallSlices();
  }
}

/** What is wrong with a template, at a place in it: line and column count from 1. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  readonly code: "template-syntax" | "undefined-variable" | "template-error";
  readonly line: number;
  readonly column: number;

  constructor(code: TemplateError["code"], message: string, place: { line: number; column: number }) {
    super(message);
    this.code = code;
    this.line = place.line;
    this.column = place.column;
  }
}

/** A node of nunjucks' syntax tree; `lineno` and `colno` count from 0. Which other fields it has depends on its type. */
export interface SyntaxNode {
  readonly typename: string;
  readonly lineno: number;
  readonly colno: number;
  readonly children: readonly SyntaxNode[];
  readonly value: unknown;
  readonly target: SyntaxNode;
  readonly val: SyntaxNode;
  readonly left: SyntaxNode;
  readonly right: SyntaxNode;
  readonly expr: SyntaxNode;
  readonly ops: readonly (SyntaxNode & { readonly type: string; readonly expr: SyntaxNode })[];
  readonly cond: SyntaxNode;
  readonly body: SyntaxNode;
  readonly else_: SyntaxNode | null;
  readonly arr: SyntaxNode;
  readonly name: SyntaxNode;
  readonly args: SyntaxNode;
  readonly targets: readonly SyntaxNode[];
  readonly key: SyntaxNode;
  readonly start: SyntaxNode;
  readonly stop: SyntaxNode;
  readonly step: SyntaxNode;
}

interface Token {
  type: string;
  value: string;
  lineno: number;
  colno: number;
}

interface NunjucksParser {
  parseAsRoot(): SyntaxNode;
  parseInlineIf(): SyntaxNode;
  parseOr(): SyntaxNode;
  parseIs(): SyntaxNode;
  parseCompare(): SyntaxNode;
  parseAdd(): SyntaxNode;
  parseMul(): SyntaxNode;
  parsePow(): SyntaxNode;
  parsePrimary(): SyntaxNode;
  parseFilter(node: SyntaxNode): SyntaxNode;
  parseSignature(tolerant: boolean | null): SyntaxNode | null;
  nextToken(): Token | null;
  peekToken(): Token | null;
  pushToken(token: Token | null): void;
  skipSymbol(name: string): boolean;
}

type NodeType = new (lineno: number, colno: number, ...fields: unknown[]) => SyntaxNode;

/** The parts of nunjucks that its type declarations leave out. */
const nunjucksInternals = nunjucks as unknown as {
  installJinjaCompat(): () => void;
  lexer: { lex(source: string): unknown; TOKEN_PIPE: string };
  parser: { Parser: new (tokens: unknown) => NunjucksParser };
  nodes: Record<
    "InlineIf" | "Add" | "Sub" | "Mul" | "Div" | "FloorDiv" | "Mod" | "Is" | "Not" | "Symbol" | "FunCall" | "NodeList",
    NodeType
  >;
};
const { lexer, nodes } = nunjucksInternals;

function jinjaParser(source: string): NunjucksParser {
  const parser = new nunjucksInternals.parser.Parser(lexer.lex(source));
  const nunjucksFilter = parser.parseFilter.bind(parser);
  parser.parseInlineIf = () => inlineIf(parser);
  parser.parseAdd = () => leftToRight(parser, () => parser.parseMul(), { "+": nodes.Add, "-": nodes.Sub });
  parser.parseMul = () =>
    leftToRight(parser, () => parser.parsePow(), {
      "*": nodes.Mul,
      "/": nodes.Div,
      "//": nodes.FloorDiv,
      "%": nodes.Mod,
    });
  parser.parseIs = () => parser.parseCompare();
  parser.parseFilter = (node) => filtersAndTests(parser, node, nunjucksFilter);
  return parser;
}

function inlineIf(parser: NunjucksParser): SyntaxNode {
  let node = parser.parseOr();
  while (parser.skipSymbol("if")) {
    const condition = parser.parseOr();
    const otherwise = parser.skipSymbol("else") ? parser.parseInlineIf() : null;
    node = new nodes.InlineIf(node.lineno, node.colno, condition, node, otherwise);
  }
  return node;
}

/** Operators of one precedence are applied from left to right. */
function leftToRight(
  parser: NunjucksParser,
  operand: () => SyntaxNode,
  operators: Readonly<Record<string, NodeType>>,
): SyntaxNode {
  let node = operand();
  for (;;) {
    const token = parser.nextToken();
    const Operator = token?.type === "operator" ? operators[token.value] : undefined;
    if (Operator === undefined) {
      parser.pushToken(token);
      return node;
    }
    node = new Operator(node.lineno, node.colno, node, operand());
  }
}

function filtersAndTests(
  parser: NunjucksParser,
  operand: SyntaxNode,
  filters: (node: SyntaxNode) => SyntaxNode,
): SyntaxNode {
  let node = operand;
  for (;;) {
    if (parser.peekToken()?.type === lexer.TOKEN_PIPE) node = filters(node);
    else if (parser.skipSymbol("is")) node = test(parser, node);
    else return node;
  }
}

function test(parser: NunjucksParser, operand: SyntaxNode): SyntaxNode {
  const negated = parser.skipSymbol("not");
  const name = parser.nextToken();
  if (name === null) throw new Error("expected the name of a test after 'is'");
  const symbol = new nodes.Symbol(name.lineno, name.colno, String(name.value));
  const node = new nodes.Is(operand.lineno, operand.colno, operand, testCall(parser, symbol));
  return negated ? new nodes.Not(operand.lineno, operand.colno, node) : node;
}

/** A test's one argument needs no parentheses in Jinja2: `x is divisibleby 3`. */
function testCall(parser: NunjucksParser, symbol: SyntaxNode): SyntaxNode {
  const next = parser.peekToken();
  if (next === null) return symbol;
  if (next.type === "left-paren") {
    return new nodes.FunCall(symbol.lineno, symbol.colno, symbol, parser.parseSignature(null));
  }
  const starts = ["string", "int", "float", "left-bracket", "left-curly", "boolean", "none"];
  const isName = next.type === "symbol" && !["and", "or", "else", "if", "is", "in", "not"].includes(next.value);
  if (!starts.includes(next.type) && !isName) return symbol;
  const argument = parser.parsePrimary();
  return new nodes.FunCall(
    symbol.lineno,
    symbol.colno,
    symbol,
    new nodes.NodeList(next.lineno, next.colno, [argument]),
  );
}

/** nunjucks counts lines and columns from 1 in its errors, and gives none where the template ends too early. */
function syntaxError(error: unknown, source: string): TemplateError {
  const { message, lineno, colno } = error as { message: string; lineno?: number; colno?: number };
  const lines = source.split("\n");
  const end = { line: lines.length, column: [...(lines.at(-1) ?? "")].length + 1 };
  // Where the tokens end too early nunjucks may run into its own null, whose message tells nobody anything.
  const text =
    error instanceof TypeError
      ? "the template ends too early"
      : message.replaceAll(/\s+/g, " ").replace(/^parse\w+: /, "");
  const place = lineno === undefined || colno === undefined ? end : { line: lineno, column: colno };
  return new TemplateError("template-syntax", `the template cannot be read: ${text}`, place);
}
