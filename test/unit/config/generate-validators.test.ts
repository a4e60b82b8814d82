import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { compileValidator } from "../../../src/config/compile-validator.ts";
import { formats } from "../../../src/config/formats.ts";
import { createMetaValidator, createValidator, generateValidators } from "../../../src/config/generate-validators.ts";
import type { JsonSchema } from "../../../src/config/schema.ts";
import type { Validator } from "../../../src/config/validator.ts";

const folder = mkdtempSync(join(tmpdir(), "validators-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

/** Far away from any node_modules: what is generated may import nothing. */
async function load(schemas: Record<string, JsonSchema>): Promise<Record<string, Validator>> {
  const file = join(folder, `${count++}.mjs`);
  writeFileSync(file, generateValidators(schemas));
  return await import(/* @vite-ignore */ pathToFileURL(file).href);
}

describe("the generated module", () => {
  test("exports one validator for each name, under any schema", async () => {
    const module = await load({ configuration: { type: "object", required: ["name"] }, boot: false, system: true });
    expect(Object.keys(module).sort()).toEqual(["boot", "configuration", "system"]);
    expect(module["configuration"]?.({ name: "n" })).toBe(true);
    expect(module["configuration"]?.({})).toBe(false);
    expect(module["configuration"]?.errors).toMatchObject([
      { keyword: "required", params: { missingProperty: "name" } },
    ]);
    expect(module["boot"]?.({})).toBe(false);
    expect(module["system"]?.(1)).toBe(true);
  });

  test("holds its helpers for length and equality", async () => {
    const { a } = await load({ a: { items: { minLength: 2 }, uniqueItems: true } });
    expect(a?.(["😀😀"])).toBe(true);
    expect(a?.(["😀"])).toBe(false);
    const equal: [unknown, unknown][] = [
      [1, 1],
      [{ x: [1, { y: null }] }, { x: [1, { y: null }] }],
      [[], []],
    ];
    const different: [unknown, unknown][] = [
      [{}, []],
      [{ x: 1 }, { y: 1 }],
      [{ x: 1 }, { x: 1, y: 1 }],
      [null, {}],
      [[1], [2]],
      [1, "1"],
    ];
    const { u } = await load({ u: { uniqueItems: true } });
    expect(equal.map((pair) => u?.(pair))).toEqual(equal.map(() => false));
    expect(different.map((pair) => u?.(pair))).toEqual(different.map(() => true));
  });

  test("has no require and no import, and no annotation of the schema", async () => {
    const schema = {
      description: "words",
      properties: {
        description: { type: "string", format: "uri", minLength: 1, default: "words", examples: ["words"] },
      },
      uniqueItems: true,
    };
    const text = generateValidators({ a: schema });
    expect(text).not.toMatch(/\b(?:require|import)\b/);
    expect(text).not.toContain("words");
    // A key of this name is none.
    expect((await load({ a: schema }))["a"]?.({ description: 1 })).toBe(false);
  });

  test("is the same for the same schemas", () => {
    const schemas = {
      a: { properties: { x: { $ref: "#/definitions/d" } }, definitions: { d: { minLength: 1 } } },
      b: true,
    };
    expect(generateValidators(schemas)).toBe(generateValidators(structuredClone(schemas)));
  });

  test("finds what a compiled validator finds", async () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`k-]"${index}`, { const: [index] }]));
    const schema: JsonSchema = {
      additionalProperties: false,
      properties: {
        a: { type: "string", format: "hostname", "x-kanod-secret": true },
        b: { oneOf: [{ $ref: "#/definitions/b" }, { type: "integer" }] },
        c: { type: "array", uniqueItems: true, items: { enum: [1, "x", null] } },
        // ajv asks the schema for so many keys, and not its own code.
        d: {
          additionalProperties: false,
          properties: { ...many, a: { enum: ["x"] }, b: { type: ["null", "object"] } },
        },
      },
      patternProperties: { "^p": { type: "number", minimum: 0 } },
      definitions: { b: { required: ["a"], properties: { a: { const: { x: 1 } } }, type: "object" } },
    };
    const { generated } = await load({ generated: schema });
    const compiled = await compileValidator(schema);
    const key = fc.constantFrom("a", "b", "c", "d", "pq", "constructor", "__proto__");
    const leaf = fc.constantFrom<unknown>(
      1,
      -1,
      "x",
      "a b",
      null,
      true,
      { x: 1 },
      { a: { x: 1 } },
      [1, 1],
      ["x", null],
      { a: "x", b: null, 'k-]"3': [3] },
      { a: 1, b: 1, 'k-]"3': [4], "k-99": [1] },
    );
    fc.assert(
      fc.property(fc.dictionary(key, leaf), (value) => {
        expect(generated?.(value)).toBe(compiled(value));
        expect(generated?.errors).toEqual(compiled.errors);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("formats", () => {
  test.each([
    [
      "uri",
      ["http://proxy:3128", "https://a.b/c?d=e#f", "file:///etc/x", "http://[2001:db8::1]:80/", "a:b%20c"],
      ["proxy:x y", "http://", "//a", "a", "http://ü", "http://a/%zz", ""],
    ],
    ["hostname", ["a", "node1.example.com", "1a"], ["a_b", "-a", "a..b", "a-", "x".repeat(64), ""]],
    ["date", ["2026-01-31", "2024-02-29"], ["2026-13-01", "2026-02-30", "2026-04-31", "2026-1-1"]],
    ["time", ["23:59:60Z", "10:00:00.5+01:30"], ["24:00:00Z", "10:00:00", "10:60:00Z"]],
    ["date-time", ["2026-01-31T10:00:00Z", "2026-01-31 10:00:00-05:00"], ["2026-01-31", "2026-01-31T10:00:00"]],
    ["ipv4", ["192.0.2.1"], ["192.0.2", "192.0.2.256", "1.2.3.4.5"]],
    ["ipv6", ["2001:db8::1", "::"], ["2001:db8", "g::"]],
    ["email", ["a@example.org"], ["a@", "a"]],
    ["uuid", ["123e4567-e89b-12d3-a456-426614174000"], ["123e4567"]],
    ["json-pointer", ["", "/a/0"], ["a", "/~2"]],
    ["idn-email", ["ä@müller.example"], ["ä@", "a b@c"]],
    ["idn-hostname", ["müller.example", "例え.テスト", "a"], ["-a", "a b", "a..b", ""]],
    ["iri", ["http://müller/ä?ö"], ["ä", "http://a b", "//a"]],
    ["iri-reference", ["ä/b", "#x", ""], ["a b", "<a>"]],
    ["regex", ["^a$", "("], []],
    ["duration", ["PT30M", "P1Y2M"], ["30m", "P"]],
  ])("%s", (name, valid, invalid) => {
    const validator = createValidator({ format: name });
    expect(valid.filter((text) => !validator(text))).toEqual([]);
    expect(invalid.filter((text) => validator(text))).toEqual([]);
  });

  test("none takes exponential time for hostile text, which would reach the time limit of the test", () => {
    for (const [name, expression] of formats) {
      if (name === "regex") continue;
      for (const part of ["a", "a.", "0:", "::", "%20", "a@", "/", "~0", "P1", "{a", " "]) {
        expect(expression.test(`${part.repeat(5000)}\u0000~`)).toBe(false);
      }
    }
  });
});

test("the meta schema accepts schemas only", () => {
  const { validator } = createMetaValidator();
  expect([true, {}, { type: "object" }, { type: "objekt" }, { required: "a" }].map(validator)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
