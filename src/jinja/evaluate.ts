import { add, applyFilter, modulo, multiply, numeric } from "./filters.ts";
import { callMethod } from "./methods.ts";
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
import { parseTemplate } from "./parser.ts";
import { TemplateError } from "./template-error.ts";
import { applyTest, isIn } from "./tests.ts";
import {
  fromJs,
  integer,
  isEqual,
  isMapping,
  isTrue,
  items,
  memberOf,
  Namespace,
  order,
  orUndefined,
  sliced,
  Tuple,
  toText,
  Undefined,
  type Value,
  ValueError,
} from "./values.ts";

export interface TemplateOptions {
  /** The first line feed behind a statement or a comment is dropped. Default false. */
  trimBlocks?: boolean;
  /** A line feed at the end of the template stays. Default false. */
  keepTrailingNewline?: boolean;
}

/**
 * Renders a Jinja2 template with its variables, as Jinja 3.1 does; nothing is escaped. Printing or computing with an
 * undefined variable is an error; testing one is false.
 *
 * @param variables plain data: numbers without a fraction are Python's int, `undefined` is an undefined variable
 * @throws TemplateError with the place in the template
 */
export function renderTemplate(
  source: string,
  variables: ReadonlyMap<string, unknown>,
  options: TemplateOptions = {},
): string {
  const lines = source.replaceAll(/\r\n?/g, "\n");
  const template = options.keepTrailingNewline === true ? lines : lines.replace(/\n$/, "");
  const scope = new Map([...variables].map(([name, value]): [string, Value] => [name, fromJs(value, name)]));
  try {
    return render(parseTemplate(template, options), scope);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TemplateError("template-error", `the template asks for too much: ${error.message}`, {
      line: 1,
      column: 1,
    });
  }
}

type Scope = Map<string, Value>;

function render(block: Block, scope: Scope): string {
  return block.map((statement) => renderOne(statement, scope)).join("");
}

function renderOne(statement: Statement, scope: Scope): string {
  switch (statement.kind) {
    case "text":
      return statement.text;
    case "output": {
      const value = evaluate(statement.value, scope);
      return at(statement.value.at, () => toText(value));
    }
    case "if":
      return render(isTrue(evaluate(statement.test, scope)) ? statement.body : statement.otherwise, scope);
    case "for":
      return loop(statement, scope);
    case "set":
      assign(statement.target, evaluate(statement.value, scope), statement.at, scope);
      return "";
    case "capture": {
      const inner: Scope = new Map(scope);
      inner.set(captured, render(statement.body, inner));
      const value = evaluate(statement.value, inner);
      if (statement.target === undefined) return at(statement.at, () => toText(value));
      assign(statement.target, value, statement.at, scope);
      return "";
    }
  }
}

function loop(node: Extract<Statement, { kind: "for" }>, scope: Scope): string {
  const sequence = evaluate(node.sequence, scope);
  const all = at(node.sequence.at, () => items(sequence)).filter((item) => {
    if (node.condition === undefined) return true;
    const inner: Scope = new Map(scope);
    assign(node.target, item, node.at, inner);
    return isTrue(evaluate(node.condition, inner));
  });
  if (all.length === 0) return render(node.otherwise, scope);
  return all
    .map((item, index) => {
      const inner: Scope = new Map(scope);
      inner.set("loop", loopVariable(all, index));
      assign(node.target, item, node.at, inner);
      return render(node.body, inner);
    })
    .join("");
}

function loopVariable(all: readonly Value[], index: number): Value {
  const left = all.length - index;
  return new Map<Value, Value>([
    ["index", BigInt(index + 1)],
    ["index0", BigInt(index)],
    ["revindex", BigInt(left)],
    ["revindex0", BigInt(left - 1)],
    ["first", index === 0],
    ["last", left === 1],
    ["length", BigInt(all.length)],
    ["previtem", orUndefined(all[index - 1], "previtem")],
    ["nextitem", orUndefined(all[index + 1], "nextitem")],
  ]);
}

function assign(target: Target, value: Value, place: Place, scope: Scope): void {
  if (target.kind === "attribute") {
    const namespace = scope.get(target.namespace);
    if (namespace instanceof Namespace) namespace.set(target.attribute, value);
    else throw new TemplateError("template-error", `'${target.namespace}' is not a namespace`, place);
  } else if (!target.isTuple) scope.set(target.names[0] ?? "", value);
  else at(place, () => unpack(target.names, items(value), scope));
}

function unpack(names: readonly string[], values: readonly Value[], scope: Scope): void {
  if (names.length !== values.length) throw new ValueError(`${names.length} names for ${values.length} values`);
  for (const [index, name] of names.entries()) scope.set(name, values[index] as Value);
}

function evaluate(node: Expression, scope: Scope): Value {
  return at(node.at, () => compute(node, (each) => evaluate(each, scope), scope));
}

type Evaluate = (node: Expression) => Value;

function compute(node: Expression, value: Evaluate, scope: Scope): Value {
  switch (node.kind) {
    case "literal":
      return node.value;
    case "name":
      return orUndefined(scope.get(node.name), node.name);
    case "list":
      return node.items.map(value);
    case "tuple":
      return Tuple.from(node.items, value);
    case "dict":
      return new Map(node.pairs.map(([key, item]) => [value(key), value(item)]));
    case "choice":
      if (isTrue(value(node.test))) return value(node.body);
      return node.otherwise === undefined ? "" : value(node.otherwise);
    case "binary":
      return binary(node.operator, node, value);
    case "unary":
      return unary(node.operator, value(node.operand));
    case "compare":
      return compare(node, value);
    case "test":
      return applyTest(node.name, value(node.operand), evaluated(node.args, value).positional);
    case "filter":
      return applyFilter(node.name, value(node.operand), evaluated(node.args, value));
    case "call":
      return call(node.callee, evaluated(node.args, value), value);
    case "member": {
      const target = value(node.target);
      const key = value(node.key);
      return orUndefined(memberOf(target, key), toText(key));
    }
    case "slice": {
      const [start, stop, step] = [node.start, node.stop, node.step].map((each) => (each ? value(each) : null));
      return sliced(value(node.target), start ?? null, stop ?? null, step ?? null);
    }
  }
}

