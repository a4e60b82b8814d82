import { branches, conjuncts, isClosedTo, propertyOf, referred } from "./conjunction.ts";
import { escapePointerPart, type Finding, type SourceRange } from "./problem.ts";
import { isSchemaObject, type JsonSchema, type JsonSchemaObject, list, mapping } from "./schema.ts";
import { type Subschema, walkSchema } from "./schema-walk.ts";
import { shown } from "./shown.ts";

/**
 * What a schema says that no document can ever fulfil: keys that it declares or demands of an object that is closed
 * against them, limits that exclude each other, types without a common value, values of an `enum` that have another
 * type. Each finding names the other place.
 */
export function neverValid(
  root: JsonSchema,
  locate: (pointer: string) => SourceRange | undefined,
): (Finding & { code: "never-valid" })[] {
  const found = new Map<string, Finding & { code: "never-valid" }>();
  for (const start of walkSchema(root)) {
    // A branch is looked at together with the schema that it is a part of.
    if (isBranch.test(start.pointer)) continue;
    for (const { pointer, atKey, message, other } of [...keys(root, start, []), ...values(root, start)]) {
      const source = locate(other);
      const place = source === undefined ? `\`${other}\`` : `${source.file}:${source.line}:${source.column}`;
      if (found.has(pointer)) continue;
      found.set(pointer, { severity: "error", code: "never-valid", pointer, atKey, message: `${message} (${place})` });
    }
  }
  return [...found.values()];
}

const isBranch = /\/(?:(?:allOf|anyOf|oneOf)\/\d+|if|then|else)$/;

interface Impossible {
  pointer: string;
  atKey: boolean;
  message: string;
  /** Pointer of what makes it impossible. */
  other: string;
}

/** `around`: the schemas for the same value that this one is a branch of. */
function* keys(root: JsonSchema, start: Subschema, around: readonly Subschema[]): Generator<Impossible> {
  if (around.some(({ schema }) => schema === start.schema)) return;
  const all = [...around, start];
  for (const { key, pointer, atKey } of keysOf(start)) {
    const closed = all.map((each) => closedTo(root, each, key, new Set())).find((each) => each !== undefined);
    if (closed === undefined) continue;
    const message = `${shown(key)} can never be valid: another part of the schema refuses this key`;
    yield { pointer, atKey, message, other: closed };
  }
  for (const below of sameValue(root, start)) yield* keys(root, below, all);
}

/** The keys that a schema itself declares or demands, each with its place. */
function keysOf({ schema, pointer }: Subschema): { key: string; pointer: string; atKey: boolean }[] {
  const declared = Object.entries(mapping(schema["properties"])).filter(([, each]) => each !== false);
  const named = [
    ...declared.map(([key]) => ["properties", key] as const),
    ...Object.keys(mapping(schema["dependencies"])).map((key) => ["dependencies", key] as const),
  ].map(([keyword, key]) => ({ key, pointer: `${pointer}/${keyword}/${escapePointerPart(key)}`, atKey: true }));
  const listed = [
    ["required", schema["required"]] as const,
    ...Object.entries(mapping(schema["dependencies"])).map(
      ([key, value]) => [`dependencies/${escapePointerPart(key)}`, value] as const,
    ),
  ].flatMap(([path, value]) =>
    list(value).map((key, index) => ({ key: String(key), pointer: `${pointer}/${path}/${index}`, atKey: false })),
  );
  return [...named, ...listed];
}

/** The pointer of what refuses a key, if no value with this key fulfils the schema. */
function closedTo(root: JsonSchema, at: Subschema, key: string, seen: Set<JsonSchemaObject>): string | undefined {
  const { schema, pointer } = at;
  if (seen.has(schema)) return undefined;
  seen.add(schema);
  if (propertyOf(schema, key) === false) return `${pointer}/properties/${escapePointerPart(key)}`;
  if (isClosedTo(schema, key)) return `${pointer}/additionalProperties`;
  const follow = (each: Subschema): string | undefined => closedTo(root, each, key, new Set(seen));
  for (const each of [...referred(root, schema), ...branches(at, "allOf")]) {
    const closed = follow(each);
    if (closed !== undefined) return closed;
  }
  for (const keyword of ["oneOf", "anyOf"]) {
    const closed = list(schema[keyword]).map((each, index) =>
      isSchemaObject(each) ? follow({ schema: each, pointer: `${pointer}/${keyword}/${index}` }) : undefined,
    );
    if (closed.length > 0 && closed.every((each) => each !== undefined)) return closed[0];
  }
  return undefined;
}

