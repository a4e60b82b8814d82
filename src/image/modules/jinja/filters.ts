import { capitalized, needed, replaceText, stripEnd, stripStart, titleCase } from "./methods.ts";
import { regexReplace } from "./python-regexp.ts";
import {
  asNumber,
  integer,
  isEqual,
  isList,
  isMapping,
  isNumber,
  isTrue,
  items,
  order,
  text,
  toText,
  Undefined,
  type Value,
  ValueError,
} from "./values.ts";

export interface Arguments {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/** `parameters` names what may follow the value, in order: an argument may be given by place or by name. */
interface Filter {
  readonly parameters: readonly string[];
  apply(value: Value, ...args: (Value | undefined)[]): Value;
}

/** @throws ValueError for an unknown filter or arguments that it does not take */
export function applyFilter(name: string, value: Value, args: Arguments): Value {
  const filter = Object.hasOwn(filters, name) ? filters[name] : undefined;
  if (filter === undefined) throw new ValueError(`there is no filter '${name}'`);
  return filter.apply(value, ...inOrder(`the filter '${name}'`, filter.parameters, args));
}

/** The arguments in the order of the parameters. @throws ValueError for one too many and for an unknown name */
function inOrder(what: string, parameters: readonly string[], args: Arguments): (Value | undefined)[] {
  if (args.positional.length > parameters.length) throw new ValueError(`${what} has too many arguments`);
  for (const name of args.named.keys()) {
    if (!parameters.includes(name)) throw new ValueError(`${what} has no argument '${name}'`);
  }
  return parameters.map((name, index) => args.positional[index] ?? args.named.get(name));
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
  tojson: filter([], (value) => JSON.stringify(plain(value))),
  length: lengthFilter,
  count: lengthFilter,
  first: filter([], (value) => items(value)[0] ?? new Undefined("first")),
  last: filter([], (value) => items(value).at(-1) ?? new Undefined("last")),
  list: filter([], (value) => [...items(value)]),
  join: filter(["d"], (value, separator = "") => defined(value).map(toText).join(toText(separator))),
  reverse: filter([], (value) =>
    typeof value === "string" ? [...value].reverse().join("") : [...items(value)].reverse(),
  ),
  sort: filter(["reverse", "case_sensitive"], sort),
  unique: filter([], (value) =>
    items(value).filter((item, index, all) => all.findIndex((other) => isEqual(item, other)) === index),
  ),
  min: filter([], (value) => [...items(value)].sort(order)[0] ?? new Undefined("min")),
  max: filter([], (value) => [...items(value)].sort(order).at(-1) ?? new Undefined("max")),
  sum: filter([], (value) => items(value).reduce<Value>((total, item) => add(total, item), 0n)),
  int: filter(["default", "base"], toInteger),
  float: filter(["default"], (value, otherwise = 0) => toFloat(value) ?? otherwise),
  abs: filter([], (value) => absolute(numeric(value))),
  round: filter(["precision", "method"], round),
};

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

function plain(value: Value): unknown {
  if (value instanceof Undefined) return toText(value);
  if (typeof value === "bigint") return Number(value);
  if (isList(value)) return value.map(plain);
  return isMapping(value) ? Object.fromEntries([...value].map(([key, item]) => [toText(key), plain(item)])) : value;
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

function sort(value: Value, reverse: Value = false, caseSensitive: Value = false): Value {
  const key = (item: Value): Value => (typeof item === "string" && !isTrue(caseSensitive) ? item.toLowerCase() : item);
  const sorted = [...items(value)].sort((left, right) => order(key(left), key(right)));
  return isTrue(reverse) ? sorted.reverse() : sorted;
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
