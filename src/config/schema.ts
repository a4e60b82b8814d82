import { pointerParts } from "./problem.ts";

/** A JSON schema, draft-07. */
export type JsonSchema = boolean | JsonSchemaObject;

export interface JsonSchemaObject {
  readonly [keyword: string]: unknown;
}

/** Keyword of ours: everything below is a secret, which no log, message or plan may show. */
export const secretKeyword = "x-kanod-secret";

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "boolean" || isSchemaObject(value);
}

export function isSchemaObject(value: unknown): value is JsonSchemaObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a `$ref` within the same schema (`#`, `#/definitions/…`) points to; undefined where it points to nothing. */
export function resolveRef(root: JsonSchema, ref: string): JsonSchema | undefined {
  if (!ref.startsWith("#")) return undefined;
  const pointer = decodeFragment(ref.slice(1));
  if (pointer === undefined || (pointer !== "" && !pointer.startsWith("/"))) return undefined;
  let found: unknown = root;
  for (const part of pointerParts(pointer)) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<string, unknown>)[part];
  }
  return isSchema(found) ? found : undefined;
}

function decodeFragment(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
}

/** The schema of the `boot` part alone, as `kanod-bootcmd` reads it; nothing is allowed where there is none. */
export function bootSchema(schema: JsonSchema): JsonSchema {
  const root = isSchemaObject(schema) ? schema : {};
  const boot = isSchemaObject(root["properties"]) ? root["properties"]["boot"] : undefined;
  if (!isSchemaObject(boot)) return { type: "object", additionalProperties: false };
  const { $schema, definitions } = root;
  return {
    ...($schema === undefined ? {} : { $schema }),
    ...(definitions === undefined ? {} : { definitions }),
    ...boot,
  };
}

/**
 * Every schema that says something about a value together with `schema`: what its `$ref` points to, and the branches
 * of allOf, anyOf, oneOf, if, then, else and dependencies, whether they hold or not. `schema` itself comes first.
 */
export function alongside(root: JsonSchema, schema: JsonSchema): JsonSchemaObject[] {
  const found = new Set<JsonSchemaObject>();
  const pending: unknown[] = [schema];
  while (pending.length > 0) {
    const next = pending.shift();
    if (!isSchemaObject(next) || found.has(next)) continue;
    found.add(next);
    if (typeof next["$ref"] === "string") pending.push(resolveRef(root, next["$ref"]));
    for (const keyword of ["allOf", "anyOf", "oneOf"]) pending.push(...list(next[keyword]));
    for (const keyword of ["if", "then", "else"]) pending.push(next[keyword]);
    pending.push(...Object.values(mapping(next["dependencies"])));
  }
  return [...found];
}

/** The schemas that one schema, without those alongside it, has for the value of a key. */
export function schemasOfKey(schema: JsonSchemaObject, key: string): JsonSchema[] {
  const properties = mapping(schema["properties"]);
  const own = Object.hasOwn(properties, key) ? [properties[key]] : [];
  const patterns = Object.entries(mapping(schema["patternProperties"]))
    .filter(([pattern]) => matches(pattern, key))
    .map(([, value]) => value);
  const found = [...own, ...patterns];
  return (found.length > 0 ? found : [schema["additionalProperties"]]).filter(isSchema);
}

/** The schemas that one schema, without those alongside it, has for an item of a list. */
export function schemasOfItem(schema: JsonSchemaObject, index: number): JsonSchema[] {
  const { items, additionalItems, contains } = schema;
  const item = Array.isArray(items) ? (index < items.length ? items[index] : additionalItems) : items;
  return [item, contains].filter(isSchema);
}

/** Whether a key matches a pattern of `patternProperties`; no key matches a broken one. */
export function matches(pattern: string, key: string): boolean {
  try {
    return new RegExp(pattern, "u").test(key);
  } catch {
    return false;
  }
}

/** Whether the schema marks the value at a JSON pointer, or one that it is within, `x-kanod-secret`. */
export function isSecret(schema: JsonSchema, pointer: string): boolean {
  return pathOf(schema, pointer).some((schemas) => schemas.some((each) => each[secretKeyword] === true));
}

/** The keys that the schema names for the mapping at a JSON pointer, sorted. */
export function knownKeys(schema: JsonSchema, pointer: string): string[] {
  const schemas = pathOf(schema, pointer).at(-1) ?? [];
  return [...new Set(schemas.flatMap((each) => Object.keys(mapping(each["properties"]))))].sort();
}

/** The schemas for the whole and for each step of a JSON pointer, without looking at data. */
function pathOf(schema: JsonSchema, pointer: string): JsonSchemaObject[][] {
  const path = [alongside(schema, schema)];
  for (const part of pointerParts(pointer)) {
    const below = (path.at(-1) ?? []).flatMap((each) => [
      ...schemasOfKey(each, part),
      ...(/^\d+$/.test(part) ? schemasOfItem(each, Number(part)) : []),
    ]);
    path.push(below.flatMap((each) => alongside(schema, each)));
  }
  return path;
}

export function mapping(value: unknown): JsonSchemaObject {
  return isSchemaObject(value) ? value : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
