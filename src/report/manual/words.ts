import { isSchemaObject, type JsonSchemaObject, list, mapping } from "../../config/schema.ts";

const yesOrNo = "`true` or `false`";

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "number",
  integer: "whole number",
  boolean: yesOrNo,
  object: "mapping",
  array: "list",
  null: "nothing",
};

const plurals: Readonly<Record<string, string>> = {
  text: "texts",
  number: "numbers",
  "whole number": "whole numbers",
  mapping: "mappings",
  list: "lists",
};

/** Enumerations with more values than this are not listed. */
const maxListed = 24;

/** What kind of value a schema asks for. `items` says it for the items of a list. */
export function typeName(keywords: JsonSchemaObject, items: string | undefined): string {
  const values = "const" in keywords ? [keywords["const"]] : list(keywords["enum"]);
  if (values.includes(true) && values.includes(false))
    return values.length === 2 ? yesOrNo : `${yesOrNo}, also in other words`;
  if (values.length > 0 && values.length <= maxListed) return values.map(code).join(", ");
  const types = Array.isArray(keywords["type"]) ? keywords["type"].map(String) : [String(keywords["type"] ?? "")];
  const names = types.map((type) => {
    const name = typeNames[type];
    if (name === undefined) return impliedType(keywords);
    return type === "array" && items !== undefined ? `list of ${plurals[items] ?? items}` : name;
  });
  return [...new Set(names)].join(" or ");
}

function impliedType(keywords: JsonSchemaObject): string {
  if (isSchemaObject(keywords["properties"]) || isSchemaObject(keywords["additionalProperties"])) return "mapping";
  if (keywords["items"] !== undefined) return "list";
  return "any value";
}

type Fact = (value: unknown, keywords: JsonSchemaObject) => string;

const formatNames: Readonly<Record<string, string>> = {
  hostname: "a host name",
  uri: "a URI",
  email: "an e-mail address",
  ipv4: "an IPv4 address",
  ipv6: "an IPv6 address",
  "date-time": "a date with time and zone",
  uuid: "a UUID",
};

/** By keyword, in the order of the text. */
const tellers: Readonly<Record<string, Fact>> = {
  format: (value) => formatNames[String(value)] ?? `in the format ${code(value)}`,
  // An example says more to people.
  pattern: (value, { examples }) => (list(examples).length > 0 ? "" : `matches ${code(value)}`),
  minimum: (value) => `at least ${value}`,
  exclusiveMinimum: (value) => `more than ${value}`,
  maximum: (value) => `at most ${value}`,
  exclusiveMaximum: (value) => `less than ${value}`,
  multipleOf: (value) => `a multiple of ${value}`,
  minLength: (value) => (value === 1 ? "not empty" : `at least ${value} characters`),
  maxLength: (value) => `at most ${value} characters`,
  minItems: (value) => counted("at least", value, "entry", "entries"),
  maxItems: (value) => counted("at most", value, "entry", "entries"),
  uniqueItems: (value) => (value === true ? "no entry twice" : ""),
  minProperties: (value) => counted("at least", value, "key", "keys"),
  maxProperties: (value) => counted("at most", value, "key", "keys"),
  oneOf: (value) => choice("exactly one of", value),
  anyOf: (value) => choice("at least one of", value),
  dependencies: (value) =>
    Object.entries(mapping(value))
      .filter(([, needed]) => Array.isArray(needed))
      .map(([key, needed]) => `${code(key)} needs ${list(needed).map(code).join(", ")}`)
      .join("; "),
};

/** What else holds for a value, in Markdown. */
export function facts(keywords: JsonSchemaObject): string[] {
  return Object.entries(tellers)
    .filter(([keyword]) => keyword in keywords)
    .map(([keyword, tell]) => tell(keywords[keyword], keywords))
    .filter((fact) => fact !== "");
}

function counted(relation: string, value: unknown, one: string, several: string): string {
  return `${relation} ${value} ${value === 1 ? one : several}`;
}

/** Alternatives that only differ in the keys they ask for. */
function choice(relation: string, value: unknown): string {
  const demands = list(value).map((each) => (isSchemaObject(each) ? list(each["required"]) : []));
  const differ = demands.length > 1 && demands.every((each) => each.length > 0);
  return differ ? `${relation} ${demands.map((keys) => keys.map(code).join(" with ")).join(", ")}` : "";
}

/** A value between backticks. */
export function code(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const fence = text.includes("`") ? "``" : "`";
  const space = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${space}${text}${space}${fence}`;
}
