import { explainErrors } from "./explain.ts";
import { formats } from "./formats.ts";
import { createMetaValidator } from "./generate-validators.ts";
import { tell } from "./messages.ts";
import { escapePointerPart, type Problem, type SourceRange } from "./problem.ts";
import type { ProblemCode } from "./problem-codes.ts";
import {
  isSchemaObject,
  type JsonSchema,
  type JsonSchemaObject,
  list,
  mapping,
  resolveRef,
  secretKeyword,
} from "./schema.ts";
import { type Subschema, walkSchema } from "./schema-walk.ts";
import { shown } from "./shown.ts";
import { suggest } from "./suggest.ts";
import { type PlacedFinding, positionFindings } from "./validate.ts";

/** Where a value of the schema, or the key that leads to it, was written: YamlDocument.locate, or a merge's. */
export type Locate = (pointer: string, part?: "key" | "value") => SourceRange | undefined;

/**
 * What is wrong with a schema, by pointer and, through `locate`, by file and position: against the draft-07 meta
 * schema, `$ref`s that point to nothing or in a circle, unknown formats, broken regular expressions; and, as warnings,
 * keywords that draft-07 does not have, which are mostly misspelt. A schema without errors can be compiled.
 */
export function checkSchema(schema: unknown, locate: Locate = () => undefined): Problem[] {
  const findings = isJsonSchema(schema) ? [...againstMetaSchema(schema), ...withinSchema(schema)] : [noSchema];
  return positionFindings({ locate }, findings);
}

/** A finding whose code is one of this layer. */
type SchemaFinding = PlacedFinding & { code: ProblemCode };

function isJsonSchema(value: unknown): value is JsonSchema {
  return typeof value === "boolean" || isSchemaObject(value);
}

const noSchema: SchemaFinding = {
  severity: "error",
  code: "bad-schema",
  pointer: "",
  message: "a schema has to be a mapping, or true or false",
};

function againstMetaSchema(schema: JsonSchema): SchemaFinding[] {
  const { validator, schema: metaSchema } = createMetaValidator();
  if (validator(schema)) return [];
  return explainErrors(metaSchema, schema, validator.errors ?? []).map((explained) => {
    const { message, hint, below, atKey } = tell(explained, false);
    const pointer = explained.error.instancePath + (below === undefined ? "" : `/${escapePointerPart(String(below))}`);
    return { severity: "error", code: "bad-schema", pointer, message, hint, ...(atKey === undefined ? {} : { atKey }) };
  });
}

function withinSchema(schema: JsonSchema): SchemaFinding[] {
  const found = [...walkSchema(schema)].flatMap((each) => [
    ...unknownKeywords(each),
    ...badFormat(each),
    ...badPatterns(each),
    ...badSecretMark(each),
    ...badRef(each, schema),
  ]);
  return [...found, ...circles(schema)];
}

/** Keywords of draft-07 (as its meta schema lists them), ours, and those of other tools, which begin with `x-`. */
function unknownKeywords({ pointer, schema }: Subschema): SchemaFinding[] {
  const known = [...Object.keys(mapping(createMetaValidator().schema["properties"])), secretKeyword];
  return Object.keys(schema)
    .filter((keyword) => !known.includes(keyword) && (!keyword.startsWith("x-") || keyword.startsWith("x-kanod-")))
    .map((keyword) => {
      const near = suggest(keyword, known);
      return {
        severity: "warning",
        code: "unknown-keyword",
        pointer: `${pointer}/${escapePointerPart(keyword)}`,
        atKey: true,
        message: `${shown(keyword)} is not a keyword of JSON Schema draft-07, and has no effect`,
        hint: near === undefined ? undefined : `did you mean ${shown(near)}?`,
      };
    });
}

