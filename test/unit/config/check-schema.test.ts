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
      "1:10-18 error unknown-format /format (known: date, date-time, duration, email, hostname, idn-email, idn-hostname, ipv4, ipv6, iri, iri-reference, json-pointer, json-pointer-uri-fragment, regex, relative-json-pointer, time, uri, uri-reference, uri-template, uuid)",
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

test.each([
  ["prefixItems", "{prefixItems: [{}]}", "2020-12"],
  ["$defs", "{$defs: {a: {}}}", "2019-09"],
  ["unevaluatedProperties", "{unevaluatedProperties: false}", "2019-09"],
])("%s is an error that says which draft is read", (keyword, text, draft) => {
  const [problem, ...others] = checkSchema(parseYaml(text, "s").value);
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ severity: "error", code: "unknown-keyword", pointer: `/${keyword}` });
  expect(problem?.message).toMatch(new RegExp(`${draft}.*draft-07`));
});

test.each([
  ["draft-04's id", "{properties: {a: {id: foo, type: string}}}", { a: "x" }, true],
  ["nullable", "{properties: {a: {enum: [a], nullable: true}}}", { a: null }, false],
  ["nullable beside a type", "{properties: {a: {type: string, nullable: true}}}", { a: null }, false],
  ["$async", "{$async: true, properties: {a: {type: string}}}", { a: 1 }, false],
])("%s has no effect on the validator either", (_, text, document, verdict) => {
  const schema = parseYaml(text, "s").value as JsonSchema;
  expect(checkSchema(schema)).toEqual([expect.objectContaining({ severity: "warning", code: "unknown-keyword" })]);
  expect(createValidator(schema)(document)).toBe(verdict);
});

test.each([
  ["of the meta schema", "{$id: 'http://json-schema.org/draft-07/schema', type: object}"],
  ["twice the same", "{properties: {a: {$id: x.json}, b: {$id: x.json}}}"],
])("$id has no effect: %s", (_, text) => {
  const schema = parseYaml(text, "s").value as JsonSchema;
  expect(checkSchema(schema)).toEqual([]);
  expect(createValidator(schema)({})).toBe(true);
});

test("a reference within a schema that has an $id is an error", () => {
  const text = "{properties: {a: {$id: x.json, properties: {b: {$ref: '#/definitions/d'}}}}, definitions: {d: {}}}";
  expect(check(text)).toEqual([
    "1:55-72 error dangling-ref /properties/a/properties/b/$ref (remove this `$id`: references start at the root of the schema)",
  ]);
});

const closed = "additionalProperties: false, properties: {a: {type: string}}";

test.each([
  ["a required key", `{${closed}, required: [a, b]}`, "/required/1"],
  ["a key of dependencies", `{${closed}, dependencies: {b: [a]}}`, "/dependencies/b"],
  ["a key that dependencies demand", `{${closed}, dependencies: {a: [b]}}`, "/dependencies/a/0"],
  ["a property of a branch", `{${closed}, oneOf: [{properties: {b: {}}}, {}]}`, "/oneOf/0/properties/b"],
  ["a required key of then", `{${closed}, if: {required: [a]}, then: {required: [b]}}`, "/then/required/0"],
  ["a property that all branches refuse", `{properties: {b: {}}, anyOf: [{${closed}}, {${closed}}]}`, "/properties/b"],
  ["a required key that is forbidden", "{properties: {a: false}, required: [a]}", "/required/0"],
  [
    "a key that a definition demands",
    `{properties: {m: {${closed}, allOf: [{$ref: '#/definitions/d'}]}}, definitions: {d: {required: [b]}}}`,
    "/definitions/d/required/0",
  ],
  ["limits of a number", "{minimum: 10, maximum: 5}", "/maximum"],
  ["limits without a value between", "{exclusiveMinimum: 5, maximum: 5}", "/maximum"],
  ["limits of a length in two parts", "{minLength: 3, allOf: [{maxLength: 2}]}", "/allOf/0/maxLength"],
  ["limits of a list", "{minItems: 2, maxItems: 1}", "/maxItems"],
  ["two types", "{type: string, allOf: [{type: [integer, 'null']}]}", "/allOf/0/type"],
  ["values of another type", "{type: integer, enum: [a, 1.5]}", "/enum"],
  ["a constant of another type", "{type: [string, boolean], const: 1}", "/const"],
])("what no document can fulfil is an error that names the other place: %s", (_, text, pointer) => {
  const document = parseYaml(text, "s.yaml");
  const [problem, ...others] = checkSchema(document.value, document.locate);
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ severity: "error", code: "never-valid", pointer });
  expect(problem?.message).toMatch(/\(s\.yaml:1:\d+\)$/);
});

test.each([
  `{${closed}, not: {required: [b]}, patternProperties: {'^x': {}}, required: [x1]}`,
  "{required: [a], minimum: 5, maximum: 5, type: number, allOf: [{type: integer}], enum: [a, 5]}",
  `{oneOf: [{${closed}, required: [a]}, {properties: {b: {}}, required: [b]}], properties: {b: {}}}`,
  "{properties: {a: {}, b: false}, dependencies: {a: {properties: {b: false}}}}",
  "{definitions: {t: {properties: {k: {$ref: '#/definitions/t'}}}}, $ref: '#/definitions/t'}",
])("what some document fulfils is none: %s", (text) => {
  expect(check(text)).toEqual([]);
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
