import { isList, isMapping, toText, type Value } from "./values.ts";

/**
 * The filter `tojson`: Python's `json.dumps` with sorted keys; as in Jinja2, what HTML would heed is escaped.
 *
 * @param indent spaces for each level, or null for one line
 */
export function toJson(value: Value, indent: Value): string {
  const step = indent === null ? undefined : " ".repeat(Number(indent));
  return dumped(value, step, "\n").replaceAll(/[<>&']/g, hexadecimal);
}

function dumped(value: Value, step: string | undefined, line: string): string {
  if (typeof value === "string") return JSON.stringify(value).replaceAll(/[^\x20-\x7e]/g, hexadecimal);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "bigint" || typeof value === "number") return toText(value);
  const below = step === undefined ? line : line + step;
  if (isList(value))
    return enclosed(
      "[]",
      [...value].map((each) => dumped(each, step, below)),
      step,
      line,
    );
  if (!isMapping(value)) return toText(value);
  const entries = [...value]
    .map(([key, each]): [string, Value] => [keyText(key), each])
    .sort(([one], [other]) => (one < other ? -1 : Number(one > other)))
    .map(([key, each]) => `${dumped(key, step, below)}: ${dumped(each, step, below)}`);
  return enclosed("{}", entries, step, line);
}

function enclosed(brackets: string, parts: readonly string[], step: string | undefined, line: string): string {
  const [open, close] = brackets;
  if (parts.length === 0) return brackets;
  if (step === undefined) return `${open}${parts.join(", ")}${close}`;
  return `${open}${line}${step}${parts.join(`,${line}${step}`)}${line}${close}`;
}

function keyText(key: Value): string {
  return typeof key === "string" ? key : dumped(key, undefined, "");
}

function hexadecimal(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
