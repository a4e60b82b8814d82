import type { Code } from "./codes/catalogue.ts";
import type { MatchedError } from "./explain.ts";
import { pointerParts } from "./problem.ts";
import { type JsonSchemaObject, list, mapping } from "./schema.ts";
import { printable, shown } from "./shown.ts";
import { suggest } from "./suggest.ts";
import type { ValidationError } from "./validator.ts";

/** The wording of an error of validation. */
export interface Wording {
  code: Code;
  message: string;
  hint?: string | undefined;
  /** What the problem is about, below the value that the error is about: the key of a mapping, or the item of a list. */
  below?: string | number;
  /** The problem is about the key that leads to it. */
  atKey?: boolean;
}

type Phrase = (matched: MatchedError, where: string, secret: boolean) => Wording;

/** By the keyword of the schema. */
const phrases: Readonly<Record<string, Phrase>> = {
  additionalProperties: (matched) => (matched.conflicts?.length ? exclusiveKey(matched) : unknownKey(matched)),
  required: missingKey,
  dependencies: missingPartner,
  type: wrongType,
  enum: notAllowed,
  const: notAllowed,
  format: badFormat,
  pattern: ({ error, schema }, where) => ({
    code: "pattern",
    message: `${where} does not have the expected form`,
    hint: example(schema) ?? `it must match the regular expression ${shown(error.params["pattern"])}`,
  }),
  minimum: limit("too-small", "must be at least"),
  exclusiveMinimum: limit("too-small", "must be greater than"),
  maximum: limit("too-large", "must be at most"),
  exclusiveMaximum: limit("too-large", "must be less than"),
  multipleOf: ({ error }, where) => ({
    code: "not-a-multiple",
    message: `${where} must be a multiple of ${error.params["multipleOf"]}`,
  }),
  minLength: limit("too-short", "must have at least", "character"),
  maxLength: limit("too-long", "must have at most", "character"),
  minItems: limit("too-few", "must have at least", "entry"),
  maxItems: limit("too-many", "must have at most", "entry"),
  additionalItems: (matched, where, secret) => ({
    ...limit("too-many", "must have at most", "entry")(matched, where, secret),
    below: Number(matched.error.params["limit"]),
  }),
  minProperties: limit("too-few", "must have at least", "key"),
  maxProperties: limit("too-many", "must have at most", "key"),
  contains: (_, where) => ({ code: "too-few", message: `${where} lacks a required entry` }),
  uniqueItems: repeatedItem,
  propertyNames: ({ error }, where) => {
    const key = String(error.params["propertyName"]);
    return { code: "bad-key", message: `${shown(key)} is not allowed as a key of ${where}`, below: key, atKey: true };
  },
  not: (_, where) => ({ code: "forbidden", message: `${where} has a form that is not allowed` }),
  "false schema": (_, where) => ({ code: "forbidden", message: `${where} is not allowed here`, atKey: true }),
  oneOf: (matched, where) =>
    matched.conflicts?.length
      ? exclusiveKey(matched)
      : {
          code: "several-alternatives",
          message: `${where} matches several alternatives, of which only one is allowed`,
        },
  anyOf: (_, where) => ({ code: "no-alternative", message: `${where} matches none of the allowed alternatives` }),
};

/** Describes an error. The value is not quoted when it is a `secret`. */
export function wordingOf(matched: MatchedError, secret: boolean): Wording {
  const where = place(matched.error.instancePath);
  const phrase = phrases[matched.error.keyword];
  return phrase?.(matched, where, secret) ?? { code: "invalid", message: `${where} is not valid` };
}

/** A JSON pointer as people write it, such as `ntp.servers[0]`. */
function place(pointer: string): string {
  const path = pointerParts(pointer).map((part, index) => {
    if (/^\d+$/.test(part) && index > 0) return `[${part}]`;
    const name = printable(part.length > 40 ? `${part.slice(0, 39)}…` : part);
    return index === 0 ? name : `.${name}`;
  });
  return path.length === 0 ? "the document" : `\`${path.join("")}\``;
}

function unknownKey({ error, schema, alternatives = [] }: MatchedError): Wording {
  const key = String(error.params["additionalProperty"]);
  const schemas = [schema, ...alternatives.map((each) => each.schema)];
  const known = [...new Set(schemas.flatMap((each) => Object.keys(mapping(each?.["properties"]))))].sort();
  const near = suggest(key, known);
  return {
    code: "unknown-key",
    message: `unknown key ${shown(key)}`,
    hint: near === undefined ? choice("known keys:", known) : `did you mean ${shown(near)}?`,
    below: key,
    atKey: true,
  };
}

/** Points at the last of the conflicting keys. */
function exclusiveKey({ error, conflicts = [] }: MatchedError): Wording {
  const unknown = error.params["additionalProperty"];
  const keys = typeof unknown === "string" ? [...conflicts, unknown] : conflicts;
  const key = keys.at(-1) ?? "";
  const others = keys.slice(0, -1).map(shown).join(", ");
  return {
    code: "exclusive-keys",
    message: `${shown(key)} cannot be combined with ${others}`,
    hint: "keep only one of them",
    below: key,
    atKey: true,
  };
}

function missingKey({ error, alternatives = [] }: MatchedError): Wording {
  const missing = [error, ...alternatives.map((each) => each.error)].map((each) =>
    String(each.params["missingProperty"]),
  );
  const keys = [...new Set(missing)];
  const message =
    keys.length === 1
      ? `missing key ${keys.map(shown).join()}${within(error)}`
      : `missing one of the keys ${keys.map(shown).join(", ")}${within(error)}`;
  return { code: "missing-key", message, atKey: true };
}