function evaluated(args: Arguments<Expression>, value: Evaluate): Arguments<Value> {
  return {
    positional: args.positional.map(value),
    named: new Map([...args.named].map(([name, each]) => [name, value(each)])),
  };
}

function unary(operator: "not" | "-" | "+", operand: Value): Value {
  if (operator === "not") return !isTrue(operand);
  return operator === "-" ? -numeric(operand) : numeric(operand);
}

function binary(operator: BinaryOperator, node: { left: Expression; right: Expression }, value: Evaluate): Value {
  const left = value(node.left);
  if (operator === "and") return isTrue(left) ? value(node.right) : left;
  if (operator === "or") return isTrue(left) ? left : value(node.right);
  return operators[operator](left, value(node.right));
}

const operators: Readonly<Record<Exclude<BinaryOperator, "and" | "or">, (left: Value, right: Value) => Value>> = {
  "~": (left, right) => toText(left) + toText(right),
  "+": add,
  "-": (left, right) =>
    arithmetic(
      left,
      right,
      (a, b) => a - b,
      (a, b) => a - b,
    ),
  "*": multiply,
  "/": (left, right) => Number(numeric(left)) / Number(nonZero(right)),
  "//": (left, right) => arithmetic(left, nonZero(right), floorDivide, (a, b) => Math.floor(a / b)),
  "%": (left, right) => {
    if (typeof left === "string") return modulo(left, right);
    return arithmetic(
      left,
      nonZero(right),
      (a, b) => a - floorDivide(a, b) * b,
      (a, b) => a - Math.floor(a / b) * b,
    );
  },
  "**": (left, right) =>
    arithmetic(
      left,
      right,
      (a, b) => (b < 0n ? Number(a) ** Number(b) : a ** limitedExponent(b)),
      (a, b) => a ** b,
    ),
};

/** A power of ten thousand digits, in a template, is a mistake that would take minutes to compute. */
function limitedExponent(exponent: bigint): bigint {
  if (exponent > 10_000n) throw new ValueError("the exponent is too large");
  return exponent;
}

function compare(node: Extract<Expression, { kind: "compare" }>, value: Evaluate): boolean {
  let left = value(node.first);
  for (const { operator, operand } of node.rest) {
    const right = value(operand);
    if (!holds(operator, left, right)) return false;
    left = right;
  }
  return true;
}

function holds(operator: Comparison, left: Value, right: Value): boolean {
  if (operator === "==") return isEqual(left, right);
  if (operator === "!=") return !isEqual(left, right);
  if (operator === "in") return isIn(left, right);
  if (operator === "not in") return !isIn(left, right);
  for (const each of [left, right]) if (each instanceof Undefined) toText(each);
  const difference = order(left, right);
  if (operator === "<") return difference < 0;
  if (operator === "<=") return difference <= 0;
  return operator === ">" ? difference > 0 : difference >= 0;
}

function call(callee: Expression, args: Arguments<Value>, value: Evaluate): Value {
  const { positional, named } = args;
  if (callee.kind === "name" && (callee.name === "dict" || callee.name === "namespace"))
    return keywords(callee.name, args);
  if (named.size > 0) throw new ValueError("only filters, dict and namespace take named arguments");
  if (callee.kind === "member") {
    const self = value(callee.target);
    const name = toText(value(callee.key));
    return isMapping(self) && name === "cycle" && self.has("index0")
      ? cycle(self, positional)
      : callMethod(self, name, positional);
  }
  if (callee.kind !== "name") throw new ValueError("this cannot be called");
  if (callee.name === "range") return range(positional.map(integer));
  throw new ValueError(`there is no function '${callee.name}'`);
}

function keywords(name: "dict" | "namespace", { positional, named }: Arguments<Value>): Value {
  const pairs = [...positional.flatMap((each) => (isMapping(each) ? [...each] : [])), ...named];
  return name === "dict" ? new Map<Value, Value>(pairs) : new Namespace(pairs);
}

function cycle(loopValue: ReadonlyMap<Value, Value>, values: readonly Value[]): Value {
  if (values.length === 0) throw new ValueError("cycle needs values");
  return values[integer(loopValue.get("index0") ?? 0n) % values.length] as Value;
}

function range(args: readonly number[]): Value {
  const [start = 0, stop = 0, step = 1] = args.length === 1 ? [0, ...args] : args;
  const length = Math.max(0, Math.ceil((stop - start) / step));
  // The same bound as that of Jinja2's sandbox.
  if (!Number.isFinite(length) || length > 100_000) throw new ValueError("the range is too long, or has no step");
  return Array.from({ length }, (_, index) => BigInt(start + index * step));
}

function arithmetic(
  first: Value,
  second: Value,
  whole: (left: bigint, right: bigint) => bigint | number,
  fractional: (left: number, right: number) => number,
): Value {
  const [left, right] = [numeric(first), numeric(second)];
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

/** Gives an error of a value the place of what it occurred in. */
function at<T>(place: Place, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new TemplateError(error.undefinedVariable ? "undefined-variable" : "template-error", error.message, place);
  }
}
