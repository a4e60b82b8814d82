/**
 * The values of templates, with Python's rules: what is true, what is equal, how a value is printed. Python's int is a
 * bigint here and its float a number, so that `10 // 4` and `10 / 4` come out as Jinja2 has them.
 */
export type Value = string | bigint | number | boolean | null | Undefined | readonly Value[] | Mapping;
export type Mapping = ReadonlyMap<Value, Value>;

/** Python's tuple: a list that is printed in another way. */
export class Tuple extends Array<Value> {}

/** What `namespace()` makes: the one value whose members a template can set. */
export class Namespace extends Map<Value, Value> {}

/** The value of a name that is not defined: it may be tested, not used. */
export class Undefined {
  /** How the template names it. */
  readonly label: string;

  constructor(label: string) {
    this.label = label;
  }
}

export function orUndefined(value: Value | undefined, label: string): Value {
  return value === undefined ? new Undefined(label) : value;
}

/** A use of a value that its kind does not allow. The caller adds the place. */
export class ValueError extends Error {
  override readonly name = "ValueError";
  readonly undefinedVariable: boolean;

  constructor(message: string, undefinedVariable = false) {
    super(message);
    this.undefinedVariable = undefinedVariable;
  }
}

export function isTrue(value: Value): boolean {
  if (value instanceof Undefined || value === null) return false;
  if (isList(value)) return value.length > 0;
  if (isMapping(value)) return value.size > 0;
  return Boolean(value);
}

/** Python's `==`: a text never equals a number, True equals 1. */
export function isEqual(left: Value, right: Value): boolean {
  if (isList(left) && isList(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index] as Value));
  }
  if (isMapping(left) && isMapping(right)) {
    return (
      left.size === right.size &&
      [...left].every(([key, item]) => right.has(key) && isEqual(item, right.get(key) as Value))
    );
  }
  if (left instanceof Undefined && right instanceof Undefined) return true;
  if (isNumber(left) && isNumber(right)) return order(left, right) === 0;
  return left === right;
}

