import {
  asNumber,
  isMapping,
  isNumber,
  type Mapping,
  representation,
  toText,
  type Value,
  ValueError,
} from "./values.ts";

const directive = /%(?:\((?<name>[^)]*)\))?(?<flags>[-+ 0#]*)(?<width>\d*)(?:\.(?<precision>\d+))?(?<type>[\s\S]?)/gu;

/**
 * Python's `text % values`: `%s`, `%r`, `%d`, `%i`, `%f`, `%x`, `%X`, `%o`, `%%` with flags, width and precision.
 *
 * @throws ValueError for another directive, and for too few or too many values
 */
export function formatted(text: string, values: readonly Value[] | Mapping): string {
  let next = 0;
  const take = (name: string | undefined): Value => {
    const value = isMapping(values as Value)
      ? (values as Mapping).get(name ?? "")
      : (values as readonly Value[])[next++];
    if (value === undefined) throw new ValueError("the format asks for more than there is");
    return value;
  };
  const result = text.replaceAll(directive, (...match) => {
    const { name, flags = "", width = "", precision, type = "" } = match.at(-1) as Record<string, string | undefined>;
    if (type === "%") return "%";
    return padded(converted(type, take(name), precision, flags), flags, Math.min(Number(width), 10_000), type);
  });
  if (Array.isArray(values) && next < values.length) throw new ValueError("the format does not use all values");
  return result;
}

function converted(type: string, value: Value, precision: string | undefined, flags: string): string {
  if (type === "s") return toText(value).slice(0, precision === undefined ? undefined : Number(precision));
  if (type === "r") return representation(value);
  if (!"dioxXfF".includes(type) || type === "") throw new ValueError(`the format has no %${type}`);
  if (!isNumber(value)) throw new ValueError(`%${type} needs a number`);
  const number = asNumber(value);
  if (type === "f" || type === "F") return signed(Number(number).toFixed(Number(precision ?? 6)), flags);
  const whole = typeof number === "bigint" ? number : BigInt(Math.trunc(number));
  const base = { o: 8, x: 16, X: 16 }[type] ?? 10;
  const digits = whole.toString(base);
  return signed(type === "X" ? digits.toUpperCase() : digits, flags);
}

function signed(digits: string, flags: string): string {
  if (digits.startsWith("-")) return digits;
  return (flags.includes("+") ? "+" : flags.includes(" ") ? " " : "") + digits;
}

function padded(text: string, flags: string, width: number, type: string): string {
  if (flags.includes("-")) return text.padEnd(width);
  if (!flags.includes("0") || type === "s" || type === "r") return text.padStart(width);
  const sign = /^[-+ ]/.exec(text)?.[0] ?? "";
  return sign + text.slice(sign.length).padStart(width - sign.length, "0");
}
