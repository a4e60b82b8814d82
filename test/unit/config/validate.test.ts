import { describe, expect, test } from "vitest";
import { compileValidator } from "../../../src/config/compile-validator.ts";
import { createValidator } from "../../../src/config/generate-validators.ts";
import type { Problem } from "../../../src/config/problem.ts";
import type { JsonSchema } from "../../../src/config/schema.ts";
import { positionFindings, validateDocument } from "../../../src/config/validate.ts";
import type { Validator } from "../../../src/config/validator.ts";
import { parseYaml } from "../../../src/config/yaml.ts";

function problemsOf(schema: JsonSchema, text: string): Problem[] {
  const document = parseYaml(text, "f.yaml");
  return validateDocument(document, { schema, validator: createValidator(schema) });
}

/** `line:column-endColumn code pointer (hint)` */
function brief({ source, code, pointer, hint }: Problem): string {
  const advice = hint === undefined ? "" : ` (${hint})`;
  return `${source?.line}:${source?.column}-${source?.endColumn} ${code} ${pointer}`.trimEnd() + advice;
}

function check(schemaText: string, text: string): string[] {
  const schema = parseYaml(schemaText, "schema.yaml");
  expect(schema.problems).toEqual([]);
  return problemsOf(schema.value as JsonSchema, text).map(brief);
}

const closed = "additionalProperties: false";

