import type { Entry } from "./model.ts";

/** The YAML text of a key with an example; undefined where there is none. */
export async function exampleOf(name: string, entry: Entry): Promise<string | undefined> {
  const example = entry.secret ? undefined : (entry.examples.find(isTelling) ?? composed(entry));
  if (example === undefined) return undefined;
  const { stringify } = await import(/* webpackMode: "eager" */ "yaml");
  return stringify({ [name]: example }, { lineWidth: 0 });
}

function isTelling(example: unknown): boolean {
  return typeof example !== "object" || example === null || Object.keys(example).length > 0;
}

/** A mapping of the examples of its keys. */
function composed({ path, entries }: Entry): unknown {
  const keys = entries
    .filter((entry) => !entry.secret && entry.examples.some(isTelling))
    .map((entry): [string, unknown] => [entry.path.slice(path.length + 1), entry.examples.find(isTelling)]);
  return keys.length === 0 ? undefined : Object.fromEntries(keys);
}