/** Negative, zero or positive, as `left` stands to `right`. @throws ValueError for kinds without an order */
export function order(left: Value, right: Value): number {
  if (isNumber(left) && isNumber(right)) {
    const [a, b] = [asNumber(left), asNumber(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (typeof left === "string" && typeof right === "string") return orderOfTexts(left, right);
  if (isList(left) && isList(right)) return orderOfLists(left, right);
  throw new ValueError(`${kindOf(left)} and ${kindOf(right)} have no order`);
}

/** The text that `{{ value }}` gives. @throws ValueError for an undefined variable */
export function toText(value: Value): string {
  if (value instanceof Undefined) throw new ValueError(`'${value.label}' is undefined`, true);
  return typeof value === "string" ? value : representation(value);
}

/** Python's `repr`. */
export function representation(value: Value): string {
  if (value instanceof Undefined) return toText(value);
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return floatText(value);
  if (typeof value === "string") return quoted(value);
  if (value instanceof Tuple) return `(${[...value].map(representation).join(", ")}${value.length === 1 ? "," : ""})`;
  if (isList(value)) return `[${value.map(representation).join(", ")}]`;
  if (isMapping(value))
    return `{${[...value].map(([k, v]) => `${representation(k)}: ${representation(v)}`).join(", ")}}`;
  return String(value);
}

/** Python's `repr` of a float: the shortest digits, with an exponent from 16 digits on. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
  const [digits = "", exponent = "0"] = value.toExponential().split("e");
  if (value !== 0 && (Number(exponent) < -4 || Number(exponent) >= 16)) {
    return `${digits}e${exponent.charAt(0)}${exponent.slice(1).padStart(2, "0")}`;
  }
  const text = Object.is(value, -0) ? "-0" : String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}

/** The items that a loop goes through. @throws ValueError for a value that has none */
export function items(value: Value): readonly Value[] {
  if (value instanceof Undefined) return [];
  if (typeof value === "string") return [...value];
  if (isList(value)) return value;
  if (isMapping(value)) return [...value.keys()];
  throw new ValueError(`${kindOf(value)} cannot be gone through`);
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMapping(value: Value): value is Mapping {
  return value instanceof Map;
}

export function isNumber(value: Value): value is bigint | number | boolean {
  return typeof value === "bigint" || typeof value === "number" || typeof value === "boolean";
}

/** The number itself, True as 1. */
export function asNumber(value: bigint | number | boolean): bigint | number {
  return typeof value === "boolean" ? BigInt(value) : value;
}

/** The value as a text. @throws ValueError for any other kind, and for an undefined variable */
export function text(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof Undefined) return toText(value);
  throw new ValueError(`a text is needed, not ${kindOf(value)}`);
}

/** The value as a whole number that JavaScript can count with. @throws ValueError for any other kind */
export function integer(value: Value): number {
  if (typeof value === "bigint" || typeof value === "boolean") return Number(value);
  throw new ValueError(`a whole number is needed, not ${kindOf(value)}`);
}

export function kindOf(value: Value): string {
  if (value instanceof Undefined) return "an undefined variable";
  if (value === null) return "none";
  if (isList(value)) return "a list";
  if (isMapping(value)) return "a mapping";
  return { string: "a text", bigint: "a whole number", number: "a number", boolean: "a boolean" }[
    typeof value as "string" | "bigint" | "number" | "boolean"
  ];
}

function quoted(value: string): string {
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const escaped = value
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    .replaceAll(quote, `\\${quote}`);
  return `${quote}${escaped}${quote}`;
}

/** By code points, as Python orders texts; JavaScript's `<` goes by UTF-16 units. */
function orderOfTexts(left: string, right: string): number {
  const [a, b] = [[...left], [...right]];
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const difference = (a[index]?.codePointAt(0) ?? 0) - (b[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function orderOfLists(left: readonly Value[], right: readonly Value[]): number {
  for (const [index, item] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (!isEqual(item, other)) return order(item, other);
  }
  return left.length - right.length;
}

/** The value of plain JavaScript data. Numbers without a fraction are whole numbers; `undefined` is an undefined variable. */
export function fromJs(value: unknown, label: string): Value {
  if (value === undefined) return new Undefined(label);
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "bigint")
    return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map((each, index) => fromJs(each, `${label}[${index}]`));
  if (typeof value !== "object") throw new TypeError(`the variable ${label} is a ${typeof value}, not data`);
  const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  const known = [...entries].filter(([, each]) => each !== undefined);
  return new Map(known.map(([key, each]) => [fromJs(key, label), fromJs(each, `${label}.${String(key)}`)]));
}

/** `value.key` and `value[key]`; undefined where there is none. @throws ValueError for an undefined variable */
export function memberOf(target: Value, key: Value): Value | undefined {
  if (target instanceof Undefined) toText(target);
  if (isMapping(target)) return target.get(key);
  if (typeof key !== "bigint" || !(typeof target === "string" || isList(target))) return undefined;
  return items(target).at(Number(key));
}

/** Python's `value[start:stop:step]`; null is an omitted bound. */
export function sliced(target: Value, start: Value, stop: Value, step: Value): Value {
  if (target instanceof Undefined) toText(target);
  const all = items(target);
  const stride = step === null ? 1 : integer(step);
  if (stride === 0) throw new ValueError("the step of a slice is zero");
  const bound = (limit: Value, otherwise: number): number => {
    if (limit === null) return otherwise;
    const index = integer(limit) < 0 ? integer(limit) + all.length : integer(limit);
    return Math.min(Math.max(index, stride > 0 ? 0 : -1), stride > 0 ? all.length : all.length - 1);
  };
  const [from, to] = [bound(start, stride > 0 ? 0 : all.length - 1), bound(stop, stride > 0 ? all.length : -1)];
  const part: Value[] = [];
  for (let index = from; stride > 0 ? index < to : index > to; index += stride) part.push(all[index] as Value);
  if (typeof target === "string") return part.join("");
  return target instanceof Tuple ? Tuple.from(part) : part;
}