describe("one rule", () => {
  test.each([
    [
      "an unknown key with a near one",
      `{${closed}, properties: {greeting: {}}}`,
      "greetng: x",
      ["1:1-8 unknown-key /greetng (did you mean `greeting`?)"],
    ],
    [
      "an unknown key without",
      `{${closed}, properties: {b: {}, a: {}}}`,
      "zzzz: x",
      ["1:1-5 unknown-key /zzzz (known keys: `a`, `b`)"],
    ],
    ["an unknown key where nothing is known", `{${closed}}`, "a: x", ["1:1-2 unknown-key /a"]],
    [
      "a key that a pattern allows",
      `{${closed}, patternProperties: {^p: {}}}`,
      "pa: 1\nqa: 2",
      ["2:1-3 unknown-key /qa"],
    ],
    [
      "an unknown key with special characters",
      `{properties: {a: {${closed}}}}`,
      "a: {b/c~d: 1}",
      ["1:5-10 unknown-key /a/b~1c~0d"],
    ],
    ["__proto__", `{${closed}}`, "__proto__: 1", ["1:1-10 unknown-key /__proto__"]],
    ["constructor", `{required: [constructor]}`, "{}", ["1:1-3 missing-key"]],
    ["a missing key of the document", "{required: [name]}", "# c\na: 1\n", ["2:1-2 missing-key"]],
    ["a missing key of a mapping", "{properties: {a: {required: [b]}}}", "\na:\n  c: 1\n", ["2:1-2 missing-key /a"]],
    [
      "a missing key of an item",
      "{items: {required: [b]}}",
      "- c: 1\n  d: 2\n- {}\n",
      ["1:3-4 missing-key /0", "2:3-5 missing-key /1"].map((each) => each.replace("2:3", "3:3")),
    ],
    ["a key that another needs", "{dependencies: {a: [b]}}", "c: 1\na: 1", ["2:1-2 missing-key /a"]],
    ["a schema that a key brings in", "{dependencies: {a: {required: [b]}}}", "a: 1", ["1:1-2 missing-key"]],
    ["a quoted number", "{properties: {a: {type: integer}}}", 'a: "3"', ["1:4-7 wrong-type /a (remove the quotes)"]],
    ["a quoted true", "{properties: {a: {type: boolean}}}", "a: 'true'", ["1:4-10 wrong-type /a (remove the quotes)"]],
    [
      "yes",
      "{properties: {a: {type: boolean}}}",
      "a: yes",
      ["1:4-7 wrong-type /a (in YAML 1.2 this is a string: write true or false)"],
    ],
    ["a text for a number", "{properties: {a: {type: number}}}", "a: x", ["1:4-5 wrong-type /a"]],
    ["a text for a boolean", "{properties: {a: {type: boolean}}}", "a: x", ["1:4-5 wrong-type /a"]],
    ["an empty text for a number", "{properties: {a: {type: number}}}", "a: ''", ["1:4-6 wrong-type /a"]],
    ["a number for text", "{properties: {a: {type: string}}}", "a: 1.10", ["1:4-8 wrong-type /a (put it in quotes)"]],
    ["a mapping for text", "{properties: {a: {type: string}}}", "a:\n  b: 1\n  c: 2", ["2:3-7 wrong-type /a"]],
    ["a fraction for a whole number", "{properties: {a: {type: integer}}}", "a: 1.5", ["1:4-7 wrong-type /a"]],
    ["infinity for a number", "{properties: {a: {type: number}}}", "a: .inf", ["1:4-8 wrong-type /a"]],
    ["nothing for a list", "{properties: {a: {type: array}}}", "b: 1\na:\n", ["2:1-2 wrong-type /a"]],
    ["one of several types", "{properties: {a: {type: [string, 'null']}}}", "a: [1]", ["1:4-7 wrong-type /a"]],
    [
      "a wrong type hides what follows from it",
      "{properties: {a: {type: string, enum: [b]}}}",
      "a: 1",
      ["1:4-5 wrong-type /a (put it in quotes)"],
    ],
    [
      "not in enum, a near one",
      "{properties: {a: {enum: [netplan, eni]}}}",
      "a: netpaln",
      ["1:4-11 not-in-enum /a (did you mean `netplan`?)"],
    ],
    [
      "not in enum",
      "{properties: {a: {enum: [b, 1, null]}}}",
      "a: zzz",
      ["1:4-7 not-in-enum /a (allowed: `b`, `1`, `null`)"],
    ],
    [
      "a mapping that is not in enum",
      "{properties: {a: {enum: [b]}}}",
      "a: {s: 1}",
      ["1:4-10 not-in-enum /a (allowed: `b`)"],
    ],
    [
      "many allowed values are cut",
      `{enum: [${Array.from({ length: 20 }, (_, index) => 100 + index)}]}`,
      "5",
      [
        "1:1-2 not-in-enum (allowed: `100`, `101`, `102`, `103`, `104`, `105`, `106`, `107`, `108`, `109`, `110`, `111`, …)",
      ],
    ],
    [
      "not the constant",
      "{properties: {a: {const: {b: 1}}}}",
      "a: {b: 2}",
      ['1:4-10 not-in-enum /a (allowed: `{"b":1}`)'],
    ],
    [
      "a format",
      "{properties: {a: {format: uri}}}",
      "a: x y",
      ["1:4-7 bad-format /a (such as https://www.example.org:8443/path)"],
    ],
    [
      "a format with an example in the schema",
      "{properties: {a: {format: hostname, examples: [node1]}}}",
      "a: _",
      ["1:4-5 bad-format /a (for example `node1`)"],
    ],
    [
      "a format without a name of its own",
      "{properties: {a: {format: json-pointer}}}",
      "a: x",
      ["1:4-5 bad-format /a"],
    ],
    [
      "a pattern",
      "{properties: {a: {pattern: '^b$'}}}",
      "a: x",
      ["1:4-5 pattern /a (it must match the regular expression `^b$`)"],
    ],
    [
      "a pattern with an example",
      "{properties: {a: {pattern: '^b$', examples: [b]}}}",
      "a: x",
      ["1:4-5 pattern /a (for example `b`)"],
    ],
    ["minimum", "{properties: {a: {minimum: 1}}}", "a: 0", ["1:4-5 too-small /a"]],
    ["exclusiveMinimum", "{properties: {a: {exclusiveMinimum: 1}}}", "a: 1", ["1:4-5 too-small /a"]],
    ["maximum", "{properties: {a: {maximum: 1}}}", "a: 2", ["1:4-5 too-large /a"]],
    ["exclusiveMaximum", "{properties: {a: {exclusiveMaximum: 1}}}", "a: 1", ["1:4-5 too-large /a"]],
    ["multipleOf", "{properties: {a: {multipleOf: 2}}}", "a: 3", ["1:4-5 not-a-multiple /a"]],
    ["minLength counts characters", "{properties: {a: {minLength: 2}}}", "a: 😀", ["1:4-5 too-short /a"]],
    ["maxLength", "{properties: {a: {maxLength: 1}}}", "a: bc", ["1:4-6 too-long /a"]],
    ["minItems", "{properties: {a: {minItems: 1}}}", "a: []", ["1:4-6 too-few /a"]],
    ["maxItems", "{properties: {a: {maxItems: 1}}}", "a: [1, 2]", ["1:4-10 too-many /a"]],
    [
      "additionalItems",
      "{properties: {a: {items: [{}], additionalItems: false}}}",
      "a: [1, 2, 3]",
      ["1:8-9 too-many /a/1"],
    ],
    ["minProperties", "{properties: {a: {minProperties: 1}}}", "a: {}", ["1:4-6 too-few /a"]],
    ["maxProperties", "{properties: {a: {maxProperties: 1}}}", "a: {b: 1, c: 2}", ["1:4-16 too-many /a"]],
    ["contains", "{properties: {a: {contains: {type: string}}}}", "a: [1, 2]", ["1:4-10 too-few /a"]],
    [
      "uniqueItems",
      "{properties: {a: {uniqueItems: true}}}",
      "a: [{b: 1}, 2, {b: 1}]",
      ["1:16-22 not-unique /a/2 (remove one of them)"],
    ],
    [
      "propertyNames",
      "{properties: {a: {propertyNames: {pattern: '^[a-z]+$', maxLength: 3}}}}",
      "a: {ab: 1, A-B-C: 2, D: 3}",
      ["1:12-17 bad-key /a/A-B-C", "1:22-23 bad-key /a/D"],
    ],
    ["not", "{properties: {a: {not: {const: b}}}}", "a: b", ["1:4-5 forbidden /a"]],
    ["a key that is never allowed", "{properties: {a: false}}", "a: b", ["1:1-2 forbidden /a"]],
    [
      "if and then",
      "{if: {properties: {a: {const: 1}}}, then: {required: [b]}, else: {required: [c]}}",
      "a: 1",
      ["1:1-2 missing-key"],
    ],
    [
      "if and else",
      "{if: {properties: {a: {const: 1}}}, then: {required: [b]}, else: {properties: {a: {type: string}}}}",
      "a: 2",
      ["1:4-5 wrong-type /a (put it in quotes)"],
    ],
    ["the same rule twice is told once", "{allOf: [{required: [a]}, {required: [a]}]}", "b: 1", ["1:1-2 missing-key"]],
    [
      "items by place",
      "{properties: {a: {items: [{type: string}, {type: integer}]}}}",
      "a: [1, b]",
      ["1:5-6 wrong-type /a/0 (put it in quotes)", "1:8-9 wrong-type /a/1"],
    ],
    [
      "through references",
      "{properties: {a: {$ref: '#/definitions/l'}}, definitions: {l: {items: {$ref: '#/definitions/m'}}, m: {additionalProperties: false, properties: {server: {}, m: {$ref: '#/definitions/m'}}}}}",
      "a:\n- servr: 1\n- m: {m: {sever: 1}}",
      [
        "2:3-8 unknown-key /a/0/servr (did you mean `server`?)",
        "3:11-16 unknown-key /a/1/m/m/sever (did you mean `server`?)",
      ],
    ],
    [
      "what a merge key brings in is told where it stands",
      `{properties: {a: {${closed}}, b: {}}}`,
      "b: &b\n  c: 1\na:\n  <<: *b\n",
      ["2:3-4 unknown-key /a/c"],
    ],
    [
      "an alias of the wrong type is told where it stands",
      "{properties: {a: {type: string}, b: {}}}",
      "b: &b 1\na: *b\n",
      ["2:4-6 wrong-type /a (put it in quotes)"],
    ],
  ])("%s", (_, schema, text, expected) => {
    expect(check(schema, text)).toEqual(expected);
  });
});