function missingPartner({ error }: MatchedError): Wording {
  const key = String(error.params["property"]);
  const message = `missing key ${shown(error.params["missingProperty"])}${within(error)}: ${shown(key)} requires it`;
  return { code: "missing-key", message, below: key, atKey: true };
}

/** Names the mapping, unless it is the document itself. */
function within({ instancePath }: ValidationError): string {
  return instancePath === "" ? "" : ` in ${place(instancePath)}`;
}

function wrongType({ error, value, alternatives = [] }: MatchedError, where: string): Wording {
  const errors = [error, ...alternatives.map((each) => each.error)];
  const asked = [
    ...new Set(errors.flatMap(({ params: { type } }) => (Array.isArray(type) ? type : [type])).map(String)),
  ];
  const names = asked.map((type) => typeNames[type] ?? type);
  return {
    code: "wrong-type",
    message: `${where} must be ${names.join(" or ")}${described(value)}`,
    hint: typeHint(asked, value),
  };
}

const typeNames: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  integer: "an integer",
  boolean: "true or false",
  object: "a mapping",
  array: "a list",
  null: "empty",
};

function described(value: unknown): string {
  if (value === undefined) return "";
  if (value === null) return ", but has no value";
  if (typeof value === "number" && !Number.isFinite(value)) return ", but is not finite";
  return `, not ${typeof value === "boolean" ? "a boolean" : typeNames[Array.isArray(value) ? "array" : typeof value]}`;
}

function typeHint(asked: readonly string[], value: unknown): string | undefined {
  if (typeof value === "string") {
    const isNumber = value.trim() !== "" && Number.isFinite(Number(value));
    if (isNumber && asked.some((type) => type === "number" || type === "integer")) return "remove the quotes";
    if (!asked.includes("boolean")) return undefined;
    if (value === "true" || value === "false") return "remove the quotes";
    return /^(yes|no|on|off|y|n)$/i.test(value) ? "in YAML 1.2 this is a string: write true or false" : undefined;
  }
  if (!asked.includes("string") || (typeof value !== "number" && typeof value !== "boolean")) return undefined;
  return "put it in quotes";
}

function notAllowed({ error, value, alternatives = [] }: MatchedError, where: string, secret: boolean): Wording {
  const errors = [error, ...alternatives.map((each) => each.error)];
  const allowed = errors.flatMap(({ params }) =>
    "allowedValue" in params ? [params["allowedValue"]] : list(params["allowedValues"]),
  );
  const names = [...new Set(allowed.map((each) => (typeof each === "string" ? each : JSON.stringify(each))))];
  const near = typeof value === "string" && !secret ? suggest(value, names) : undefined;
  const isScalar = typeof value !== "object" || value === null;
  return {
    code: "not-in-enum",
    message:
      secret || !isScalar ? `${where} is not one of the allowed values` : `${shown(value)} is not allowed for ${where}`,
    hint: near === undefined ? choice("allowed:", names) : `did you mean ${shown(near)}?`,
  };
}

/** What a format of a string is called, with an example. */
const formatNames: Readonly<Record<string, string>> = {
  date: "a date, such as 2026-01-31",
  "date-time": "a date with time and zone, such as 2026-01-31T23:59:00Z",
  duration: "a duration, such as PT30M",
  email: "an e-mail address, such as admin@example.org",
  hostname: "a host name, such as node1.example.org",
  ipv4: "an IPv4 address, such as 192.0.2.1",
  ipv6: "an IPv6 address, such as 2001:db8::1",
  time: "a time with zone, such as 23:59:00Z",
  uri: "a URI, such as https://www.example.org:8443/path",
  uuid: "a UUID, such as 123e4567-e89b-12d3-a456-426614174000",
};

function badFormat({ error, schema }: MatchedError, where: string): Wording {
  const format = String(error.params["format"]);
  const [name = format, sample] = formatNames[format]?.split(", ") ?? [`of the format ${shown(format)}`];
  return { code: "bad-format", message: `${where} is not ${name}`, hint: example(schema) ?? sample };
}

/** Describes keywords that compare with a number; `unit` is what is counted. */
function limit(code: Code, relation: string, unit?: string): Phrase {
  return ({ error }, where) => {
    const bound = Number(error.params["limit"]);
    const counted = unit === undefined ? "" : ` ${bound === 1 ? unit : (plurals[unit] ?? `${unit}s`)}`;
    return { code, message: `${where} ${relation} ${bound}${counted}` };
  };
}

const plurals: Readonly<Record<string, string>> = { entry: "entries" };

function repeatedItem({ error: { params } }: MatchedError, where: string): Wording {
  const [first = 0, second = 0] = [Number(params["j"]), Number(params["i"])].sort((a, b) => a - b);
  const message = `entry ${second + 1} of ${where} is the same as entry ${first + 1}`;
  return { code: "not-unique", message, hint: "remove one of them", below: second };
}

/** The first example that the schema gives. */
function example(schema: JsonSchemaObject | undefined): string | undefined {
  const [first] = list(schema?.["examples"]);
  return typeof first === "string" || typeof first === "number" ? `for example ${shown(first)}` : undefined;
}

const maxListed = 12;

function choice(introduction: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const more = names.length > maxListed ? ", …" : "";
  return `${introduction} ${names.slice(0, maxListed).map(shown).join(", ")}${more}`;
}
