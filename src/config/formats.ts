import { fullFormats } from "ajv-formats/dist/formats.js";

const day = "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|[12]\\d))";
const date = `\\d{4}-${day}`;
const time = "(?:(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d|23:59:60)(?:\\.\\d+)?(?:z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)";
const uriCharacters = "(?:[a-z0-9\\-._~:/?#[\\]@!$&'()*+,;=]|%[0-9a-f]{2})";

const taken = [
  "duration",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "json-pointer",
  "json-pointer-uri-fragment",
  "relative-json-pointer",
  "uri-reference",
  "uri-template",
  "uuid",
] as const;

/**
 * The formats that a schema may ask for. Each is one regular expression, so that the validators which are generated
 * for the machine hold all they need and import nothing. (date: a 29th of February is valid in every year. uri: scheme
 * and characters as in RFC 3986, and something behind `://`. idn-hostname: a letter or digit of any script at each end of a label.
 * iri: no white space, quotes or brackets. regex: any text.)
 */
export const formats: ReadonlyMap<string, RegExp> = new Map([
  ...taken.map((name): [string, RegExp] => [name, expression(name, fullFormats[name])]),
  ["date", new RegExp(`^${date}$`)],
  ["time", new RegExp(`^${time}$`, "i")],
  ["date-time", new RegExp(`^${date}[t ]${time}$`, "i")],
  ["idn-email", /^[^\p{Cc}\s@]+@[^\p{Cc}\s@]+$/u],
  [
    "idn-hostname",
    /^(?=.{1,253}$)[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?(?:[.\u3002][\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?)*$/u,
  ],
  ["iri", /^[a-z][a-z0-9+.-]*:[^\p{Cc}\s<>"{}|\\^`]+$/iu],
  ["iri-reference", /^[^\p{Cc}\s<>"{}|\\^`]*$/u],
  ["regex", /^/],
  ["uri", new RegExp(`^[a-z][a-z0-9+.-]*:(?!//$)${uriCharacters}+$`, "i")],
]);

function expression(name: string, format: unknown): RegExp {
  if (format instanceof RegExp) return format;
  throw new Error(`the format ${name} of ajv-formats is no regular expression`);
}