describe("alternatives", () => {
  const checks = `
properties:
  checks:
    items:
      oneOf:
      - {type: object, ${closed}, required: [http], properties: {http: {type: string, format: uri}, tries: {type: integer, minimum: 1}, timeout: {type: number}}}
      - {$ref: '#/definitions/tcp'}
      - {type: object, ${closed}, required: [dns], properties: {dns: {type: string}, tries: {type: integer, minimum: 1}}}
definitions:
  tcp: {type: object, ${closed}, required: [tcp], properties: {tcp: {type: string}, tries: {type: integer, minimum: 1}}}
`;

  test.each([
    [
      "a key of one of them that is misspelt",
      "- htp: http://x",
      ["2:3-6 missing-key /checks/0", "2:3-6 unknown-key /checks/0/htp (did you mean `http`?)"],
    ],
    [
      "a key of the last of them that is misspelt",
      "- {dnss: a, tries: 1}",
      ["2:4-8 missing-key /checks/0", "2:4-8 unknown-key /checks/0/dnss (did you mean `dns`?)"],
    ],
    [
      "the one that is meant is checked",
      "- {tcp: 1, tries: 0}",
      ["2:9-10 wrong-type /checks/0/tcp (put it in quotes)", "2:19-20 too-small /checks/0/tries"],
    ],
    [
      "two at once",
      "- {http: 'http://x', tries: 1, tcp: 'a:1'}",
      ["2:32-35 exclusive-keys /checks/0/tcp (keep only one of them)"],
    ],
    [
      "a key of another one",
      "- {tcp: 'a:1', timeout: 1}",
      ["2:16-23 exclusive-keys /checks/0/timeout (keep only one of them)"],
    ],
    ["none", "- {tries: 1}", ["2:4-9 missing-key /checks/0"]],
    [
      "none, and an unknown key",
      "- {zzzzz: 1}",
      [
        "2:4-9 missing-key /checks/0",
        "2:4-9 unknown-key /checks/0/zzzzz (known keys: `dns`, `http`, `tcp`, `timeout`, `tries`)",
      ],
    ],
    ["the wrong type for all", "- 5", ["2:3-4 wrong-type /checks/0"]],
  ])("%s", (_, item, expected) => {
    expect(check(checks, `checks:\n${item}\n`)).toEqual(expected);
  });

  test("one of several keys is asked for by all their names", () => {
    const schema = parseYaml(checks, "s").value as JsonSchema;
    const [problem] = problemsOf(schema, "checks: [{}]");
    expect(problem?.message).toBe("missing one of the keys `http`, `tcp`, `dns` in `checks[0]`");
  });

  test.each([
    [
      "a choice by a key such as kind",
      "{oneOf: [{properties: {kind: {const: a}, x: {type: string}}}, {properties: {kind: {const: b}, y: {type: string}}}]}",
      "kind: b\ny: 1\n",
      ["2:4-5 wrong-type /y (put it in quotes)"],
    ],
    [
      "no such kind",
      "{oneOf: [{properties: {kind: {const: a}}}, {properties: {kind: {const: b}}}]}",
      "kind: c\n",
      ["1:7-8 not-in-enum /kind (allowed: `a`, `b`)"],
    ],
    ["text or number", "{anyOf: [{type: string}, {type: number}]}", "[]", ["1:1-3 wrong-type"]],
    [
      "the right type goes before the right value",
      "{anyOf: [{type: string, enum: [b]}, {type: number}]}",
      "c",
      ["1:1-2 not-in-enum (allowed: `b`)"],
    ],
    [
      "required alone: both",
      "{oneOf: [{required: [a]}, {required: [b]}]}",
      "a: 1\nc: 1\nb: 2\n",
      ["3:1-2 exclusive-keys /b (keep only one of them)"],
    ],
    ["required alone: neither", "{oneOf: [{required: [a]}, {required: [b]}]}", "c: 1\n", ["1:1-2 missing-key"]],
    [
      "several fit, and no key says why",
      "{oneOf: [{type: integer}, {minimum: 1}]}",
      "5",
      ["1:1-2 several-alternatives"],
    ],
    [
      "one within another",
      "{anyOf: [{type: string}, {properties: {a: {oneOf: [{type: integer}, {type: boolean}]}}, required: [a]}]}",
      "a: x",
      ["1:4-5 wrong-type /a"],
    ],
    [
      "errors beside the alternatives are kept",
      "{properties: {a: {type: string}}, anyOf: [{required: [b]}, {required: [c]}]}",
      "a: 1",
      ["1:1-2 missing-key", "1:4-5 wrong-type /a (put it in quotes)"],
    ],
    [
      "alternatives that hold beside some that do not",
      "{allOf: [{anyOf: [{required: [a]}, {required: [z]}]}, {anyOf: [{required: [b]}, {required: [c]}]}]}",
      "a: 1",
      ["1:1-2 missing-key"],
    ],
    ["an alternative that is never allowed", "{anyOf: [false, {required: [b]}]}", "a: 1", ["1:1-2 missing-key"]],
    ["nothing is allowed", "{anyOf: [false, false]}", "a", ["1:1-2 forbidden"]],
  ])("%s", (_, schema, text, expected) => {
    expect(check(schema, text)).toEqual(expected);
  });
});

