import { isDeepStrictEqual } from "node:util";
import { conjuncts, isClosedTo, propertyOf, referred } from "../config/conjunction.ts";
import { escapePointerPart } from "../config/problem.ts";
import { isSchemaObject, type JsonSchemaObject, list, mapping } from "../config/schema.ts";
import { annotations, mapSubschemas, type Subschema } from "../config/schema-walk.ts";

/** Two values that cannot both apply, each with its JSON pointer. */
export interface SiblingConflict {
  values: readonly [unknown, unknown];
  pointers: readonly [string, string];
}

/**
 * Rewrites a schema so that every draft-07 validator finds the same documents valid that an author means who extends
 * what a `$ref` or an `allOf` refers to. Draft-07 ignores all keywords beside a `$ref`; and an object that is closed
 * with `additionalProperties: false` refuses the keys that the schemas beside it declare. In both cases the schemas are
 * joined to one, in which every condition still holds and the declared keys are allowed. The definition itself does not
 * change: it may be used elsewhere.
 *
 * @param copied is called with the pointers of a part that now is in a second place
 */
export function joinSiblings(
  root: JsonSchemaObject,
  copied: (from: string, to: string) => void,
): { schema: JsonSchemaObject; conflicts: readonly SiblingConflict[] } {
  const siblings = new Siblings(root, copied);
  return { schema: siblings.join(root, "", new Set()) as JsonSchemaObject, conflicts: siblings.conflicts };
}

/** A schema, and where it was before it was joined. */
type Part = Subschema;

class Siblings {
  readonly conflicts: SiblingConflict[] = [];
  readonly #root: JsonSchemaObject;
  readonly #copied: (from: string, to: string) => void;

  constructor(root: JsonSchemaObject, copied: (from: string, to: string) => void) {
    this.#root = root;
    this.#copied = copied;
  }

  /** `within`: the references that are joined around this schema, so that a recursive one comes to an end. */
  join(schema: unknown, pointer: string, within: ReadonlySet<string>): unknown {
    if (!isSchemaObject(schema)) return schema;
    const open = new Set(within);
    let joined = schema;
    for (let parts = this.#parts(joined, pointer, open); parts.length > 1; parts = this.#parts(joined, pointer, open)) {
      joined = {};
      for (const part of parts) {
        this.#copied(part.pointer, pointer);
        joined = this.#conjoin({ schema: joined, pointer }, part);
      }
    }
    joined = withPlainReference(joined);
    return mapSubschemas(joined, (each, below) => this.join(each, pointer + below, open));
  }

  /** The schemas to be joined: the schema without its references, then what they refer to. None where all is well. */
  #parts(schema: JsonSchemaObject, pointer: string, open: Set<string>): Part[] {
    const { $ref, ...own } = schema;
    if (typeof $ref === "string" && hasConditions(own)) {
      const target = this.#target(schema, open);
      if (target !== undefined) return [{ schema: own, pointer }, target];
    }
    const { allOf, ...others } = schema;
    const all = list(allOf);
    if (all.length === 0 || !all.every(isSchemaObject) || !closesOther([others, ...all], this.#root)) return [];
    const parts = all.map((each, index): Part | undefined => {
      const isReference = each["$ref"] !== undefined && !hasConditions(each);
      return isReference ? this.#target(each, open) : { schema: each, pointer: `${pointer}/allOf/${index}` };
    });
    return parts.every((each) => each !== undefined) ? [{ schema: others, pointer }, ...parts] : [];
  }

  /** What a `$ref` refers to; undefined where it is joined already around this schema. */
  #target(schema: JsonSchemaObject, open: Set<string>): Part | undefined {
    const ref = String(schema["$ref"]);
    const [target] = open.has(ref) ? [] : referred(this.#root, schema);
    open.add(ref);
    return target;
  }

  /** The schema that both conditions make, with the keys of both. What both say, and differently, gets into `allOf`. */
  #conjoin(first: Part, second: Part): JsonSchemaObject {
    const joined: Record<string, unknown> = { ...first.schema };
    const apart: Record<string, unknown> = {};
    for (const [keyword, value] of Object.entries(second.schema)) {
      const known = joined[keyword];
      if (keyword in dependent && (dependent[keyword] ?? []).some((each) => differs(each, first, second))) {
        apart[keyword] = value;
      } else if (known === undefined) joined[keyword] = value;
      else if (isDeepStrictEqual(known, value) || annotations.has(keyword) || keyword.startsWith("x-")) continue;
      else if (keyword === "properties" || keyword === "patternProperties" || keyword === "definitions") {
        joined[keyword] = this.#conjoinNamed(keyword, first, second);
      } else if (keyword === "required" || keyword === "allOf") {
        joined[keyword] = [...list(known), ...list(value).filter((each) => !list(known).includes(each))];
      } else if (keyword === "additionalProperties") {
        const pointers = [`${second.pointer}/${keyword}`, `${first.pointer}/${keyword}`] as const;
        this.conflicts.push({ values: [value, known], pointers });
      } else apart[keyword] = value;
    }
    if (Object.keys(apart).length > 0) joined["allOf"] = [...list(joined["allOf"]), apart];
    return joined;
  }

