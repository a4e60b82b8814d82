import { type Arguments, add, applyFilter, numeric } from "./filters.ts";
import { callMethod } from "./methods.ts";
import { controlCharacters } from "./python-regexp.ts";
import { parseTemplate, type SyntaxNode, TemplateError } from "./syntax.ts";
import { applyTest, isIn } from "./tests.ts";
import {
  integer,
  isEqual,
  isList,
  isMapping,
  isTrue,
  items,
  order,
  toText,
  Undefined,
  type Value,
  ValueError,
} from "./values.ts";

/**
 * Renders a Jinja2 template with its variables, as Jinja2 does: nothing is escaped, one newline at the end of the
 * template is dropped. Unlike there, printing an undefined variable is an error; testing one is false.
 *
 * @throws TemplateError with the place in the template
 */
export function renderTemplate(source: string, variables: ReadonlyMap<string, string>): string {
  const normalized = source.replaceAll(/\r\n?/g, "\n").replace(/\n$/, "");
  const rendering: Rendering = { source: normalized.split("\n"), scope: new Map<string, Value>(variables) };
  return render(parseTemplate(normalized), rendering);
}

interface Rendering {
  /** Lines of the template. */
  readonly source: readonly string[];
  readonly scope: Map<string, Value>;
}

function render(node: SyntaxNode | null, rendering: Rendering): string {
  if (node === null) return "";
  switch (node.typename) {
    case "Root":
    case "NodeList":
      return node.children.map((child) => render(child, rendering)).join("");
    case "Output":
      return node.children.map((child) => output(child, rendering)).join("");
    case "If":
      return render(isTrue(evaluate(node.cond, rendering)) ? node.body : node.else_, rendering);
    case "For":
      return loop(node, rendering);
    case "Set":
      return assign(node, rendering);
    default:
      throw unsupported(node);
  }
}

function output(node: SyntaxNode, rendering: Rendering): string {
  if (node.typename === "TemplateData") return String(node.value);
  const value = evaluate(node, rendering);
  return at(node, () => toText(value));
}

function loop(node: SyntaxNode, rendering: Rendering): string {
  const sequence = evaluate(node.arr, rendering);
  const all = at(node.arr, () => items(sequence));
  if (all.length === 0) return render(node.else_, rendering);
  return all
    .map((item, index) => render(node.body, inLoop(node, rendering, { item, index, length: all.length })))
    .join("");
}

function inLoop(
  node: SyntaxNode,
  rendering: Rendering,
  pass: { item: Value; index: number; length: number },
): Rendering {
  const { item, index, length } = pass;
  const scope = new Map(rendering.scope);
  scope.set(
    "loop",
    new Map<string, Value>([
      ["index", BigInt(index + 1)],
      ["index0", BigInt(index)],
      ["first", index === 0],
      ["last", index === length - 1],
      ["length", BigInt(length)],
    ]),
  );
  if (node.name.typename === "Symbol") scope.set(String(node.name.value), item);
  else at(node.name, () => unpack(node.name.children, items(item), scope));
  return { ...rendering, scope };
}

function unpack(names: readonly SyntaxNode[], values: readonly Value[], scope: Map<string, Value>): void {
  if (names.length !== values.length) throw new ValueError(`${names.length} names for ${values.length} values`);
  for (const [index, name] of names.entries()) scope.set(String(name.value), values[index] as Value);
}

function assign(node: SyntaxNode, rendering: Rendering): string {
  const value = node.value === null ? evaluate(node.body, rendering) : evaluate(node.value as SyntaxNode, rendering);
  if (node.targets.length === 1) rendering.scope.set(String(node.targets[0]?.value), value);
  else at(node, () => unpack(node.targets, items(value), rendering.scope));
  return "";
}

function evaluate(node: SyntaxNode, rendering: Rendering): Value {
  const evaluator = evaluators[node.typename];
  if (evaluator === undefined) throw unsupported(node);
  return at(node, () => evaluator(node, (child) => evaluate(child, rendering), rendering));
}

type Evaluator = (node: SyntaxNode, value: (child: SyntaxNode) => Value, rendering: Rendering) => Value;

