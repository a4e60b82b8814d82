import {
  integer,
  isEqual,
  isList,
  isMapping,
  items,
  Tuple,
  text,
  toText,
  Undefined,
  type Value,
  ValueError,
} from "./values.ts";

type Method<Self> = (self: Self, args: readonly Value[]) => Value;

/** Calls a method of a value, such as `release.split("-")`. @throws ValueError where there is none of the name */
export function callMethod(self: Value, name: string, args: readonly Value[]): Value {
  if (typeof self === "string" && Object.hasOwn(textMethods, name)) return method(textMethods, name)(self, args);
  if (isMapping(self) && Object.hasOwn(mappingMethods, name)) return method(mappingMethods, name)(self, args);
  if (isList(self) && Object.hasOwn(listMethods, name)) return method(listMethods, name)(self, args);
  if (self instanceof Undefined) toText(self);
  throw new ValueError(`there is no method '${name}' here`);
}

function method<Self>(methods: Readonly<Record<string, Method<Self>>>, name: string): Method<Self> {
  return methods[name] as Method<Self>;
}

/** Methods of Python's str. */
const textMethods: Readonly<Record<string, Method<string>>> = {
  upper: (self) => self.toUpperCase(),
  lower: (self) => self.toLowerCase(),
  title: (self) => titleCase(self),
  capitalize: (self) => capitalized(self),
  strip: (self, [characters]) => stripEnd(stripStart(self, characters), characters),
  lstrip: (self, [characters]) => stripStart(self, characters),
  rstrip: (self, [characters]) => stripEnd(self, characters),
  split: (self, [separator, limit]) => split(self, separator, limit),
  rsplit: (self, [separator, limit]) => splitFromEnd(self, separator, limit),
  partition: (self, [separator]) => partition(self, text(needed(separator))),
  join: (self, [list]) => items(needed(list)).map(text).join(self),
  replace: (self, [from, to, count]) => replaceText(self, text(needed(from)), text(needed(to)), count),
  startswith: (self, [prefix]) => anyOf(prefix, (candidate) => self.startsWith(candidate)),
  endswith: (self, [suffix]) => anyOf(suffix, (candidate) => self.endsWith(candidate)),
  removeprefix: (self, [prefix]) => withoutPrefix(self, text(needed(prefix))),
  removesuffix: (self, [suffix]) => withoutSuffix(self, text(needed(suffix))),
  count: (self, [part]) => BigInt(self.split(text(needed(part))).length - 1),
  rpartition: (self, [separator]) => {
    const [before = "", ...rest] = splitFromEnd(self, needed(separator), 1n);
    return Tuple.of(...(rest.length === 0 ? ["", "", before] : [before, text(needed(separator)), ...rest]));
  },
  splitlines: (self) => splitLines(self),
  find: (self, [part]) =>
    BigInt(
      [...self.slice(0, Math.max(self.indexOf(text(needed(part))), 0))].length -
        (self.includes(text(needed(part))) ? 0 : 1),
    ),
  ljust: (self, [width, fill]) => self + padding(self, width, fill),
  rjust: (self, [width, fill]) => padding(self, width, fill) + self,
  swapcase: (self) =>
    [...self].map((each) => (each === each.toUpperCase() ? each.toLowerCase() : each.toUpperCase())).join(""),
  isalpha: (self) => /^\p{L}+$/u.test(self),
  isalnum: (self) => /^[\p{L}\p{N}]+$/u.test(self),
  isspace: (self) => /^\s+$/u.test(self),
  isupper: (self) => self !== self.toLowerCase() && self === self.toUpperCase(),
  islower: (self) => self !== self.toUpperCase() && self === self.toLowerCase(),
  isdigit: (self) => /^\p{Nd}+$/u.test(self),
  zfill: (self, [width]) => zeroFilled(self, integer(needed(width))),
  format: (self, args) => formatted(self, args),
};

const mappingMethods: Readonly<Record<string, Method<ReadonlyMap<Value, Value>>>> = {
  get: (self, [key, otherwise]) => (self.has(needed(key)) ? (self.get(needed(key)) as Value) : (otherwise ?? null)),
  keys: (self) => [...self.keys()],
  values: (self) => [...self.values()],
  items: (self) => [...self].map(([key, value]) => Tuple.of(key, value)),
};

const listMethods: Readonly<Record<string, Method<readonly Value[]>>> = {
  count: (self, [value]) => BigInt(self.filter((each) => isEqual(each, needed(value))).length),
  index: (self, [value]) => {
    const found = self.findIndex((each) => isEqual(each, needed(value)));
    if (found < 0) throw new ValueError("the value is not in the list");
    return BigInt(found);
  },
};

