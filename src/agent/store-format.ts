import { isMapping } from "../config/mapping.ts";

/** What this agent writes. A newer one may write more: what it does not know is kept as it is. */
const version = 1;

type Line = Readonly<Record<string, unknown>>;

export interface StoreEntries {
  /** The first line, without the number of lines. */
  header: Line;
  /** Lines with `key` and `value`, by key. */
  values: Map<string, Line>;
  /** Lines with `owed` and `data`, by `owed`. */
  owed: Map<string, Line>;
  /** Lines of a newer agent. */
  others: Line[];
}

export function storedValue(key: string, value: unknown): Line {
  return { key, value: value ?? null };
}

export function storedOwed(key: string, data: unknown): Line {
  return { owed: key, data: data ?? null };
}

/**
 * JSON lines, so that damage to one line leaves the others readable. The first is `{"version":1,"lines":N}`: it tells a
 * file that was cut off from a whole one.
 */
export function formatEntries({ header, values, owed, others }: StoreEntries): string {
  const lines = [...values.values(), ...owed.values(), ...others];
  return [{ ...header, lines: lines.length }, ...lines].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** What can be read of a store, and the text of what cannot; `rest` is undefined where nothing is wrong. */
export function parseEntries(text: string): { entries: StoreEntries; rest: string | undefined } {
  const [first = "", ...lines] = text.split("\n").filter((line) => line !== "");
  const { lines: count, ...header } = parseLine(first) ?? {};
  const written = header["version"];
  const hasHeader = typeof written === "number" && Number.isInteger(written) && written >= version;
  const entries: StoreEntries = {
    header: hasHeader ? header : { version },
    values: new Map(),
    owed: new Map(),
    others: [],
  };
  const isNewer = hasHeader && written > version;
  const body = hasHeader ? lines : [first, ...lines];
  const unreadable = body.filter((line) => !takeLine(entries, parseLine(line), isNewer));
  const isWhole = unreadable.length === 0 && count === lines.length;
  return { entries, rest: isWhole ? undefined : unreadable.map((line) => `${line}\n`).join("") };
}

/** False for a line that is not understood. */
function takeLine({ values, owed, others }: StoreEntries, line: Line | undefined, isNewer: boolean): boolean {
  if (line === undefined) return false;
  const { key, owed: name } = line;
  if (typeof key === "string" && "value" in line) values.set(key, line);
  else if (typeof name === "string" && "data" in line) owed.set(name, line);
  else if (isNewer) others.push(line);
  else return false;
  return true;
}

function parseLine(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMapping(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
