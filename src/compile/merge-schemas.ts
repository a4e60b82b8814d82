import { isDeepStrictEqual } from "node:util";
import { isMapping } from "../config/mapping.ts";
import { escapePointerPart, hasErrors, type Problem, type SourceRange } from "../config/problem.ts";
import type { JsonSchemaObject } from "../config/schema.ts";
import { formOfKeyword, readerTexts } from "../config/schema-walk.ts";
import { shown } from "../config/shown.ts";
import { parseYaml, requireMapping, type YamlDocument } from "../config/yaml.ts";
import { BuildError } from "./build-error.ts";
import { joinSiblings } from "./join-siblings.ts";

export interface SchemaText {
  /** As it is shown to people. */
  file: string;
  /** YAML. */
  text: string;
}

export interface MergedSchema {
  schema: JsonSchemaObject;
  /** Where a value of the merged schema, or the key that leads to it, was first written. */
  locate(pointer: string, part?: "key" | "value"): SourceRange | undefined;
}

/** Where a node of the merged schema comes from. */
interface Origin {
  document: YamlDocument;
  pointer: string;
}

/** By JSON pointer into the merged schema. */
type Origins = Map<string, Origin>;

interface Merge {
  origins: Origins;
  problems: Problem[];
}

type Mapping = Readonly<Record<string, unknown>>;

/** Merges the values that two schemas have at one place. `origin` is the place of the second. */
type Join = (first: unknown, second: unknown, pointer: string, origin: Origin, merge: Merge) => unknown;

/**
 * Merges schemas, the first one first. Fields that do not overlap are added and overlapping objects are merged; lists
 * are joined, without repeating equal entries, so that `required` and `enum` stay valid; anything else must be equal.
 * Texts for readers never conflict: the first one stays. Keys beside a `$ref`, or for an object that an `allOf` closes,
 * become part of what is referred to (see {@link joinSiblings}), so that every draft-07 validator reads the result alike.
 *
 * @throws BuildError with every conflict, or what is wrong with the YAML
 */
export function mergeSchemas(sources: readonly SchemaText[]): MergedSchema {
  const documents = sources.map(({ file, text }) => parseYaml(text, file));
  const faults = documents.flatMap((document) => [...document.problems, ...requireMapping(document)]);
  if (hasErrors(faults)) throw new BuildError(faults);
  const merge: Merge = { origins: new Map(), problems: [] };
  let merged: unknown = {};
  for (const document of documents) merged = joinSchemas(merged, document.value, "", { document, pointer: "" }, merge);
  if (merge.problems.length > 0) throw new BuildError(merge.problems);
  const { origins } = merge;
  const at = (pointer: string, part?: "key" | "value"): SourceRange | undefined => locate(origins, pointer, part);
  const { schema, conflicts } = joinSiblings(merged as JsonSchemaObject, (from, to) => copyOrigins(origins, from, to));
  if (conflicts.length > 0) {
    throw new BuildError(
      conflicts.map(({ values: [first, second], pointers: [one, two] }) =>
        conflict(first, second, at(one), two, at(two)),
      ),
    );
  }
  return { schema, locate: at };
}

/** The keywords that are equal in both schemas or a conflict: joined they would mean something else. */
const indivisible: ReadonlySet<string> = new Set(["oneOf", "anyOf", "not", "if", "const", "default"]);

const joinSchemas: Join = (first, second, pointer, origin, merge) => {
  const below = (keyword: string, value: unknown): Join => joinOf(keyword, value, pointer === "");
  return joinValues(first, second, pointer, origin, merge, below);
};

const joinNamed: Join = (...values) => joinValues(...values, () => joinSchemas);
const joinDefinitions: Join = (...values) => joinValues(...values, () => joinDefinition);
const joinData: Join = (...values) => joinValues(...values, () => joinData);
const keepFirst: Join = (first) => first;

const requireEqual: Join = (first, second, pointer, origin, merge) => {
  if (!isDeepStrictEqual(first, second)) merge.problems.push(conflictAt(first, second, pointer, origin, merge));
  return first;
};

function joinOf(keyword: string, value: unknown, isRoot: boolean): Join {
  if (readerTexts.has(keyword) || (isRoot && (keyword === "$id" || keyword === "$schema"))) return keepFirst;
  if (keyword === "definitions") return joinDefinitions;
  const form = formOfKeyword(keyword, value);
  if (indivisible.has(keyword) || (keyword === "items" && form === "several")) return requireEqual;
  if (form === "named") return joinNamed;
  return form === "one" ? joinSchemas : joinData;
}

/** Two elements that choose the same name for different things must not get a mixture of both. */
const joinDefinition: Join = (first, second, pointer, origin, merge) => {
  if (!isMapping(first) || !isMapping(second) || isExtension(first, second)) {
    return joinSchemas(first, second, pointer, origin, merge);
  }
  const message = `there is another definition of this name and other content in ${placeOf(locate(merge.origins, pointer))}`;
  const hint = "rename one of them; another element's definition can only be extended by `properties`";
  merge.problems.push(problem(pointer, message, hint, origin.document.locate(origin.pointer, "key")));
  return first;
};

