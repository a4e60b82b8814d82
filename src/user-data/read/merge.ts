import { isMapping } from "../../config/mapping.ts";
import type { Located } from "./bootstrap.ts";

/** How values of one type are merged: `dict(replace)`. */
interface Merger {
  type: string;
  options: readonly string[];
}

/** https://docs.cloud-init.io/en/latest/reference/merging.html */
const defaultMergers: readonly Merger[] = [
  { type: "dict", options: ["replace"] },
  { type: "list", options: [] },
  { type: "str", options: [] },
];

/**
 * How cloud-init merges a part into the earlier ones: by the part's own `merge_how`, then by its header. Undefined where
 * it cannot read them, and drops the part.
 */
export function mergersOf(mergeHow: unknown, header: string | undefined): readonly Merger[] | undefined {
  const own = mergersIn(mergeHow);
  const given = header === undefined ? [] : mergersInText(header);
  if (own === undefined || given === undefined) return undefined;
  const all = [...own, ...given];
  return all.length === 0 ? defaultMergers : all;
}

function mergersIn(value: unknown): Merger[] | undefined {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return mergersInText(value);
  if (!Array.isArray(value)) return undefined;
  const mergers = value.map((item: unknown): Merger | undefined => {
    const [name, options]: unknown[] = isMapping(item)
      ? [item["name"], item["settings"]]
      : Array.isArray(item)
        ? [item[0], item.slice(1)]
        : [];
    if (typeof name !== "string" || options === undefined) return undefined;
    return merger(name, (Array.isArray(options) ? options : [options]).map(String));
  });
  return mergers.some((each) => each === undefined) ? undefined : (mergers as Merger[]);
}

function mergersInText(text: string): Merger[] | undefined {
  const names = text.split("+").map((name) => name.trim().toLowerCase());
  const mergers = names
    .filter((name) => name !== "")
    .map((name) => {
      const [, type, options = ""] = /^([a-z_]\w*)\((.*?)\)$/.exec(name.replaceAll("-", "_")) ?? [];
      if (type === undefined) return undefined;
      const given = options.split(",").map((option) => option.trim());
      return merger(
        type,
        given.filter((option) => option !== ""),
      );
    });
  return mergers.some((each) => each === undefined) ? undefined : (mergers as Merger[]);
}

function merger(name: string, options: string[]): Merger | undefined {
  const type = name.replaceAll("-", "_").trim().replace(/^m_/, "");
  return /^(?:dict|list|str)$/.test(type) ? { type, options } : undefined;
}

/** The keys of a later part merged into those of the earlier ones. */
export function mergedKeys(
  earlier: ReadonlyMap<string, Located>,
  later: ReadonlyMap<string, Located>,
  mergers: readonly Merger[],
): Map<string, Located> {
  const result = new Map(earlier);
  const dict = mergers.find(({ type }) => type === "dict");
  // Nothing merges mappings: what was there stays.
  if (dict === undefined) return result;
  for (const [key, value] of later) {
    const old = result.get(key);
    if (old === undefined) result.set(key, value);
    else if (value.value === null && dict.options.includes("allow_delete")) result.delete(key);
    else result.set(key, mergedOfKey(old, value, dict, mergers));
  }
  return result;
}

function mergedOfKey(old: Located, value: Located, dict: Merger, mergers: readonly Merger[]): Located {
  const method = dict.options.includes("replace") ? "replace" : "no_replace";
  if (method === "replace") return value;
  const isRecursive =
    (value.items !== undefined && hasAny(dict, "recurse_array", "recurse_list")) ||
    (typeof value.value === "string" && hasAny(dict, "recurse_str"));
  return isRecursive ? merged(old, value, mergers) : old;
}

function merged(old: Located, value: Located, mergers: readonly Merger[]): Located {
  const type = old.items !== undefined ? "list" : "str";
  const own = mergers.find((each) => each.type === type);
  if (own === undefined) return old;
  if (old.items === undefined) {
    const isAppended = typeof old.value === "string" && own.options.includes("append");
    return isAppended ? { ...value, value: `${old.value}${String(value.value)}` } : value;
  }
  return value.items === undefined ? value : mergedList(old, old.items, value.items, own);
}

function mergedList(old: Located, items: readonly Located[], more: readonly Located[], list: Merger): Located {
  const method =
    ["append", "prepend", "replace", "no_replace"].find((name) => list.options.includes(name)) ?? "replace";
  const joined =
    method === "append"
      ? [...items, ...more]
      : method === "prepend"
        ? [...more, ...items]
        : method === "no_replace"
          ? items
          : items.map((item, index) => more[index] ?? item);
  return { ...old, value: joined.map(({ value }) => value), items: joined };
}

function hasAny({ options }: Merger, ...names: string[]): boolean {
  return names.some((name) => options.includes(name));
}
