import { escapePointerPart } from "./problem.ts";
import { isSchema, isSchemaObject, type JsonSchema, type JsonSchemaObject, list, mapping } from "./schema.ts";

/** Keywords of draft-07 whose value is a schema. */
const one: readonly string[] = [
  ...["additionalItems", "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"],
];
/** Keywords of draft-07 whose value is a list of schemas. */
const several: readonly string[] = ["allOf", "anyOf", "items", "oneOf"];
/** Keywords of draft-07 whose value is a mapping of names to schemas. */
const named: readonly string[] = ["definitions", "dependencies", "patternProperties", "properties"];

/** Texts for people. */
export const readerTexts: ReadonlySet<string> = new Set(["$comment", "description", "title"]);
/** Keywords that have no effect on what is valid. */
export const annotations: ReadonlySet<string> = new Set([...readerTexts, "default", "examples"]);

/** Whether the value of a keyword is a schema, a list of schemas or a mapping of names to schemas. */
export function formOfKeyword(keyword: string, value: unknown): "one" | "several" | "named" | undefined {
  if (named.includes(keyword) && isSchemaObject(value)) return "named";
  if (several.includes(keyword) && Array.isArray(value)) return "several";
  return one.includes(keyword) ? "one" : undefined;
}

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

/** The same schema without some keywords, such as {@link annotations}: what validates is shorter by them. */
export function withoutKeywords(schema: JsonSchema, keywords: ReadonlySet<string>): JsonSchema {
  if (!isSchemaObject(schema)) return schema;
  const kept = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !keywords.has(keyword)));
  return mapSubschemas(kept, (each) => (isSchema(each) ? withoutKeywords(each, keywords) : each));
}

/** A copy of a schema with each schema that is directly in it replaced. `pointer` leads to it from the outer one. */
export function mapSubschemas(
  schema: JsonSchemaObject,
  replace: (each: unknown, pointer: string) => unknown,
): JsonSchemaObject {
  const mapped = (keyword: string, value: unknown): unknown => {
    const at = `/${keyword}`;
    const form = formOfKeyword(keyword, value);
    if (form === "one") return replace(value, at);
    if (form === "several") return (value as unknown[]).map((each, index) => replace(each, `${at}/${index}`));
    if (form === undefined) return value;
    const entries = Object.entries(value as object);
    return Object.fromEntries(entries.map(([name, each]) => [name, replace(each, `${at}/${escapePointerPart(name)}`)]));
  };
  return Object.fromEntries(Object.entries(schema).map(([keyword, value]) => [keyword, mapped(keyword, value)]));
}
