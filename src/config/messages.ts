import type { Code } from "./codes/catalogue.ts";
import type { Explained } from "./explain.ts";
import { pointerParts } from "./problem.ts";
import { type JsonSchemaObject, list, mapping } from "./schema.ts";
import { escapeControls, shown } from "./shown.ts";
import { suggest } from "./suggest.ts";

/** How an error of validation is told. */
export interface Told {
  code: Code;
  message: string;
  hint?: string | undefined;
  /** What the problem is about, below the value that the error is about: the key of a mapping, or the item of a list. */
  below?: string | number;
  /** The problem is about the key that leads to it. */
  atKey?: boolean;
}

type Teller = (explained: Explained, where: string, secret: boolean) => Told;

/** By the keyword of the schema. The codes are listed in docs/problems.md. */
const tellers: Readonly<Record<string, Teller>> = {
  additionalProperties: (explained) => (explained.besides?.length ? exclusiveKey(explained) : unknownKey(explained)),
  required: missingKey,
  dependencies: missingPartner,
  type: wrongType,
  enum: notAllowed,
  const: notAllowed,
  format: badFormat,
  pattern: ({ error, schema }, where) => ({
    code: "pattern",
    message: `${where} does not have the form that is asked for`,
    hint: example(schema) ?? `it has to match the regular expression ${shown(error.params["pattern"])}`,
  }),
  minimum: limit("too-small", "has to be at least"),
  exclusiveMinimum: limit("too-small", "has to be more than"),
  maximum: limit("too-large", "has to be at most"),
  exclusiveMaximum: limit("too-large", "has to be less than"),
  multipleOf: ({ error }, where) => ({
    code: "not-a-multiple",
    message: `${where} has to be a multiple of ${error.params["multipleOf"]}`,
  }),
  minLength: limit("too-short", "has to have at least", "character"),
  maxLength: limit("too-long", "may have at most", "character"),
  minItems: limit("too-few", "has to have at least", "entry"),
  maxItems: limit("too-many", "may have at most", "entry"),
  additionalItems: (explained, where, secret) => ({
    ...limit("too-many", "may have at most", "entry")(explained, where, secret),
    below: Number(explained.error.params["limit"]),
  }),
  minProperties: limit("too-few", "has to have at least", "key"),
  maxProperties: limit("too-many", "may have at most", "key"),
  contains: (_, where) => ({ code: "too-few", message: `${where} lacks an entry that has to be in it` }),
  uniqueItems: repeatedItem,
  propertyNames: ({ error }, where) => {
    const key = String(error.params["propertyName"]);
    return { code: "bad-key", message: `${shown(key)} is not allowed as a key of ${where}`, below: key, atKey: true };
  },
  not: (_, where) => ({ code: "forbidden", message: `${where} has a form that is not allowed` }),
  "false schema": (_, where) => ({ code: "forbidden", message: `${where} is not allowed here`, atKey: true }),
  oneOf: (explained, where) =>
    explained.besides?.length
      ? exclusiveKey(explained)
      : { code: "several-alternatives", message: `${where} fits several alternatives, but only one is allowed` },
  anyOf: (_, where) => ({ code: "no-alternative", message: `${where} fits none of the alternatives that are allowed` }),
};

/** Tells what is wrong. The value is not quoted when it is a `secret`. */
export function tell(explained: Explained, secret: boolean): Told {
  const where = place(explained.error.instancePath);
  const teller = tellers[explained.error.keyword];
  return teller?.(explained, where, secret) ?? { code: "invalid", message: `${where} is not valid` };
}

/** A JSON pointer as people write it, such as `ntp.servers[0]`. */
function place(pointer: string): string {
  const path = pointerParts(pointer).map((part, index) => {
    if (/^\d+$/.test(part) && index > 0) return `[${part}]`;
    const name = escapeControls(part.length > 40 ? `${part.slice(0, 39)}…` : part);
    return index === 0 ? name : `.${name}`;
  });
  return path.length === 0 ? "the document" : `\`${path.join("")}\``;
}

function unknownKey({ error, schema, alternatives = [] }: Explained): Told {
  const key = String(error.params["additionalProperty"]);
  const schemas = [schema, ...alternatives.map((each) => each.schema)];
  const known = [...new Set(schemas.flatMap((each) => Object.keys(mapping(each?.["properties"]))))].sort();
  const near = suggest(key, known);
  return {
    code: "unknown-key",
    message: `${shown(key)} is not a known key here`,
    hint: near === undefined ? choice("known here:", known) : `did you mean ${shown(near)}?`,
    below: key,
    atKey: true,
  };
}