describe("messages", () => {
  test.each([
    ["{additionalProperties: false, properties: {greeting: {}}}", "greetng: x", "unknown key `greetng`"],
    ["{required: [name]}", "{}", "missing key `name`"],
    [
      "{properties: {a: {items: {properties: {b-c: {type: string}}}}}}",
      "a: [{}, {b-c: 5}]",
      "`a[1].b-c` must be a string, not a number",
    ],
    ["{type: [integer, boolean]}", "~", "the document must be an integer or true or false, but has no value"],
    ["{type: number}", ".nan", "the document must be a number, but is not finite"],
    [
      "{properties: {a: {anyOf: [{type: integer}, {anyOf: [{type: string}, {type: boolean}]}]}}}",
      "a: []",
      "`a` must be an integer or a string or true or false, not a list",
    ],
    ["{minItems: 2}", "[]", "the document must have at least 2 entries"],
    ["{maxLength: 1}", "ab", "the document must have at most 1 character"],
    ["{properties: {a: {enum: [b]}}}", `a: ${"x".repeat(500)}`, `\`${"x".repeat(59)}…\` is not allowed for \`a\``],
    ["{properties: {a: {enum: [b]}}}", 'a: "\\e[31m\\n"', "`\\u001b[31m\\n` is not allowed for `a`"],
    ["{additionalProperties: false}", `${"k".repeat(100)}: 1`, `unknown key \`${"k".repeat(59)}…\``],
    [
      `{additionalProperties: {type: string}}`,
      `"${"k".repeat(50)}\\e": 1`,
      `\`${"k".repeat(39)}…\` must be a string, not a number`,
    ],
    ["{properties: {a: {format: uri}}}", "a: x", "`a` is not a URI"],
    ["{uniqueItems: true}", "[5, 6, 5]", "entry 3 of the document is the same as entry 1"],
  ])("%s with %s", (schema, text, message) => {
    const [problem] = problemsOf(parseYaml(schema, "s").value as JsonSchema, text);
    expect(problem?.message).toBe(message);
  });

  test("no message quotes what the schema marks as a secret", () => {
    const rules: JsonSchema[] = [
      { type: "integer" },
      { enum: ["S3cre"] },
      { const: "other" },
      { format: "uri" },
      { pattern: "^z$" },
      { maxLength: 1 },
      { minLength: 100 },
      { not: {} },
      { anyOf: [{ const: "a" }, { const: "b" }] },
      { oneOf: [{ minLength: 1 }, { minLength: 2 }] },
    ];
    for (const rule of rules) {
      const schema: JsonSchema = { properties: { a: { items: { ...(rule as object), "x-kanod-secret": true } } } };
      for (const value of ["S3cret", "123.456", "yes"]) {
        const problems = problemsOf(schema, `a: ["${value}"]`);
        expect(problems.length).toBeGreaterThan(0);
        for (const { message, hint } of problems) expect(`${message} ${hint}`).not.toContain(value);
      }
    }
    const numbers: JsonSchema = { properties: { a: { type: "string", "x-kanod-secret": true } } };
    expect(JSON.stringify(problemsOf(numbers, "a: 123456"))).not.toContain("123456");
  });

  test("a value that is no secret is quoted in the same place", () => {
    expect(problemsOf({ properties: { a: { enum: ["b"] } } }, "a: S3cret")[0]?.message).toContain("S3cret");
  });
});

