import {
  isSchema,
  isSchemaObject,
  type JsonSchema,
  type JsonSchemaObject,
  list,
  mapping,
  matches,
  resolveRef,
} from "./schema.ts";
import type { Subschema } from "./schema-walk.ts";

/** The schema itself, and all that must hold with it: what its `$ref` refers to, and its `allOf`. */
export function conjuncts(root: JsonSchema, start: Subschema): Subschema[] {
  const found = new Map<JsonSchemaObject, Subschema>();
  const pending: { schema: unknown; pointer: string }[] = [start];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const { schema, pointer } = next;
    if (!isSchemaObject(schema) || found.has(schema)) continue;
    found.set(schema, { schema, pointer });
    pending.push(...referred(root, schema), ...branches({ schema, pointer }, "allOf"));
  }
  return [...found.values()];
}

/** What the `$ref` of a schema refers to. */
export function referred(root: JsonSchema, { $ref }: JsonSchemaObject): Subschema[] {
  const schema = typeof $ref === "string" ? resolveRef(root, $ref) : undefined;
  return isSchemaObject(schema) ? [{ schema, pointer: decodeURIComponent(String($ref).slice(1)) }] : [];
}

/** The schemas in a keyword whose value is a list of them. */
export function branches({ schema, pointer }: Subschema, keyword: string): Subschema[] {
  return list(schema[keyword]).flatMap((each, index) =>
    isSchemaObject(each) ? [{ schema: each, pointer: `${pointer}/${keyword}/${index}` }] : [],
  );
}

/** What a schema itself lists for a key; undefined where it does not. */
export function propertyOf(schema: JsonSchemaObject, key: string): JsonSchema | undefined {
  const properties = mapping(schema["properties"]);
  const found = Object.hasOwn(properties, key) ? properties[key] : undefined;
  return isSchema(found) ? found : undefined;
}

/** Whether a schema itself is closed and does not list a key. */
export function isClosedTo(schema: JsonSchemaObject, key: string): boolean {
  if (schema["additionalProperties"] !== false || propertyOf(schema, key) !== undefined) return false;
  return !Object.keys(mapping(schema["patternProperties"])).some((pattern) => matches(pattern, key));
}