/** The last of the keys that cannot stand together is the one to point at. */
function exclusiveKey({ error, besides = [] }: Explained): Told {
  const unknown = error.params["additionalProperty"];
  const keys = typeof unknown === "string" ? [...besides, unknown] : besides;
  const key = keys.at(-1) ?? "";
  const others = keys.slice(0, -1).map(shown).join(", ");
  return {
    code: "exclusive-keys",
    message: `${shown(key)} cannot stand beside ${others}`,
    hint: "keep only one of them",
    below: key,
    atKey: true,
  };
}

function missingKey({ error, alternatives = [] }: Explained, where: string): Told {
  const missing = [error, ...alternatives.map((each) => each.error)].map((each) =>
    String(each.params["missingProperty"]),
  );
  const keys = [...new Set(missing)];
  const message =
    keys.length === 1
      ? `the key ${keys.map(shown).join()} is missing in ${where}`
      : `one of the keys ${keys.map(shown).join(", ")} is missing in ${where}`;
  return { code: "missing-key", message, atKey: true };
}

function missingPartner({ error }: Explained, where: string): Told {
  const key = String(error.params["property"]);
  const message = `the key ${shown(error.params["missingProperty"])} is missing in ${where}: ${shown(key)} needs it`;
  return { code: "missing-key", message, below: key, atKey: true };
}

function wrongType({ error, value, alternatives = [] }: Explained, where: string): Told {
  const errors = [error, ...alternatives.map((each) => each.error)];
  const asked = [
    ...new Set(errors.flatMap(({ params: { type } }) => (Array.isArray(type) ? type : [type])).map(String)),
  ];
  const names = asked.map((type) => typeNames[type] ?? type);
  return {
    code: "wrong-type",
    message: `${where} has to be ${names.join(" or ")}, but ${described(value)}`,
    hint: typeHint(asked, value),
  };
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  array: "a list",
  null: "empty",
};

function described(value: unknown): string {
  if (value === null) return "it has no value";
  if (typeof value === "number" && !Number.isFinite(value)) return "it is not finite";
  return `it is ${typeNames[Array.isArray(value) ? "array" : typeof value]}`;
}

function typeHint(asked: readonly string[], value: unknown): string | undefined {
  if (typeof value === "string") {
    const isNumber = value.trim() !== "" && Number.isFinite(Number(value));
    if (isNumber && asked.some((type) => type === "number" || type === "integer")) return "remove the quotes";
    if (!asked.includes("boolean")) return undefined;
    if (value === "true" || value === "false") return "remove the quotes";
    return /^(yes|no|on|off|y|n)$/i.test(value) ? "in YAML 1.2 this is text: write true or false" : undefined;
  }
  if (!asked.includes("string") || (typeof value !== "number" && typeof value !== "boolean")) return undefined;
  return "put it between quotes";
}

function notAllowed({ error, value, alternatives = [] }: Explained, where: string, secret: boolean): Told {
  const errors = [error, ...alternatives.map((each) => each.error)];
  const allowed = errors.flatMap(({ params }) =>
    "allowedValue" in params ? [params["allowedValue"]] : list(params["allowedValues"]),
  );
  const names = [...new Set(allowed.map((each) => (typeof each === "string" ? each : JSON.stringify(each))))];
  const near = typeof value === "string" && !secret ? suggest(value, names) : undefined;
  const isScalar = typeof value !== "object" || value === null;
  return {
    code: "not-in-enum",
    message: secret || !isScalar ? `${where} is none of the allowed values` : `${where} may not be ${shown(value)}`,
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

function badFormat({ error, schema }: Explained, where: string): Told {
  const format = String(error.params["format"]);
  const [name = format, sample] = formatNames[format]?.split(", ") ?? [`of the format ${shown(format)}`];
  return { code: "bad-format", message: `${where} is not ${name}`, hint: example(schema) ?? sample };
}

/** A teller for keywords that compare with a number; `unit` is what is counted. */
function limit(code: Code, relation: string, unit?: string): Teller {
  return ({ error }, where) => {
    const bound = Number(error.params["limit"]);
    const counted = unit === undefined ? "" : ` ${bound === 1 ? unit : (plurals[unit] ?? `${unit}s`)}`;
    return { code, message: `${where} ${relation} ${bound}${counted}` };
  };
}

const plurals: Readonly<Record<string, string>> = { entry: "entries" };

function repeatedItem({ error: { params } }: Explained, where: string): Told {
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