describe("validateDocument", () => {
  test("a valid document has no problems, one that was not read has none of this kind", () => {
    expect(problemsOf({ type: "object" }, "a: 1")).toEqual([]);
    expect(problemsOf({ type: "object" }, "a: [")).toEqual([]);
  });

  test("a document with a duplicate key is checked all the same", () => {
    expect(problemsOf({ additionalProperties: false }, "a: 1\na: 2").map(brief)).toEqual(["1:1-2 unknown-key /a"]);
  });

  test("problems are sorted by position, not by rule", () => {
    const schema = { additionalProperties: false, properties: { b: { type: "string" }, d: { type: "string" } } };
    expect(problemsOf(schema, "d: 1\nc: 1\nb: 1\na: 1\n").map(({ source }) => source?.line)).toEqual([1, 2, 3, 4]);
  });

  test("a validator of another schema hides nothing", () => {
    const document = parseYaml("a: 1", "f");
    const validator = createValidator({
      anyOf: [{ required: ["b"] }, { required: ["c"] }],
      oneOf: [{ minProperties: 2 }],
    });
    const codes = validateDocument(document, { schema: true, validator }).map(({ code }) => code);
    expect(codes).toContain("no-alternative");
    expect(codes).toContain("missing-key");
    const withUnknownKeyword: Validator = () => false;
    withUnknownKeyword.errors = [{ keyword: "own", instancePath: "/a", schemaPath: "#/own", params: {} }];
    expect(validateDocument(document, { schema: {}, validator: withUnknownKeyword }).map(brief)).toEqual([
      "1:4-5 invalid /a",
    ]);
  });

  test("many errors take no quadratic time", () => {
    const text = `a: [${"x, ".repeat(20_000)}]`;
    const schema = { properties: { a: { items: { type: "integer" } } } };
    expect(problemsOf(schema, text)).toHaveLength(20_000);
  });
});

test("findings get their position, each once", () => {
  const document = parseYaml("a:\n  b: 1\n", "f");
  const finding = { severity: "warning", code: "c", pointer: "/a/b", message: "m", hint: "h" } as const;
  const problems = positionFindings(document, [finding, { ...finding, pointer: "/a", atKey: true }, finding]);
  expect(problems).toEqual([
    {
      severity: "warning",
      code: "c",
      pointer: "/a",
      message: "m",
      hint: "h",
      source: { file: "f", line: 1, column: 1, endColumn: 2 },
    },
    {
      severity: "warning",
      code: "c",
      pointer: "/a/b",
      message: "m",
      hint: "h",
      source: { file: "f", line: 2, column: 6, endColumn: 7 },
    },
  ]);
});

test("an error that no part of the schema explains has the value from the document", async () => {
  const validator = await compileValidator({ properties: { a: { type: ["integer", "string"] } } });
  const [problem] = validateDocument(parseYaml("a: []", "f"), { schema: {}, validator });
  expect(problem?.message).toBe("`a` must be an integer or a string, not a list");
});