const evaluators: Readonly<Record<string, Evaluator>> = {
  Literal: (node, _value, rendering) => literal(node, rendering),
  Symbol: (node, _value, rendering) => lookUp(String(node.value), rendering),
  Array: (node, value) => node.children.map(value),
  // A group of several is a tuple.
  Group: (node, value) =>
    node.children.length === 1 ? value(node.children[0] as SyntaxNode) : node.children.map(value),
  Dict: (node, value) => new Map(node.children.map((pair) => [value(pair.key), value(pair.value as SyntaxNode)])),
  Capture: (node, _value, rendering) => render(node.body, rendering),
  InlineIf: (node, value) =>
    isTrue(value(node.cond)) ? value(node.body) : node.else_ === null ? "" : value(node.else_),
  And: (node, value) => {
    const left = value(node.left);
    return isTrue(left) ? value(node.right) : left;
  },
  Or: (node, value) => {
    const left = value(node.left);
    return isTrue(left) ? left : value(node.right);
  },
  Not: (node, value) => !isTrue(value(node.target)),
  Compare: compare,
  In: (node, value) => isIn(value(node.left), value(node.right)),
  Is: (node, value) => {
    const { name, args } = call(node.right, value);
    return applyTest(name, value(node.left), args.positional);
  },
  Filter: (node, value) => {
    const [operand, ...rest] = node.args.children;
    return applyFilter(String(node.name.value), value(operand as SyntaxNode), callArguments(rest, value));
  },
  FunCall: callFunction,
  LookupVal: (node, value) => member(node, value),
  Concat: (node, value) => toText(value(node.left)) + toText(value(node.right)),
  Add: (node, value) => add(value(node.left), value(node.right)),
  Sub: (node, value) =>
    arithmetic(
      node,
      value,
      (a, b) => a - b,
      (a, b) => a - b,
    ),
  Mul: (node, value) =>
    arithmetic(
      node,
      value,
      (a, b) => a * b,
      (a, b) => a * b,
    ),
  Div: (node, value) => Number(numeric(value(node.left))) / Number(nonZero(value(node.right))),
  FloorDiv: (node, value) => arithmetic(node, value, floorDivide, (a, b) => Math.floor(a / b), nonZero),
  Mod: (node, value) =>
    arithmetic(
      node,
      value,
      (a, b) => a - floorDivide(a, b) * b,
      (a, b) => a - Math.floor(a / b) * b,
      nonZero,
    ),
  Pow: (node, value) =>
    arithmetic(
      node,
      value,
      (a, b) => (b < 0n ? Number(a) ** Number(b) : a ** b),
      (a, b) => a ** b,
    ),
  Neg: (node, value) => -numeric(value(node.target)),
  Pos: (node, value) => numeric(value(node.target)),
};

function lookUp(name: string, rendering: Rendering): Value {
  const constants: Readonly<Record<string, Value>> = { True: true, False: false, None: null };
  if (Object.hasOwn(constants, name)) return constants[name] as Value;
  return rendering.scope.get(name) ?? new Undefined(name);
}

/**
 * A text is read from the source again, with Python's escapes: nunjucks turns `"\."` into `"."`, Jinja2 does not. So
 * is a number, for `1.0` is a float. The name in `a.name` is a literal too, without quotes.
 */