  #conjoinNamed(keyword: string, first: Part, second: Part): JsonSchemaObject {
    const joined = new Map(Object.entries(mapping(first.schema[keyword])));
    for (const [name, value] of Object.entries(mapping(second.schema[keyword]))) {
      const below = `/${keyword}/${escapePointerPart(name)}`;
      const known = joined.get(name);
      if (known === undefined || known === true) joined.set(name, value);
      else if (isSchemaObject(known) && isSchemaObject(value)) {
        const [one, two] = [first, second].map(({ pointer }) => pointer + below) as [string, string];
        joined.set(name, this.#conjoin({ schema: known, pointer: one }, { schema: value, pointer: two }));
      }
    }
    return Object.fromEntries(joined);
  }
}

/** For a recursive reference that is not joined: all its conditions hold, and no key is added. */
function withPlainReference(schema: JsonSchemaObject): JsonSchemaObject {
  const { $ref, ...own } = schema;
  return $ref === undefined || !hasConditions(own) ? schema : { ...own, allOf: [...list(own["allOf"]), { $ref }] };
}

/** Keywords whose meaning depends on others: where one of these differs, all of them stay apart. */
const condition = ["if", "then", "else"];
const items = ["items", "additionalItems"];
const dependent: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(condition.map((keyword) => [keyword, condition])),
  ...Object.fromEntries(items.map((keyword) => [keyword, items])),
};

function differs(keyword: string, { schema: first }: Part, { schema: second }: Part): boolean {
  const isInFirst = dependent[keyword]?.some((each) => first[each] !== undefined) === true;
  return isInFirst && !isDeepStrictEqual(first[keyword], second[keyword]);
}

const harmless: ReadonlySet<string> = new Set([...annotations, "$ref", "$id", "$schema", "definitions"]);

/** Whether a schema restricts values by more than its `$ref`. */
function hasConditions(schema: JsonSchemaObject): boolean {
  return Object.keys(schema).some((keyword) => !harmless.has(keyword) && !keyword.startsWith("x-"));
}

/** Whether one of several schemas for the same value is closed against a key that another one declares. */
function closesOther(schemas: readonly unknown[], root: JsonSchemaObject, depth = 0): boolean {
  const all = conjuncts(root, { schema: { allOf: schemas }, pointer: "" }).map(({ schema }) => schema);
  if (depth > maxDepth) return false;
  const keys = new Set(all.flatMap((each) => Object.keys(mapping(each["properties"]))));
  return [...keys].some((key) => {
    const below = all.map((each) => propertyOf(each, key)).filter((each) => each !== undefined);
    if (below.some((each) => each !== false) && all.some((each) => isClosedTo(each, key))) return true;
    return below.length > 1 && closesOther(below, root, depth + 1);
  });
}

/** Deeper than configurations are: recursive schemas come to an end there. */
const maxDepth = 10;