/** The schemas that may apply to the same value; not those of `not`, which may well name what is forbidden. */
function sameValue(root: JsonSchema, { schema, pointer }: Subschema): Subschema[] {
  const single = ["if", "then", "else"].map((keyword) => [`${pointer}/${keyword}`, schema[keyword]] as const);
  const dependent = Object.entries(mapping(schema["dependencies"])).map(
    ([key, each]) => [`${pointer}/dependencies/${escapePointerPart(key)}`, each] as const,
  );
  return [
    ...referred(root, schema),
    ...["allOf", "anyOf", "oneOf"].flatMap((keyword) => branches({ schema, pointer }, keyword)),
    ...[...single, ...dependent].flatMap(([at, each]) => (isSchemaObject(each) ? [{ schema: each, pointer: at }] : [])),
  ];
}

const limits = [
  ["minLength", "maxLength"],
  ["minItems", "maxItems"],
  ["minProperties", "maxProperties"],
  ["minimum", "maximum"],
  ["exclusiveMinimum", "maximum"],
  ["minimum", "exclusiveMaximum"],
  ["exclusiveMinimum", "exclusiveMaximum"],
] as const;

function* values(root: JsonSchema, start: Subschema): Generator<Impossible> {
  const all = conjuncts(root, start);
  for (const [least, greatest] of limits) yield* limited(all, least, greatest);
  const typed = placesOf(all, "type").map(({ value, pointer }) => ({ types: [value].flat().map(String), pointer }));
  for (const [index, { types, pointer }] of typed.entries()) {
    const other = typed
      .slice(0, index)
      .find((each) => !types.some((type) => each.types.some((one) => overlap(one, type))));
    const message = `no value is of type ${types.join(" or ")} and also ${other?.types.join(" or ")}`;
    if (other !== undefined) yield { pointer, atKey: false, message, other: other.pointer };
  }
  const listed = [
    ...placesOf(all, "enum"),
    ...placesOf(all, "const").map(({ value, pointer }) => ({ value: [value], pointer })),
  ];
  for (const { value, pointer } of listed) {
    const other = typed.find(({ types }) => !list(value).some((each) => types.some((type) => isOfType(each, type))));
    const message = `none of the values is of type ${other?.types.join(" or ")}`;
    if (other !== undefined && list(value).length > 0) yield { pointer, atKey: false, message, other: other.pointer };
  }
}

function* limited(all: readonly Subschema[], least: string, greatest: string): Generator<Impossible> {
  const isExclusive = least.startsWith("exclusive") || greatest.startsWith("exclusive");
  for (const { value: high, pointer } of placesOf(all, greatest)) {
    for (const { value: low, pointer: other } of placesOf(all, least)) {
      if (typeof low !== "number" || typeof high !== "number" || high > low || (high === low && !isExclusive)) continue;
      const message = `no value can fulfil ${shown(greatest)} ${high} and ${shown(least)} ${low}`;
      yield { pointer, atKey: false, message, other };
    }
  }
}

function placesOf(all: readonly Subschema[], keyword: string): { value: unknown; pointer: string }[] {
  return all
    .filter(({ schema }) => schema[keyword] !== undefined)
    .map(({ schema, pointer }) => ({ value: schema[keyword], pointer: `${pointer}/${keyword}` }));
}

function overlap(one: string, other: string): boolean {
  const [first, second] = [one, other].sort();
  return first === second || (first === "integer" && second === "number");
}

function isOfType(value: unknown, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  return type === "object" ? isSchemaObject(value) : typeof value === type;
}