function isExtension(first: Mapping, second: Mapping): boolean {
  const [one, two] = [conditionsOf(first), conditionsOf(second)];
  if (Object.keys(one).length === 0 || Object.keys(two).length === 0) return true;
  const [known, added] = [first["properties"] ?? {}, second["properties"] ?? {}] as [Mapping, Mapping];
  const both = { ...known, ...added };
  const isSuperset = [known, added].some((each) => Object.keys(both).length === Object.keys(each).length);
  return isDeepStrictEqual(one, two) && (one["additionalProperties"] !== false || isSuperset);
}

function conditionsOf(schema: Mapping): Mapping {
  const isCondition = (keyword: string): boolean => keyword !== "properties" && keyword !== "examples";
  return Object.fromEntries(
    Object.entries(schema).filter(([keyword]) => isCondition(keyword) && !readerTexts.has(keyword)),
  );
}

/** `below` gives how the values of a key are merged, by the key and its first value. */
function joinValues(...args: [...Parameters<Join>, below: (key: string, first: unknown) => Join]): unknown {
  const [first, second, pointer, origin, merge, below] = args;
  if (first === undefined) return adopt(second, pointer, origin, merge);
  if (Array.isArray(first) && Array.isArray(second)) return joinLists(first, second, pointer, origin, merge);
  if (!isMapping(first) || !isMapping(second)) return requireEqual(first, second, pointer, origin, merge);
  if (!merge.origins.has(pointer)) merge.origins.set(pointer, origin);
  const entries = new Map(Object.entries(first));
  for (const [key, value] of Object.entries(second)) {
    const part = `/${escapePointerPart(key)}`;
    const place: Origin = { document: origin.document, pointer: `${origin.pointer}${part}` };
    const known = entries.get(key);
    const join = known === undefined ? adoptSecond : below(key, known);
    entries.set(key, join(known, value, `${pointer}${part}`, place, merge));
  }
  // Unlike an assignment it takes a key such as __proto__ for what it is.
  return Object.fromEntries(entries);
}

function joinLists(
  first: readonly unknown[],
  second: readonly unknown[],
  pointer: string,
  origin: Origin,
  merge: Merge,
): unknown[] {
  const joined = [...first];
  for (const [index, value] of second.entries()) {
    if (first.some((known) => isDeepStrictEqual(known, value))) continue;
    const below = { document: origin.document, pointer: `${origin.pointer}/${index}` };
    joined.push(adopt(value, `${pointer}/${joined.length}`, below, merge));
  }
  return joined;
}

/** Takes over what no earlier schema has. */
function adopt(value: unknown, pointer: string, origin: Origin, merge: Merge): unknown {
  if (isMapping(value)) return joinData({}, value, pointer, origin, merge);
  merge.origins.set(pointer, origin);
  return Array.isArray(value) ? joinLists([], value, pointer, origin, merge) : value;
}

const adoptSecond: Join = (_, ...rest) => adopt(...rest);

function conflictAt(first: unknown, second: unknown, pointer: string, origin: Origin, merge: Merge): Problem {
  return conflict(first, second, locate(merge.origins, pointer), pointer, origin.document.locate(origin.pointer));
}

function conflict(
  first: unknown,
  second: unknown,
  other: SourceRange | undefined,
  pointer: string,
  source: SourceRange | undefined,
): Problem {
  const message = `${shown(second)} conflicts with ${shown(first)} in ${placeOf(other)}`;
  return problem(pointer, message, "schemas must say the same about a key that both have", source);
}

function problem(pointer: string, message: string, hint: string, source: SourceRange | undefined): Problem {
  const place = source === undefined ? {} : { source };
  return { severity: "error", code: "schema-conflict", pointer, message, hint, ...place };
}

function placeOf(source: SourceRange | undefined): string {
  return source === undefined ? "another schema" : `${source.file}:${source.line}:${source.column}`;
}

/** What now also is at `to` was written where `from` was; what `to` had of its own keeps its place. */
function copyOrigins(origins: Origins, from: string, to: string): void {
  for (const [pointer, origin] of [...origins]) {
    if (pointer !== from && !pointer.startsWith(`${from}/`)) continue;
    const copy = to + pointer.slice(from.length);
    if (!origins.has(copy)) origins.set(copy, origin);
  }
}

function locate(origins: Origins, pointer: string, part?: "key" | "value"): SourceRange | undefined {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf("/"))) {
    const origin = origins.get(at);
    // An ancestor's value, not its key, is where something is missing that should be below it.
    if (origin !== undefined) return origin.document.locate(origin.pointer, at === pointer ? part : "value");
    if (at === "") return undefined;
  }
}
