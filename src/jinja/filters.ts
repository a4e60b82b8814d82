import { formatted } from "./format.ts";
import { toJson } from "./json.ts";
import { capitalized, needed, replaceText, splitLines, stripEnd, stripStart, titleCase } from "./methods.ts";
import type { Arguments } from "./nodes.ts";
import { regexReplace } from "./python-regexp.ts";
import { applyTest } from "./tests.ts";
import {
  asNumber,
  integer,
  isEqual,
  isList,
  isMapping,
  isNumber,
  isTrue,
  items,
  memberOf,
  order,
  orUndefined,
  Tuple,
  text,
  toText,
  Undefined,
  type Value,
  ValueError,
} from "./values.ts";

/** `parameters` names what may follow the value, in order: an argument may be given by place or by name. */
interface Filter {
  readonly parameters: readonly string[];
  apply(value: Value, ...args: (Value | undefined)[]): Value;
}

/** @throws ValueError for an unknown filter or arguments that it does not take */
export function applyFilter(name: string, value: Value, args: Arguments<Value>): Value {
  if (Object.hasOwn(openFilters, name)) return (openFilters[name] as OpenFilter)(value, args);
  const filter = Object.hasOwn(filters, name) ? filters[name] : undefined;
  if (filter === undefined) throw new ValueError(`there is no filter '${name}'`);
  return filter.apply(value, ...inOrder(`the filter '${name}'`, filter.parameters, args));
}

/** The arguments in the order of the parameters. @throws ValueError for one too many and for an unknown name */
function inOrder(what: string, parameters: readonly string[], args: Arguments<Value>): (Value | undefined)[] {
  if (args.positional.length > parameters.length) throw new ValueError(`${what} has too many arguments`);
  for (const name of args.named.keys()) {
    if (!parameters.includes(name)) throw new ValueError(`${what} has no argument '${name}'`);
  }
  return parameters.map((name, index) =>
    index < args.positional.length ? args.positional[index] : args.named.get(name),
  );
}

function filter(parameters: readonly string[], apply: Filter["apply"]): Filter {
  return { parameters, apply };
}

/** A filter without arguments that works on a text; a number is taken as its text, as in Jinja2. */
function onText(change: (value: string) => Value): Filter {
  return filter([], (value) => change(toText(value)));
}

const defaultFilter = filter(["default_value", "boolean"], (value, otherwise = "", boolean = false) =>
  value instanceof Undefined || (isTrue(boolean) && !isTrue(value)) ? otherwise : value,
);
const lengthFilter = filter([], (value) => BigInt(isMapping(value) ? value.size : items(value).length));

