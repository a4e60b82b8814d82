import { escapePointerPart } from "./problem.ts";
import { isSchema, isSchemaObject, type JsonSchema, type JsonSchemaObject, list, mapping } from "./schema.ts";

/** Keywords of draft-07 whose value is a schema, a list of schemas, or a mapping of names to schemas. */
const one = [
  "additionalItems",
  "additionalProperties",
  "contains",
  "else",
  "if",
  "items",
  "not",
  "propertyNames",
  "then",
];
const several = ["allOf", "anyOf", "items", "oneOf"];
const named = ["definitions", "dependencies", "patternProperties", "properties"];

/** Keywords that say something to people only. */
const annotations: ReadonlySet<string> = new Set(["$comment", "default", "description", "examples", "title"]);

/** A schema within another, with the JSON pointer that leads to it from the outermost. */
export interface Subschema {
  pointer: string;
  schema: JsonSchemaObject;
}

/** The schema itself, when it is an object, and all within it, in document order of each level. */
export function* walkSchema(schema: unknown, pointer = ""): Generator<Subschema> {
  if (!isSchemaObject(schema)) return;
  yield { pointer, schema };
  for (const below of subschemas(schema)) yield* walkSchema(below.schema, pointer + below.pointer);
}

/** The schemas that stand in one directly, with the pointers that lead to them from it. */
export function* subschemas(schema: JsonSchemaObject): Generator<Subschema> {
  for (const keyword of one) {
    const each = schema[keyword];
    if (isSchemaObject(each)) yield { pointer: `/${keyword}`, schema: each };
  }
  for (const keyword of several) {
    for (const [index, each] of list(schema[keyword]).entries())
      if (isSchemaObject(each)) yield { pointer: `/${keyword}/${index}`, schema: each };
  }
  for (const keyword of named) {
    for (const [name, each] of Object.entries(mapping(schema[keyword])))
      if (isSchemaObject(each)) yield { pointer: `/${keyword}/${escapePointerPart(name)}`, schema: each };
  }
}

/** The same schema without description, examples and the like: what validates is shorter by them. */
export function withoutAnnotations(schema: JsonSchema): JsonSchema {
  if (!isSchemaObject(schema)) return schema;
  const kept = Object.entries(schema).filter(([keyword]) => !annotations.has(keyword));
  return Object.fromEntries(kept.map(([keyword, value]) => [keyword, stripped(keyword, value)]));
}

function stripped(keyword: string, value: unknown): unknown {
  if (several.includes(keyword) && Array.isArray(value)) return value.map(strippedSchema);
  if (one.includes(keyword)) return strippedSchema(value);
  if (!named.includes(keyword) || !isSchemaObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, strippedSchema(each)]));
}

function strippedSchema(value: unknown): unknown {
  return isSchema(value) ? withoutAnnotations(value) : value;
}