function literal(node: SyntaxNode, rendering: Rendering): Value {
  const written = rendering.source.slice(node.lineno).join("\n").slice(node.colno);
  if (typeof node.value === "string") return /^["']/.test(written) ? unescaped(written) : node.value;
  if (typeof node.value === "number") return /^\d+\.\d/.test(written) ? node.value : BigInt(node.value);
  if (typeof node.value === "boolean" || node.value === null) return node.value;
  throw unsupported(node);
}

function unescaped(written: string): string {
  const body = /^(?<quote>["'])(?<body>(?:\\[\s\S]|(?!\k<quote>)[\s\S])*)/u.exec(written)?.groups?.["body"] ?? "";
  const escapes =
    /\\(?:x(?<hex>[0-9a-fA-F]{2})|u(?<short>[0-9a-fA-F]{4})|U(?<long>[0-9a-fA-F]{8})|(?<octal>[0-7]{1,3})|(?<other>[\s\S]))/gu;
  return body.replaceAll(escapes, (all, hex?: string, short?: string, long?: string, octal?: string, other = "") => {
    const code = hex ?? short ?? long;
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
    return simpleEscapes[other] ?? all;
  });
}

/** Of Python's string literals; a backslash before another character stays. */
const simpleEscapes: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  ...controlCharacters,
};

function compare(node: SyntaxNode, value: (child: SyntaxNode) => Value): Value {
  let left = value(node.expr);
  for (const { type, expr } of node.ops) {
    const right = value(expr);
    if (!holds(type, left, right)) return false;
    left = right;
  }
  return true;
}

function holds(operator: string, left: Value, right: Value): boolean {
  if (operator === "==") return isEqual(left, right);
  if (operator === "!=") return !isEqual(left, right);
  if (left instanceof Undefined) toText(left);
  if (right instanceof Undefined) toText(right);
  if (operator === "<") return order(left, right) < 0;
  if (operator === "<=") return order(left, right) <= 0;
  if (operator === ">") return order(left, right) > 0;
  if (operator === ">=") return order(left, right) >= 0;
  throw new ValueError(`Jinja2 has no operator ${operator}`);
}

/** A test, which may have arguments: `defined`, `divisibleby(3)`. */
function call(node: SyntaxNode, value: (child: SyntaxNode) => Value): { name: string; args: Arguments } {
  if (node.typename !== "FunCall") return { name: String(node.value), args: callArguments([], value) };
  return { name: String(node.name.value), args: callArguments(node.args.children, value) };
}

function callArguments(nodes: readonly SyntaxNode[], value: (child: SyntaxNode) => Value): Arguments {
  const keywords = nodes.find((node) => node.typename === "KeywordArgs");
  return {
    positional: nodes.filter((node) => node !== keywords).map(value),
    named: new Map(keywords?.children.map((pair) => [String(pair.key.value), value(pair.value as SyntaxNode)])),
  };
}

function callFunction(node: SyntaxNode, value: (child: SyntaxNode) => Value): Value {
  const { positional, named } = callArguments(node.args.children, value);
  if (named.size > 0) throw new ValueError("named arguments are known to filters only");
  if (node.name.typename === "LookupVal") {
    const self = value(node.name.target);
    if (self instanceof Undefined) toText(self);
    return callMethod(self, String(node.name.val.value), positional);
  }
  if (node.name.value === "range") return range(positional.map(integer));
  throw new ValueError(`there is no function '${String(node.name.value)}'`);
}

function range(args: readonly number[]): Value {
  const [start = 0, stop = 0, step = 1] = args.length === 1 ? [0, ...args] : args;
  const length = Math.max(0, Math.ceil((stop - start) / step));
  // The same bound as that of Jinja2's sandbox.
  if (!Number.isFinite(length) || length > 100_000) throw new ValueError("the range is too long, or has no step");
  return Array.from({ length }, (_, index) => BigInt(start + index * step));
}

function member(node: SyntaxNode, value: (child: SyntaxNode) => Value): Value {
  const target = value(node.target);
  if (target instanceof Undefined) toText(target);
  if (node.val.typename === "Slice") return slice(target, node.val, value);
  const key = value(node.val);
  const found = isMapping(target) ? target.get(key) : element(target, key);
  return found ?? new Undefined(toText(key));
}

function element(target: Value, key: Value): Value | undefined {
  if (typeof key !== "bigint" || !(typeof target === "string" || isList(target))) return undefined;
  return items(target).at(Number(key));
}

function slice(target: Value, node: SyntaxNode, value: (child: SyntaxNode) => Value): Value {
  const bound = (child: SyntaxNode): number | undefined => {
    const limit = value(child);
    return limit === null ? undefined : integer(limit);
  };
  const all = items(target);
  const step = bound(node.step) ?? 1;
  if (step !== 1) throw new ValueError("a slice with a step is not supported");
  const part = all.slice(bound(node.start), bound(node.stop));
  return typeof target === "string" ? part.join("") : part;
}

function arithmetic(
  node: SyntaxNode,
  value: (child: SyntaxNode) => Value,
  whole: (left: bigint, right: bigint) => bigint | number,
  fractional: (left: number, right: number) => number,
  divisor: (value: Value) => bigint | number = numeric,
): Value {
  const left = numeric(value(node.left));
  const right = divisor(value(node.right));
  if (typeof left === "bigint" && typeof right === "bigint") return whole(left, right);
  return fractional(Number(left), Number(right));
}

function nonZero(value: Value): bigint | number {
  const number = numeric(value);
  if (Number(number) === 0) throw new ValueError("division by zero");
  return number;
}

/** Python rounds towards minus infinity, bigint division towards zero. */
function floorDivide(left: bigint, right: bigint): bigint {
  const quotient = left / right;
  return left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient;
}

/** Gives an error of a value the place of the node. */
function at<T>(node: SyntaxNode, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const code = error.undefinedVariable ? "undefined-variable" : "template-error";
    throw new TemplateError(code, error.message, { line: node.lineno + 1, column: node.colno + 1 });
  }
}

function unsupported(node: SyntaxNode): TemplateError {
  const place = { line: node.lineno + 1, column: node.colno + 1 };
  return new TemplateError("template-error", `'${node.typename}' is not supported in this template`, place);
}
