import { needed } from "./methods.ts";
import {
  integer,
  isEqual,
  isList,
  isMapping,
  isNumber,
  items,
  order,
  text,
  Undefined,
  type Value,
  ValueError,
} from "./values.ts";

type Test = (value: Value, argument: Value | undefined) => boolean;

/** `value is name(argument)`. @throws ValueError for an unknown test */
export function applyTest(name: string, value: Value, args: readonly Value[]): boolean {
  const test = Object.hasOwn(tests, name) ? tests[name] : undefined;
  if (test === undefined) throw new ValueError(`there is no test '${name}'`);
  return test(value, args[0]);
}

const isEqualTo: Test = (value, other) => isEqual(value, needed(other));
const isLess: Test = (value, other) => order(value, needed(other)) < 0;
const isMore: Test = (value, other) => order(value, needed(other)) > 0;

/** Jinja2's tests, but those for code. */
const tests: Readonly<Record<string, Test>> = {
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  null: (value) => value === null,
  true: (value) => value === true,
  false: (value) => value === false,
  boolean: (value) => typeof value === "boolean",
  string: (value) => typeof value === "string",
  number: isNumber,
  integer: (value) => typeof value === "bigint",
  float: (value) => typeof value === "number",
  mapping: isMapping,
  iterable: (value) => typeof value === "string" || isList(value) || isMapping(value),
  sequence: (value) => typeof value === "string" || isList(value) || isMapping(value),
  even: (value) => integer(value) % 2 === 0,
  odd: (value) => integer(value) % 2 !== 0,
  divisibleby: (value, divisor) => integer(value) % integer(needed(divisor)) === 0,
  lower: (value) => text(value) === text(value).toLowerCase(),
  upper: (value) => text(value) === text(value).toUpperCase(),
  callable: () => false,
  escaped: () => false,
  "==": isEqualTo,
  "!=": (value, other) => !isEqual(value, needed(other)),
  "<": isLess,
  "<=": (value, other) => !isMore(value, other),
  ">": isMore,
  ">=": (value, other) => !isLess(value, other),
  in: (value, container) => isIn(value, needed(container)),
  eq: isEqualTo,
  equalto: isEqualTo,
  sameas: isEqualTo,
  ne: (value, other) => !isEqual(value, needed(other)),
  lt: isLess,
  lessthan: isLess,
  le: (value, other) => !isMore(value, other),
  gt: isMore,
  greaterthan: isMore,
  ge: (value, other) => !isLess(value, other),
};

/** @throws ValueError where something that is no text is looked for in a text */
export function isIn(item: Value, container: Value): boolean {
  if (typeof container !== "string") return items(container).some((other) => isEqual(item, other));
  return !(item instanceof Undefined) && container.includes(text(item));
}
