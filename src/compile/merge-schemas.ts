import { isMapping } from "../config/mapping.ts";
import { escapePointerPart, hasErrors, type Problem, type SourceRange } from "../config/problem.ts";
import type { JsonSchemaObject } from "../config/schema.ts";
import { shown } from "../config/shown.ts";
import { parseYaml, requireMapping, type YamlDocument } from "../config/yaml.ts";
import { BuildError } from "./build-error.ts";

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

interface Merge {
  /** By JSON pointer into the merged schema. */
  origins: Map<string, Origin>;
  problems: Problem[];
}

/**
 * Merges schemas, the first one first. Fields that do not overlap are added and overlapping objects are merged; lists
 * are joined, and a scalar that is in both is kept once, so that `required` and `enum` stay valid; any other pair has to
 * be equal.
 *
 * @throws BuildError with every conflict, or what is wrong with the YAML
 */
export function mergeSchemas(sources: readonly SchemaText[]): MergedSchema {
  const documents = sources.map(({ file, text }) => parseYaml(text, file));
  const faults = documents.flatMap((document) => [...document.problems, ...requireMapping(document)]);
  if (hasErrors(faults)) throw new BuildError(faults);
  const merge: Merge = { origins: new Map(), problems: [] };
  let merged: unknown = {};
  for (const document of documents) merged = mergeValues(merged, document.value, "", { document, pointer: "" }, merge);
  if (merge.problems.length > 0) throw new BuildError(merge.problems);
  const { origins } = merge;
  return { schema: merged as JsonSchemaObject, locate: (pointer, part) => locate(origins, pointer, part) };
}

function mergeValues(first: unknown, second: unknown, pointer: string, origin: Origin, merge: Merge): unknown {
  if (first === undefined) return adopt(second, pointer, origin, merge);
  if (Array.isArray(first) && Array.isArray(second)) return joinLists(first, second, pointer, origin, merge);
  if (isMapping(first) && isMapping(second)) return joinMappings(first, second, pointer, origin, merge);
  if (first !== second) merge.problems.push(conflict(first, second, pointer, origin, merge));
  return first;
}

function joinMappings(
  first: Readonly<Record<string, unknown>>,
  second: Readonly<Record<string, unknown>>,
  pointer: string,
  origin: Origin,
  merge: Merge,
): Record<string, unknown> {
  if (!merge.origins.has(pointer)) merge.origins.set(pointer, origin);
  const entries = new Map(Object.entries(first));
  for (const [key, value] of Object.entries(second)) {
    const part = `/${escapePointerPart(key)}`;
    const below = { document: origin.document, pointer: `${origin.pointer}${part}` };
    entries.set(key, mergeValues(entries.get(key), value, `${pointer}${part}`, below, merge));
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
    if (isScalar(value) && first.includes(value)) continue;
    const below = { document: origin.document, pointer: `${origin.pointer}/${index}` };
    joined.push(adopt(value, `${pointer}/${joined.length}`, below, merge));
  }
  return joined;
}

/** Takes over what no earlier schema has. */
function adopt(value: unknown, pointer: string, origin: Origin, merge: Merge): unknown {
  if (isMapping(value)) return joinMappings({}, value, pointer, origin, merge);
  merge.origins.set(pointer, origin);
  return Array.isArray(value) ? joinLists([], value, pointer, origin, merge) : value;
}

function conflict(first: unknown, second: unknown, pointer: string, origin: Origin, merge: Merge): Problem {
  const other = locate(merge.origins, pointer);
  const place = other === undefined ? "another schema" : `${other.file}:${other.line}:${other.column}`;
  const source = origin.document.locate(origin.pointer);
  return {
    severity: "error",
    code: "schema-conflict",
    pointer,
    message: `${shown(second)} does not fit ${shown(first)} in ${place}`,
    hint: "what two schemas say about the same key has to be equal",
    ...(source === undefined ? {} : { source }),
  };
}

function locate(
  origins: ReadonlyMap<string, Origin>,
  pointer: string,
  part?: "key" | "value",
): SourceRange | undefined {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf("/"))) {
    const origin = origins.get(at);
    // An ancestor's value, not its key, is where something is missing that should be below it.
    if (origin !== undefined) return origin.document.locate(origin.pointer, at === pointer ? part : "value");
    if (at === "") return undefined;
  }
}

function isScalar(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}