const lineEnd = /\r\n|[\n\r\v\f\x85\u2028\u2029]/u;

/** Python's `str.splitlines`. */
export function splitLines(value: string): string[] {
  const lines = value.split(lineEnd);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function padding(self: string, width: Value | undefined, fill: Value | undefined): string {
  return (fill === undefined ? " " : text(fill)).repeat(Math.max(0, integer(needed(width)) - [...self].length));
}

export function needed(value: Value | undefined): Value {
  if (value === undefined) throw new ValueError("an argument is missing");
  return value;
}

export function capitalized(value: string): string {
  const [first = "", ...rest] = [...value];
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/** A capital after everything that is no letter, as Python's `str.title` does it. */
export function titleCase(value: string): string {
  return value.replaceAll(/\p{L}+/gu, capitalized);
}

export function replaceText(self: string, from: string, to: string, count: Value | undefined): string {
  if (count === undefined || count === null) return self.replaceAll(from, () => to);
  const parts = from === "" ? ["", ...self, ""] : self.split(from);
  const replaced = Math.min(integer(count) < 0 ? parts.length : integer(count), parts.length - 1);
  return (
    parts.slice(0, replaced + 1).join(to) +
    parts
      .slice(replaced + 1)
      .map((part) => from + part)
      .join("")
  );
}

export function stripStart(value: string, characters: Value | undefined): string {
  const kept = [...value];
  while (kept[0] !== undefined && isStripped(kept[0], characters)) kept.shift();
  return kept.join("");
}

export function stripEnd(value: string, characters: Value | undefined): string {
  const kept = [...value];
  while (kept.length > 0 && isStripped(kept.at(-1) ?? "", characters)) kept.pop();
  return kept.join("");
}

function isStripped(character: string, characters: Value | undefined): boolean {
  return characters === undefined || characters === null
    ? /\s/u.test(character)
    : [...text(characters)].includes(character);
}

function split(self: string, separator: Value | undefined, limit: Value | undefined): string[] {
  const most = limit === undefined || integer(limit) < 0 ? Number.POSITIVE_INFINITY : integer(limit);
  if (separator === undefined || separator === null) return splitAtSpace(self, most);
  const parts = self.split(nonEmpty(text(separator)));
  if (parts.length <= most + 1) return parts;
  return [...parts.slice(0, most), parts.slice(most).join(text(separator))];
}

function splitAtSpace(self: string, most: number): string[] {
  const words: string[] = [];
  let rest = self.trimStart();
  while (rest !== "" && words.length < most) {
    const word = /^\S+/u.exec(rest)?.[0] ?? "";
    words.push(word);
    rest = rest.slice(word.length).trimStart();
  }
  return rest === "" ? words : [...words, rest];
}

function splitFromEnd(self: string, separator: Value | undefined, limit: Value | undefined): string[] {
  if (limit === undefined || integer(limit) < 0) return split(self, separator, undefined);
  const between = nonEmpty(text(needed(separator)));
  const parts = self.split(between);
  const kept = Math.max(parts.length - integer(limit), 1);
  return [parts.slice(0, kept).join(between), ...parts.slice(kept)];
}

function nonEmpty(separator: string): string {
  if (separator === "") throw new ValueError("the separator is empty");
  return separator;
}

function partition(self: string, separator: string): Tuple {
  const at = self.indexOf(nonEmpty(separator));
  return Tuple.of(...(at < 0 ? [self, "", ""] : [self.slice(0, at), separator, self.slice(at + separator.length)]));
}

function anyOf(candidates: Value | undefined, test: (candidate: string) => boolean): boolean {
  const value = needed(candidates);
  return isList(value) ? value.some((candidate) => test(text(candidate))) : test(text(value));
}

function withoutPrefix(self: string, prefix: string): string {
  return self.startsWith(prefix) ? self.slice(prefix.length) : self;
}

function withoutSuffix(self: string, suffix: string): string {
  return suffix !== "" && self.endsWith(suffix) ? self.slice(0, -suffix.length) : self;
}

function zeroFilled(self: string, width: number): string {
  const sign = /^[+-]/.exec(self)?.[0] ?? "";
  return sign + self.slice(sign.length).padStart(width - sign.length, "0");
}

/** `{}` and `{0}`; format specifications are not supported. */
function formatted(self: string, args: readonly Value[]): string {
  let next = 0;
  return self.replaceAll(/\{\{|\}\}|\{(\d*)\}|[{}]/g, (match, index?: string) => {
    if (match === "{{" || match === "}}") return match.slice(1);
    if (index === undefined) throw new ValueError("format knows only {} and {0} here");
    return toText(needed(args[index === "" ? next++ : Number(index)]));
  });
}
