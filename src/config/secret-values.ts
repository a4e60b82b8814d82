import { escapePointerPart } from "./problem.ts";
import {
  alongside,
  isSchemaObject,
  type JsonSchema,
  type JsonSchemaObject,
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
 */
export function secretValues(schema: JsonSchema, value: unknown): { pointers: string[]; values: string[] } {
  const pointers: string[] = [];
  const values: string[] = [];
  const marks = marksOf(schema);
  const walk = (current: unknown, schemas: readonly JsonSchemaObject[], pointer: string, inherited: boolean): void => {
    if (schemas.length === 0 && !inherited) return;
    const secret = inherited || schemas.some((each) => each[secretKeyword] === true);
    if (Array.isArray(current)) {
      for (const [index, item] of current.entries()) {
        const below = schemas.flatMap((each) => schemasOfItem(each, index));
        walk(item, marks.marked(below), `${pointer}/${index}`, secret);
      }
    } else if (typeof current === "object" && current !== null) {
      for (const [key, item] of Object.entries(current)) {
        const below = schemas.flatMap((each) => schemasOfKey(each, key));
        walk(item, marks.marked(below), `${pointer}/${escapePointerPart(key)}`, secret);
      }
    } else if (secret && (typeof current === "string" || typeof current === "number") && current !== "") {
      pointers.push(pointer);
      values.push(String(current));
    }
  };
  walk(value, marks.marked([schema]), "", false);
  return { pointers, values };
}

/** Where in a schema there are marks: most of a configuration is described by parts without any, and is not walked. */
class Marks {
  readonly #root: JsonSchema;
  readonly #holders: ReadonlySet<JsonSchemaObject>;
  readonly #marked: WeakMap<JsonSchemaObject, readonly JsonSchemaObject[]> = new WeakMap();

  constructor(root: JsonSchema) {
    this.#root = root;
    this.#holders = holdersOfMarks(root);
  }

  /** Of the schemas and those alongside them the ones that are marked, or have a mark within. */
  marked(schemas: readonly JsonSchema[]): JsonSchemaObject[] {
    return schemas.flatMap((schema) => (isSchemaObject(schema) ? this.#alongside(schema) : []));
  }

  #alongside(schema: JsonSchemaObject): readonly JsonSchemaObject[] {
    const known = this.#marked.get(schema);
    if (known !== undefined) return known;
    const found = alongside(this.#root, schema).filter((each) => this.#holders.has(each));
    this.#marked.set(schema, found);
    return found;
  }
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

const known: WeakMap<JsonSchemaObject, Marks> = new WeakMap();

function marksOf(schema: JsonSchema): Marks {
  if (!isSchemaObject(schema)) return new Marks(schema);
  const marks = known.get(schema) ?? new Marks(schema);
  known.set(schema, marks);
  return marks;
}
