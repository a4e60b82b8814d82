import { Ajv, type Options } from "ajv";
import standalone from "ajv/dist/standalone/index.js";
import type { AnyValidateFunction } from "ajv/dist/types/index.js";
import { formats } from "./formats.ts";
import { type JsonSchema, type JsonSchemaObject, secretKeyword } from "./schema.ts";
import { withoutUnusedSchemas } from "./schema-literals.ts";
import { annotations, withoutKeywords } from "./schema-walk.ts";
import type { Validator } from "./validator.ts";

/**
 * What ajv's generated code needs at run time. It stands in the generated code itself, which so imports nothing: it
 * works wherever it is put, and ajv does not get onto the machine.
 */
const helpers: Readonly<Record<string, string>> = {
  equal: `const equal = (a, b) => {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]));
};`,
  ucs2length: `const ucs2length = (text) => {
  let length = 0;
  for (const _ of text) length++;
  return length;
};`,
};

/**
 * What validators are made without: texts, and what ajv would heed though draft-07 does not have it, or though all
 * references start at the root.
 */
const withoutMeaning: ReadonlySet<string> = new Set([
  ...annotations,
  ...["$anchor", "$async", "$dynamicAnchor", "$id", "$schema", "id", "nullable"],
]);

/** The options under which all our validators are made. */
const options: Options = {
  allErrors: true,
  // The schema is checked by checkSchema, whose findings have a position.
  strict: false,
  validateSchema: false,
  // YAML has infinity and "not a number", JSON and our contributions have not.
  strictNumbers: true,
  // A key `constructor` is a key, and not a property of every object.
  ownProperties: true,
  messages: false,
  logger: false,
};

/**
 * The text of an ES module that exports one {@link Validator} for each name. It imports nothing.
 *
 * @throws Error where a schema is none, as checkSchema reports with its place
 */
export function generateValidators(schemas: Readonly<Record<string, JsonSchema>>): string {
  return withoutUnusedSchemas(generate(schemas, "module"));
}

/**
 * A validator made here and now, of the same code: for the build side and workstations, where schemas are not known
 * before.
 *
 * @throws Error like {@link generateValidators}
 */
export function createValidator(schema: JsonSchema): Validator {
  const made: { validate?: Validator } = {};
  // ajv evaluates what it generates in the same way; what it would use for equality throws on a key `valueOf`.
  new Function("exports", generate({ validate: schema }, "script"))(made);
  if (made.validate === undefined) throw new Error("ajv generated no validator");
  return made.validate;
}

function generate(schemas: Readonly<Record<string, JsonSchema>>, form: "module" | "script"): string {
  const ajv = createAjv({ code: { source: true, esm: form === "module", lines: true } });
  const ids: Record<string, string> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    ids[name] = `kanod:${name}`;
    ajv.addSchema(asObject(withoutKeywords(schema, withoutMeaning)), ids[name]);
  }
  return withHelpers(standalone.default(ajv, ids));
}

/** The meta schema of draft-07, and what checks a schema against it. */
export function createMetaValidator(): { validator: Validator; schema: JsonSchemaObject } {
  metaValidator ??= createAjv({}).getSchema("http://json-schema.org/draft-07/schema");
  if (metaValidator === undefined) throw new Error("ajv lacks the meta schema of draft-07");
  return { validator: metaValidator as Validator, schema: metaValidator.schema as JsonSchemaObject };
}

let metaValidator: AnyValidateFunction | undefined;

function createAjv(extra: Options): Ajv {
  const ajv = new Ajv({ ...options, ...extra });
  ajv.addKeyword(secretKeyword);
  for (const [name, format] of formats) ajv.addFormat(name, format);
  return ajv;
}

function asObject(schema: JsonSchema): object {
  return typeof schema === "boolean" ? { allOf: [schema] } : schema;
}

function withHelpers(code: string): string {
  const used = new Set<string>();
  const replaced = code.replace(/ = require\("ajv\/dist\/runtime\/(\w+)"\)\.default;/g, (_, name: string) => {
    used.add(name);
    return ` = ${name};`;
  });
  const texts = [...used].sort().map((name) => {
    const helper = helpers[name];
    if (helper === undefined) throw new Error(`the generated validator needs ajv's ${name}, which is not provided`);
    return helper;
  });
  return `${texts.join("\n")}\n${replaced}`;
}