/** Jinja2's filters for texts, numbers and lists, and the ancestor's `regex_replace`. */
const filters: Readonly<Record<string, Filter>> = {
  default: defaultFilter,
  d: defaultFilter,
  regex_replace: filter(["pat", "target"], (value, pattern, target) =>
    regexReplace(text(value), text(needed(pattern)), text(needed(target))),
  ),
  upper: onText((value) => value.toUpperCase()),
  lower: onText((value) => value.toLowerCase()),
  capitalize: onText(capitalized),
  title: onText(titleCase),
  string: onText((value) => value),
  safe: onText((value) => value),
  wordcount: onText((value) => BigInt(value.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0)),
  trim: filter(["chars"], (value, characters) => stripEnd(stripStart(toText(value), characters), characters)),
  replace: filter(["old", "new", "count"], (value, from, to, count) =>
    replaceText(toText(value), toText(needed(from)), toText(needed(to)), count),
  ),
  truncate: filter(["length", "killwords", "end", "leeway"], truncate),
  urlencode: onText((value) =>
    encodeURIComponent(value)
      .replaceAll(/[!'()*]/g, percentEncoded)
      .replaceAll("%2F", "/"),
  ),
  tojson: filter(["indent"], (value, indent = null) => toJson(value, indent)),
  length: lengthFilter,
  count: lengthFilter,
  first: filter([], (value) => orUndefined(items(value)[0], "first")),
  last: filter([], (value) => orUndefined(items(value).at(-1), "last")),
  list: filter([], (value) => [...items(value)]),
  items: filter([], (value) => pairs(value)),
  dictsort: filter(["case_sensitive", "by", "reverse"], dictSort),
  attr: filter(["name"], (value, name) => orUndefined(memberOf(value, needed(name)), toText(needed(name)))),
  batch: filter(["linecount", "fill_with"], batch),
  escape: onText(escaped),
  e: onText(escaped),
  indent: filter(["width", "first", "blank"], indent),
  center: filter(["width"], (value, width = 80n) => centered(toText(value), integer(width))),
  join: filter(["d", "attribute"], (value, separator = "", attribute = null) =>
    defined(value)
      .map((item) => toText(attributeOf(item, attribute)))
      .join(toText(separator)),
  ),
  reverse: filter([], (value) =>
    typeof value === "string" ? [...value].reverse().join("") : [...items(value)].reverse(),
  ),
  sort: filter(["reverse", "case_sensitive", "attribute"], sort),
  unique: filter(["case_sensitive", "attribute"], unique),
  min: filter([], (value) => orUndefined(sorted(items(value))[0], "min")),
  max: filter([], (value) => orUndefined(sorted(items(value)).at(-1), "max")),
  sum: filter(["attribute", "start"], (value, attribute = null, start = 0n) =>
    items(value).reduce<Value>((total, item) => add(total, attributeOf(item, attribute)), start),
  ),
  int: filter(["default", "base"], toInteger),
  float: filter(["default"], (value, otherwise = 0) => toFloat(value) ?? otherwise),
  abs: filter([], (value) => absolute(numeric(value))),
  round: filter(["precision", "method"], round),
};

type OpenFilter = (value: Value, args: Arguments<Value>) => Value;

/** Filters that hand on arguments: to another filter, to a test or to a format. */
const openFilters: Readonly<Record<string, OpenFilter>> = {
  format: (value, { positional, named }) => formatted(text(value), named.size > 0 ? new Map(named) : [...positional]),
  map: (value, { positional: [name, ...rest], named }) => {
    const attribute = named.get("attribute");
    if (attribute === undefined) {
      return items(value).map((item) => applyFilter(text(needed(name)), item, { positional: rest, named }));
    }
    return items(value).map((item) => {
      const found = attributeOf(item, attribute);
      return found instanceof Undefined ? (named.get("default") ?? found) : found;
    });
  },
  select: (value, { positional }) => items(value).filter((item) => passes(item, positional)),
  reject: (value, { positional }) => items(value).filter((item) => !passes(item, positional)),
  selectattr: (value, { positional: [attribute, ...test] }) =>
    items(value).filter((item) => passes(attributeOf(item, needed(attribute)), test)),
  rejectattr: (value, { positional: [attribute, ...test] }) =>
    items(value).filter((item) => !passes(attributeOf(item, needed(attribute)), test)),
};

function passes(value: Value, [name, ...args]: readonly Value[]): boolean {
  return name === undefined ? isTrue(value) : applyTest(text(name), value, args);
}

/** `attribute` is a path such as `a.b.0`; the value itself where it is null. */
function attributeOf(value: Value, attribute: Value): Value {
  if (attribute === null) return value;
  const parts = toText(attribute).split(".");
  return parts.reduce<Value>(
    (at, part) => orUndefined(memberOf(at, /^\d+$/.test(part) ? BigInt(part) : part), part),
    value,
  );
}

function pairs(value: Value): Value[] {
  if (value instanceof Undefined) return [];
  if (!isMapping(value)) throw new ValueError("a mapping is needed");
  return [...value].map(([key, item]) => Tuple.of(key, item));
}

function dictSort(value: Value, caseSensitive: Value = false, by: Value = "key", reverse: Value = false): Value {
  const at = by === "value" ? 1 : 0;
  const key = (pair: Value): Value => folded((pair as Tuple)[at] as Value, caseSensitive);
  const all = pairs(value).sort((left, right) => order(key(left), key(right)));
  return isTrue(reverse) ? all.reverse() : all;
}

function batch(value: Value, count: Value | undefined, fill: Value = null): Value {
  const all = items(value);
  const size = integer(needed(count));
  if (size < 1) throw new ValueError("a batch has at least one item");
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => {
    const part = all.slice(index * size, (index + 1) * size);
    return fill === null ? part : [...part, ...Array<Value>(size - part.length).fill(fill)];
  });
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&#39;",
  '"': "&#34;",
};

function escaped(value: string): string {
  return value.replaceAll(/[&<>'"]/g, (each) => entities[each] ?? each);
}

/** Without `first` and `blank` the first line, and empty lines, stay as they are. */
function indent(value: Value, width: Value = 4n, first: Value = false, blank: Value = false): Value {
  const space = typeof width === "string" ? width : " ".repeat(integer(width));
  const lines = splitLines(`${toText(value)}\n`);
  const indented = lines.map((line, index) => (index > 0 && (line !== "" || isTrue(blank)) ? space + line : line));
  return (isTrue(first) ? space : "") + indented.join("\n");
}

/** Where the space is odd, Python's `str.center` has more of it on the left if the width is odd. */
function centered(value: string, width: number): string {
  const space = Math.max(0, width - [...value].length);
  const left = Math.floor(space / 2) + (space & width & 1);
  return " ".repeat(left) + value + " ".repeat(space - left);
}

/** Python's `*`, for numbers and for repeating a text or a list. @throws ValueError for other kinds */
export function multiply(left: Value, right: Value): Value {
  for (const [each, count] of [
    [left, right],
    [right, left],
  ] as const) {
    if (typeof each !== "string" && !isList(each)) continue;
    const times = Math.max(0, integer(count));
    if (each.length * times > maxLength) throw new ValueError("the repetition is too long");
    if (typeof each === "string") return each.repeat(times);
    return Array.from({ length: times }, () => each).flat() as Value[];
  }
  const [a, b] = [numeric(left), numeric(right)];
  return typeof a === "bigint" && typeof b === "bigint" ? a * b : Number(a) * Number(b);
}

const maxLength = 1_000_000;

/** Python's `text % values`. */
export function modulo(left: string, right: Value): string {
  return formatted(left, right instanceof Tuple || isMapping(right) ? right : [right]);
}

/** Python's `+`. @throws ValueError for kinds that cannot be added */
export function add(left: Value, right: Value): Value {
  if (typeof left === "string" && typeof right === "string") return left + right;
  if (isList(left) && isList(right)) return [...left, ...right];
  const [a, b] = [numeric(left), numeric(right)];
  return typeof a === "bigint" && typeof b === "bigint" ? a + b : Number(a) + Number(b);
}

/** @throws ValueError for everything but a number */
export function numeric(value: Value): bigint | number {
  if (value instanceof Undefined) toText(value);
  if (!isNumber(value)) throw new ValueError("a number is needed: the filters int and float make one of a text");
  return asNumber(value);
}

function defined(value: Value): readonly Value[] {
  if (value instanceof Undefined) toText(value);
  return items(value);
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function truncate(
  value: Value,
  length: Value = 255n,
  killWords: Value = false,
  end: Value = "...",
  leeway: Value = 5n,
): Value {
  const characters = [...toText(value)];
  const room = integer(length);
  if (characters.length <= room + integer(leeway)) return characters.join("");
  const cut = characters.slice(0, room - [...text(end)].length).join("");
  return (isTrue(killWords) ? cut : cut.replace(/ [^ ]*$/u, "")) + text(end);
}

function folded(value: Value, caseSensitive: Value): Value {
  return typeof value === "string" && !isTrue(caseSensitive) ? value.toLowerCase() : value;
}

function sorted(values: readonly Value[]): Value[] {
  return [...values].sort((left, right) => order(folded(left, false), folded(right, false)));
}

function sort(value: Value, reverse: Value = false, caseSensitive: Value = false, attribute: Value = null): Value {
  const key = (item: Value): Value => folded(attributeOf(item, attribute), caseSensitive);
  const direction = isTrue(reverse) ? -1 : 1;
  return [...items(value)].sort((left, right) => direction * order(key(left), key(right)));
}

function unique(value: Value, caseSensitive: Value = false, attribute: Value = null): Value {
  const key = (item: Value): Value => folded(attributeOf(item, attribute), caseSensitive);
  return items(value).filter((item, index, all) => all.findIndex((other) => isEqual(key(item), key(other))) === index);
}

/** Jinja2 gives the default, 0, where the value is no number. */
function toInteger(value: Value, otherwise: Value = 0n, base: Value = 10n): Value {
  if (value instanceof Undefined) toText(value);
  if (typeof value === "string" && integer(base) !== 10) {
    const parsed = Number.parseInt(value, integer(base));
    return Number.isNaN(parsed) ? otherwise : BigInt(parsed);
  }
  if (typeof value === "string" && /^\s*[+-]?\d+\s*$/.test(value)) return BigInt(value.trim().replace(/^\+/, ""));
  const float = toFloat(value);
  return float === undefined || !Number.isFinite(float) ? otherwise : BigInt(Math.trunc(float));
}

function toFloat(value: Value): number | undefined {
  if (value instanceof Undefined) toText(value);
  if (isNumber(value)) return Number(asNumber(value));
  if (typeof value !== "string" || !/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(value)) return undefined;
  return Number(value);
}

function absolute(value: bigint | number): bigint | number {
  return value < 0 ? -value : value;
}

/** Half goes to the even neighbour, as Python rounds. The result is a float. */
function round(value: Value, precision: Value = 0n, method: Value = "common"): Value {
  const factor = 10 ** integer(precision);
  const scaled = Number(numeric(value)) * factor;
  const rounders: Readonly<Record<string, (number: number) => number>> = {
    common: halfToEven,
    ceil: Math.ceil,
    floor: Math.floor,
  };
  const rounder = rounders[text(method)];
  if (rounder === undefined) throw new ValueError("round knows the methods common, ceil and floor");
  return rounder(scaled) / factor;
}

function halfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