function badFormat({ pointer, schema: { format } }: Subschema): SchemaFinding[] {
  if (typeof format !== "string" || formats.has(format)) return [];
  const near = suggest(format, formats.keys());
  const hint = near === undefined ? `known: ${[...formats.keys()].sort().join(", ")}` : `did you mean ${shown(near)}?`;
  const message = `there is no format ${shown(format)}`;
  return [{ severity: "error", code: "unknown-format", pointer: `${pointer}/format`, message, hint }];
}

function badPatterns({ pointer, schema: { pattern, patternProperties } }: Subschema): SchemaFinding[] {
  const patterns = Object.keys(mapping(patternProperties)).map((each): [string, string, boolean] => [
    each,
    `${pointer}/patternProperties/${escapePointerPart(each)}`,
    true,
  ]);
  if (typeof pattern === "string") patterns.push([pattern, `${pointer}/pattern`, false]);
  return patterns.flatMap(([text, at, atKey]) => {
    const reason = faultOf(text);
    if (reason === undefined) return [];
    return [
      {
        severity: "error",
        code: "bad-pattern",
        pointer: at,
        atKey,
        message: `the regular expression is broken: ${reason}`,
      },
    ];
  });
}

function faultOf(pattern: string): string | undefined {
  try {
    new RegExp(pattern, "u");
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // V8 says "Invalid regular expression: /…/u: reason".
    return message.slice(message.lastIndexOf(": ") + 2);
  }
}

function badSecretMark({ pointer, schema }: Subschema): SchemaFinding[] {
  const mark = schema[secretKeyword];
  if (mark === undefined || typeof mark === "boolean") return [];
  const message = `${shown(secretKeyword)} has to be true or false`;
  return [{ severity: "error", code: "bad-schema", pointer: `${pointer}/${secretKeyword}`, message }];
}

function badRef({ pointer, schema: { $ref } }: Subschema, root: JsonSchema): SchemaFinding[] {
  if (typeof $ref !== "string" || resolveRef(root, $ref) !== undefined) return [];
  const at = { severity: "error", code: "dangling-ref", pointer: `${pointer}/$ref` } as const;
  if (!$ref.startsWith("#")) {
    return [{ ...at, message: `${shown($ref)} is outside of the schema`, hint: "only references `#/…` are followed" }];
  }
  const names = Object.keys(mapping(isSchemaObject(root) ? root["definitions"] : undefined));
  const near = suggest($ref.replace(/^#\/definitions\//, ""), names);
  const hint = near === undefined ? undefined : `did you mean ${shown(`#/definitions/${near}`)}?`;
  return [{ ...at, message: `${shown($ref)} points to nothing`, hint }];
}

/** `$ref`s that lead back to their own schema for the same value: a validator would follow them for ever. */
function circles(root: JsonSchema): SchemaFinding[] {
  const done = new Set<JsonSchemaObject>();
  const found: SchemaFinding[] = [];
  const follow = (schema: unknown, open: ReadonlySet<unknown>): boolean => {
    if (!isSchemaObject(schema) || done.has(schema)) return false;
    if (open.has(schema)) return true;
    const below = new Set([...open, schema]);
    const isCircle = sameValue(root, schema).some((each) => follow(each, below));
    done.add(schema);
    return isCircle;
  };
  for (const { pointer, schema } of walkSchema(root)) {
    if (typeof schema["$ref"] !== "string" || !follow(schema, new Set())) continue;
    const message = `${shown(schema["$ref"])} leads back to itself`;
    found.push({ severity: "error", code: "circular-ref", pointer: `${pointer}/$ref`, message });
  }
  return found;
}

/** What is applied to the same value as a schema. */
function sameValue(root: JsonSchema, schema: JsonSchemaObject): unknown[] {
  const { $ref, dependencies } = schema;
  return [
    ...(typeof $ref === "string" ? [resolveRef(root, $ref)] : []),
    ...["allOf", "anyOf", "oneOf"].flatMap((keyword) => list(schema[keyword])),
    ...["if", "then", "else", "not"].map((keyword) => schema[keyword]),
    ...Object.values(mapping(dependencies)),
  ];
}
