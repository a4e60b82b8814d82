import type { Code } from "./codes/catalogue.ts";
import { explainErrors } from "./explain.ts";
import { formats } from "./formats.ts";
import { createMetaValidator, createValidator } from "./generate-validators.ts";
import { wordingOf } from "./messages.ts";
import { neverValid } from "./never-valid.ts";
import { otherDialects } from "./other-dialects.ts";
import { escapePointerPart, type Finding, type Problem, type SourceRange } from "./problem.ts";
import {
  isSchema,
  isSchemaObject,
  type JsonSchema,
  type JsonSchemaObject,
  list,
  mapping,
  resolveRef,
  secretKeyword,
} from "./schema.ts";
import { mapSubschemas, type Subschema, subschemas, walkSchema } from "./schema-walk.ts";
import { shown } from "./shown.ts";
import { suggest } from "./suggest.ts";
import { positionFindings } from "./validate.ts";

/** Where a value of the schema, or the key that leads to it, was written: YamlDocument.locate, or a merge's. */
export type Locate = (pointer: string, part?: "key" | "value") => SourceRange | undefined;

/**
 * What is wrong with a schema, by pointer and, through `locate`, by file and position: against the draft-07 meta
 * schema, `$ref`s that point to nothing or in a circle, unknown formats, broken regular expressions, keywords of other
 * drafts, conditions that nothing can fulfil; and, as warnings, keywords that draft-07 does not have, which are mostly
 * misspelt. A schema without errors can be compiled.
 */
export function checkSchema(schema: unknown, locate: Locate = () => undefined): Problem[] {
  const findings = isSchema(schema) ? [...againstMetaSchema(schema), ...withinSchema(schema)] : [noSchema];
  const isSound = findings.every(({ severity }) => severity !== "error");
  if (isSchema(schema) && isSound) findings.push(...neverValid(schema, locate), ...notCompiled(schema));
  return positionFindings({ locate }, findings);
}

/** A finding whose code is one of this layer. */
interface SchemaFinding extends Finding {
  code: Code;
}

const noSchema: SchemaFinding = {
  severity: "error",
  code: "bad-schema",
  pointer: "",
  message: "a schema must be a mapping, true or false",
};

function againstMetaSchema(schema: JsonSchema): SchemaFinding[] {
  const { validator, schema: metaSchema } = createMetaValidator();
  if (validator(schema)) return [];
  return explainErrors(metaSchema, schema, validator.errors ?? []).map((explained) => {
    const { message, hint, below, atKey } = wordingOf(explained, false);
    const pointer = explained.error.instancePath + (below === undefined ? "" : `/${escapePointerPart(String(below))}`);
    return { severity: "error", code: "bad-schema", pointer, message, hint, ...(atKey === undefined ? {} : { atKey }) };
  });
}

function withinSchema(schema: JsonSchema): SchemaFinding[] {
  const all = [...walkSchema(schema)];
  const ids = all.filter(({ pointer, schema: { $id } }) => pointer !== "" && typeof $id === "string");
  const pointersOfIds = ids.map(({ pointer }) => pointer);
  const found = all.flatMap((each) => [
    ...unknownKeywords(each),
    ...badFormat(each),
    ...badPatterns(each),
    ...badSecretMark(each),
    ...badRef(each, schema, pointersOfIds),
  ]);
  return [...found, ...circles(schema)];
}

/** Keywords of draft-07 (as its meta schema lists them), ours, and those of other tools, which begin with `x-`. */
function unknownKeywords({ pointer, schema }: Subschema): SchemaFinding[] {
  const known = [...Object.keys(mapping(createMetaValidator().schema["properties"])), secretKeyword];
  return Object.keys(schema)
    .filter((keyword) => !known.includes(keyword) && (!keyword.startsWith("x-") || keyword.startsWith("x-kanod-")))
    .map((keyword) => {
      const other = otherDialects.get(keyword);
      const near = other === undefined ? suggest(keyword, known) : undefined;
      const subject = `${shown(keyword)} is ${other === undefined ? "not a keyword of JSON Schema draft-07" : `a keyword of ${other.dialect}`}`;
      return {
        // What would make more documents valid, or fewer, must not be lost.
        severity: other?.isCondition === true ? "error" : "warning",
        code: "unknown-keyword",
        pointer: `${pointer}/${escapePointerPart(keyword)}`,
        atKey: true,
        message: `${subject}, and has no effect: schemas are read as draft-07`,
        hint: other?.hint ?? (near === undefined ? undefined : `did you mean ${shown(near)}?`),
      };
    });
}

function badFormat({ pointer, schema: { format } }: Subschema): SchemaFinding[] {
  if (typeof format !== "string" || formats.has(format)) return [];
  const near = suggest(format, formats.keys());
  const hint = near === undefined ? `known: ${[...formats.keys()].sort().join(", ")}` : `did you mean ${shown(near)}?`;
  const message = `unknown format ${shown(format)}`;
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
        message: `invalid regular expression: ${reason}`,
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
  const message = `${shown(secretKeyword)} must be true or false`;
  return [{ severity: "error", code: "bad-schema", pointer: `${pointer}/${secretKeyword}`, message }];
}

function badRef({ pointer, schema: { $ref } }: Subschema, root: JsonSchema, ids: readonly string[]): SchemaFinding[] {
  if (typeof $ref !== "string") return [];
  const at = { severity: "error", code: "dangling-ref", pointer: `${pointer}/$ref` } as const;
  const id = ids.find((each) => each === pointer || pointer.startsWith(`${each}/`));
  if (id !== undefined) {
    const message = `${shown($ref)} would be relative to the \`$id\` at ${shown(id)}`;
    return [{ ...at, message, hint: "remove this `$id`: references start at the root of the schema" }];
  }
  if (resolveRef(root, $ref) !== undefined) return [];
  if (!$ref.startsWith("#")) {
    return [{ ...at, message: `${shown($ref)} is outside of the schema`, hint: "only references `#/…` are followed" }];
  }
  const names = Object.keys(mapping(isSchemaObject(root) ? root["definitions"] : undefined));
  const near = suggest($ref.replace(/^#\/definitions\//, ""), names);
  const hint = near === undefined ? undefined : `did you mean ${shown(`#/definitions/${near}`)}?`;
  return [{ ...at, message: `${shown($ref)} points to nothing`, hint }];
}

/** What the checks above overlook. The place is the innermost schema without which the validator can be made. */
function notCompiled(root: JsonSchema): SchemaFinding[] {
  const reason = compileFault(root);
  if (reason === undefined) return [];
  let pointer = "";
  for (let next: Subschema | undefined = { pointer, schema: mapping(root) }; next !== undefined; ) {
    pointer += next.pointer;
    const at = pointer;
    next = [...subschemas(next.schema)].find((each) => compileFault(without(root, at + each.pointer)) === undefined);
  }
  return [{ severity: "error", code: "bad-schema", pointer, message: `the schema cannot be compiled: ${reason}` }];
}

function compileFault(schema: JsonSchema): string | undefined {
  try {
    createValidator(schema);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The schema with `true` instead of the one at a pointer. */
function without(schema: JsonSchema, pointer: string): JsonSchema {
  if (pointer === "") return true;
  const replace = (each: unknown, at: string): unknown => {
    const isOnPath = pointer === at || pointer.startsWith(`${at}/`);
    return isOnPath && isSchema(each) ? without(each, pointer.slice(at.length)) : each;
  };
  return isSchemaObject(schema) ? mapSubschemas(schema, replace) : schema;
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
