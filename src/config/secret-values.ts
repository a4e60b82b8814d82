import { escapePointerPart } from "./problem.ts";
import {
  alongside,
  isSchemaObject,
  type JsonSchema,
  type JsonSchemaObject,
  mapping,
  resolveRef,
  schemasOfItem,
  schemasOfKey,
  secretKeyword,
} from "./schema.ts";
import { subschemas } from "./schema-walk.ts";

/**
 * The strings (and numbers, as text) that stand below something that the schema marks `x-kanod-secret`, with their
 * JSON pointers. A mark in a branch of oneOf and the like counts whether or not that branch is the one that fits:
 * it is better to hide too much. Empty strings are left out.
 *
 * @param secrets what {@link secretSchema} makes of the schema: to walk along all of it would take longer
 */
export function secretValues(secrets: JsonSchema, value: unknown): { pointers: string[]; values: string[] } {
  const pointers: string[] = [];
  const values: string[] = [];
  const withAlongside = (schemas: readonly JsonSchema[]): JsonSchemaObject[] => {
    return schemas.flatMap((each) => alongside(secrets, each));
  };
  const walk = (current: unknown, schemas: readonly JsonSchemaObject[], pointer: string, inherited: boolean): void => {
    if (schemas.length === 0 && !inherited) return;
    const secret = inherited || schemas.some((each) => each[secretKeyword] === true);
    if (Array.isArray(current)) {
      for (const [index, item] of current.entries()) {
        const below = schemas.flatMap((each) => schemasOfItem(each, index));
        walk(item, withAlongside(below), `${pointer}/${index}`, secret);
      }
    } else if (typeof current === "object" && current !== null) {
      for (const [key, item] of Object.entries(current)) {
        const below = schemas.flatMap((each) => schemasOfKey(each, key));
        walk(item, withAlongside(below), `${pointer}/${escapePointerPart(key)}`, secret);
      }
    } else if (secret && (typeof current === "string" || typeof current === "number") && current !== "") {
      pointers.push(pointer);
      values.push(String(current));
    }
  };
  walk(value, withAlongside([secrets]), "", false);
  return { pointers, values };
}

/**
 * What a schema says of secrets: the same schema without all that leads to no mark. {@link secretValues} finds the same
 * with it in every value, and does not walk the parts of a configuration that hold none.
 */
export function secretSchema(schema: JsonSchema): JsonSchema {
  const holders = holdersOfMarks(schema);
  const isHolder = (value: unknown): boolean => holders.has(value as JsonSchemaObject);
  const kept = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const items = value.map(kept);
      return items.some((item) => item !== undefined) ? items.map((item) => item ?? true) : undefined;
    }
    if (!isSchemaObject(value)) return undefined;
    const entries = Object.entries(value).map(([key, each]): [string, unknown] => {
      if (isHolder(value) && (key === secretKeyword || key === "$ref")) return [key, each];
      // A key that is named is none of the others.
      const isNames = key === "properties" || key === "patternProperties";
      if (isNames && isHolder(value["additionalProperties"])) return [key, allKept(each)];
      return [key, kept(each)];
    });
    const found = entries.filter(([, each]) => each !== undefined);
    return found.length > 0 ? Object.fromEntries(found) : undefined;
  };
  const allKept = (names: unknown): unknown => {
    return Object.fromEntries(Object.entries(mapping(names)).map(([name, each]) => [name, kept(each) ?? true]));
  };
  return (kept(schema) ?? true) as JsonSchema;
}

/**
 * The schemas that are marked, or have a mark within or in what they refer to: from each mark back to all that leads to
 * it, so that every part of a schema is looked at once.
 */
function holdersOfMarks(root: JsonSchema): ReadonlySet<JsonSchemaObject> {
  const leading = new Map<JsonSchemaObject, JsonSchemaObject[]>();
  const holders = new Set<JsonSchemaObject>();
  const all = new Set(isSchemaObject(root) ? [root] : []);
  // A set is walked with what is added meanwhile.
  for (const schema of all) {
    if (schema[secretKeyword] === true) holders.add(schema);
    for (const next of leadsTo(root, schema)) {
      all.add(next);
      const others = leading.get(next);
      if (others === undefined) leading.set(next, [schema]);
      else others.push(schema);
    }
  }
  for (const holder of holders) for (const schema of leading.get(holder) ?? []) holders.add(schema);
  return holders;
}

function* leadsTo(root: JsonSchema, schema: JsonSchemaObject): Generator<JsonSchemaObject> {
  for (const { schema: within } of subschemas(schema)) yield within;
  const ref = schema["$ref"];
  const target = typeof ref === "string" ? resolveRef(root, ref) : undefined;
  if (isSchemaObject(target)) yield target;
}
