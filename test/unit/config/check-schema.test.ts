import { describe, expect, test } from "vitest";
import { checkSchema } from "../../../src/config/check-schema.ts";
import { createValidator } from "../../../src/config/generate-validators.ts";
import { hasErrors } from "../../../src/config/problem.ts";
import type { JsonSchema } from "../../../src/config/schema.ts";
import { parseYaml } from "../../../src/config/yaml.ts";
import { corpusFiles, hasCorpus } from "../../support/corpus.ts";

function check(text: string, file = "schema.yaml"): string[] {
  const document = parseYaml(text, file);
  expect(document.problems).toEqual([]);
  return checkSchema(document.value, document.locate).map(({ severity, code, pointer, hint, source }) =>
    [`${source?.line}:${source?.column}-${source?.endColumn}`, severity, code, pointer, hint && `(${hint})`]
      .filter(Boolean)
      .join(" "),
  );
}

test.each([
  [
    "a schema with all that is allowed",
    "{type: object, description: d, x-other: 1, x-kanod-secret: true, properties: {a: {format: uri, pattern: a}}, examples: [1]}",
    [],
  ],
  ["no schema", "- a", ["1:1-4 error bad-schema"]],
  [
    "a type that is misspelt",
    "{properties: {a: {type: strin}}}",
    ["1:25-30 error bad-schema /properties/a/type (did you mean `string`?)"],
  ],
  ["a keyword of the wrong type", "{required: name}", ["1:12-16 error bad-schema /required"]],
  [
    "an unknown keyword with a near one",
    "{properties: {a: {desription: d}}}",
    ["1:19-29 warning unknown-keyword /properties/a/desription (did you mean `description`?)"],
  ],
  ["an unknown keyword without", "{wibble: 1}", ["1:2-8 warning unknown-keyword /wibble"]],
  [
    "keywords of ours",
    "{x-kanod-secrt: true}",
    ["1:2-15 warning unknown-keyword /x-kanod-secrt (did you mean `x-kanod-secret`?)"],
  ],
  ["a mark that is neither true nor false", "{x-kanod-secret: 'true'}", ["1:18-24 error bad-schema /x-kanod-secret"]],
  ["a property is no keyword", "{properties: {wibble: {}}, definitions: {wobble: {}}, dependencies: {x: [y]}}", []],
  [
    "an unknown format with a near one",
    "{items: [{format: hostnam}]}",
    ["1:19-26 error unknown-format /items/0/format (did you mean `hostname`?)"],
  ],
  [
    "an unknown format without",
    "{format: zzzzzzzz}",
    [
      "1:10-18 error unknown-format /format (known: date, date-time, duration, email, hostname, ipv4, ipv6, json-pointer, json-pointer-uri-fragment, relative-json-pointer, time, uri, uri-reference, uri-template, uuid)",
    ],
  ],
  [
    "a dangling reference with a near definition",
    "{items: {$ref: '#/definitions/ab'}, definitions: {abc: {}}}",
    ["1:16-34 error dangling-ref /items/$ref (did you mean `#/definitions/abc`?)"],
  ],
  ["a dangling reference", "{anyOf: [{$ref: '#/definitions/lvm'}]}", ["1:17-36 error dangling-ref /anyOf/0/$ref"]],
  [
    "a reference to elsewhere",
    "{$ref: 'http://example.org/s'}",
    ["1:8-30 error dangling-ref /$ref (only references `#/…` are followed)"],
  ],
  [
    "a reference to itself",
    "{properties: {a: {$ref: '#/properties/a'}}}",
    ["1:25-41 error circular-ref /properties/a/$ref"],
  ],
  [
    "a circle through allOf",
    "{definitions: {a: {allOf: [{$ref: '#/definitions/b'}]}, b: {$ref: '#/definitions/a'}}, $ref: '#/definitions/b'}",
    ["1:94-111 error circular-ref /$ref"],
  ],
  [
    "recursion that goes down into the data",
    "{definitions: {a: {properties: {b: {$ref: '#/definitions/a'}}}}, $ref: '#/definitions/a', items: {$ref: '#'}}",
    [],
  ],
  ["a broken pattern", "{pattern: 'a('}", ["1:11-15 error bad-pattern /pattern"]],
  ["a needless escape, which the flag u refuses", "{pattern: '\\-'}", ["1:11-15 error bad-pattern /pattern"]],
  ["a broken pattern of keys", "{patternProperties: {'(': {}}}", ["1:22-25 error bad-pattern /patternProperties/("]],
])("%s", (_, text, expected) => {
  expect(check(text)).toEqual(expected);
});

test("without a place the pointer says where", () => {
  expect(checkSchema({ format: "x" })).toEqual([
    expect.objectContaining({ code: "unknown-format", pointer: "/format" }),
  ]);
  expect(checkSchema({ format: "x" })[0]).not.toHaveProperty("source");
});

test.each([
  "{properties: {a: {format: uri, pattern: '[a-z]'}}, items: [{}], additionalItems: false}",
  "true",
  "{if: {}, then: {}, else: false}",
])("a schema without errors can be compiled: %s", (text) => {
  const { value, locate } = parseYaml(text, "s");
  expect(hasErrors(checkSchema(value, locate))).toBe(false);
  expect(() => createValidator(value as JsonSchema)).not.toThrow();
});

describe.skipIf(!hasCorpus)("public schemas", () => {
  const expected: Record<string, string[]> = {
    klvm: ["24:17-47 error dangling-ref /definitions/boot_definition/properties/lvm/items/$ref"],
    "kanod-configure": ["150:11-48 error dangling-ref /properties/admin/$ref"],
    containers: [
      "97:9-19 warning unknown-keyword /definitions/registry_server_definition/properties/insecure/desription (did you mean `description`?)",
    ],
  };

  test.each(corpusFiles("kanod-image-builder/**/schema*.yaml"))("$name", ({ name, text }) => {
    expect(check(text, name)).toEqual(expected[name.split("/").at(-2) ?? ""] ?? []);
  });
});
