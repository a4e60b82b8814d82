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
import { walkSchema } from "./schema-walk.ts";

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
  readonly #holding: WeakMap<JsonSchemaObject, boolean> = new WeakMap();
  readonly #marked: WeakMap<JsonSchemaObject, readonly JsonSchemaObject[]> = new WeakMap();

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  /** Of the schemas and those alongside them the ones that are marked, or have a mark within. */
  marked(schemas: readonly JsonSchema[]): JsonSchemaObject[] {
    return schemas.flatMap((schema) => (isSchemaObject(schema) ? this.#alongside(schema) : []));
  }

  #alongside(schema: JsonSchemaObject): readonly JsonSchemaObject[] {
    const known = this.#marked.get(schema);
    if (known !== undefined) return known;
    const found = alongside(this.#root, schema).filter((each) => this.#holdsMark(each));
    this.#marked.set(schema, found);
    return found;
  }

  #holdsMark(schema: JsonSchemaObject): boolean {
    const known = this.#holding.get(schema);
    if (known !== undefined) return known;
    const found = this.#findMark(schema);
    this.#holding.set(schema, found);
    return found;
  }

  #findMark(schema: JsonSchemaObject): boolean {
    const outermost = new Set<JsonSchema>([schema]);
    // A set is walked with what is added meanwhile.
    for (const each of outermost) {
      for (const { schema: within } of walkSchema(each)) {
        if (within[secretKeyword] === true) return true;
        const ref = within["$ref"];
        const target = typeof ref === "string" ? resolveRef(this.#root, ref) : undefined;
        if (target !== undefined) outermost.add(target);
      }
    }
    return false;
  }
}

const known: WeakMap<JsonSchemaObject, Marks> = new WeakMap();

function marksOf(schema: JsonSchema): Marks {
  if (!isSchemaObject(schema)) return new Marks(schema);
  const marks = known.get(schema) ?? new Marks(schema);
  known.set(schema, marks);
  return marks;
}
