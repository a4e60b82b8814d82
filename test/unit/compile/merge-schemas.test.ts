import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { BuildError } from "../../../src/compile/build-error.ts";
import { mergeSchemas } from "../../../src/compile/merge-schemas.ts";
import { checkSchema } from "../../../src/config/check-schema.ts";
import { createValidator } from "../../../src/config/generate-validators.ts";
import type { Problem } from "../../../src/config/problem.ts";
import type { JsonSchema } from "../../../src/config/schema.ts";
import { annotations, walkSchema } from "../../../src/config/schema-walk.ts";

function merged(...texts: string[]): unknown {
  return mergeSchemas(texts.map((text, index) => ({ file: `${index}.yaml`, text }))).schema;
}

function conflicts(...texts: string[]): readonly Problem[] {
  try {
    merged(...texts);
  } catch (error) {
    if (error instanceof BuildError) return error.problems;
    throw error;
  }
  return [];
}

test("fields that do not overlap are added, in the order of the schemas", () => {
  const schema = merged("b: {x: 1}\na: 2", "c: 3\na: 2");
  expect(schema).toEqual({ b: { x: 1 }, a: 2, c: 3 });
  expect(Object.keys(schema as object)).toEqual(["b", "a", "c"]);
});

test("overlapping objects are merged at every depth", () => {
  const one = "properties: {boot: {type: object, properties: {lvm: {type: array}}}}";
  const two = "properties: {boot: {properties: {grub: {type: string}}}}";
  expect(merged(one, two)).toEqual({
    properties: { boot: { type: "object", properties: { lvm: { type: "array" }, grub: { type: "string" } } } },
  });
});

test("lists are joined, and equal scalars are kept once: required and enum stay valid", () => {
  expect(merged("required: [name, a]\nenum: [1, null]", "required: [a, b]\nenum: [null, '1', 1]")).toEqual({
    required: ["name", "a", "b"],
    enum: [1, null, "1"],
  });
});

test("equal entries of lists are kept once, whatever their type; what one list repeats stays", () => {
  expect(merged("examples: [{a: 1}, x, x]\nenum: [[1], {b: 2}]", "examples: [{a: 1}]\nenum: [{b: 2}, [1, 2]]")).toEqual(
    {
      examples: [{ a: 1 }, "x", "x"],
      enum: [[1], { b: 2 }, [1, 2]],
    },
  );
});

test.each([
  ["different scalars", "type: string", "type: integer", "/type"],
  ["a scalar and a list", "type: string", "type: [string]", "/type"],
  ["a mapping and a list", "items: {}", "items: []", "/items"],
  ["a mapping and null", "items: {}", "items: null", "/items"],
  ["a key to be escaped", "a/b: {c~d: 1}", "a/b: {c~d: 2}", "/a~1b/c~0d"],
  ["a number and its text", "default: 1", "default: '1'", "/default"],
])("%s: a conflict with pointer, values and both places", (_, one, two, pointer) => {
  const [problem, ...others] = conflicts(one, two);
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ severity: "error", code: "schema-conflict", pointer });
  expect(problem?.source).toMatchObject({ file: "1.yaml", line: 1 });
  expect(problem?.message).toContain("0.yaml:1:");
});

test.each([
  ["oneOf", "{oneOf: [{type: string}, {type: integer}]}", "{oneOf: [{type: string}]}"],
  ["anyOf", "{anyOf: [{required: [a]}]}", "{anyOf: [{required: [b]}]}"],
  ["not", "{not: {required: [a]}}", "{not: {required: [b]}}"],
  ["if", "{if: {required: [a]}, then: {}}", "{if: {required: [b]}, then: {}}"],
  ["const", "{const: [1, 2]}", "{const: [1, 2, 3]}"],
  ["default", "{default: {a: 1}}", "{default: {b: 1}}"],
  ["items", "{items: [{type: string}]}", "{items: [{type: integer}]}"],
])("%s is not joined: equal, or a conflict at both places", (keyword, one, two) => {
  const texts = [one, two].map((schema) => `properties: {m: ${schema}, ${keyword}: {${keyword}: 1}}`);
  expect(merged(texts[0] ?? "", texts[0] ?? "")).toEqual(merged(texts[0] ?? ""));
  const [problem, ...others] = conflicts(...texts);
  expect(others).toEqual([]);
  expect(problem).toMatchObject({
    code: "schema-conflict",
    pointer: `/properties/m/${keyword}`,
    source: { file: "1.yaml" },
  });
  expect(problem?.message).toContain("0.yaml:1:");
});

test("keys of the configuration may have the names of such keywords", () => {
  const [one, two] = ["a", "b"].map(
    (key) => `properties: {default: {properties: {${key}: {}}}, title: {properties: {${key}: {}}}}`,
  );
  const both = { properties: { a: {}, b: {} } };
  expect(merged(one ?? "", two ?? "")).toEqual({ properties: { default: both, title: both } });
});

test("texts for readers never conflict: the first one stays", () => {
  const one =
    "{$id: 'https://a', $schema: http://json-schema.org/draft-07/schema#, title: A, properties: {m: {description: a}}}";
  const two =
    "{$id: 'https://b', $schema: https://json-schema.org/draft-07/schema, title: B, properties: {m: {description: b, $comment: c}}}";
  expect(merged(one, two)).toMatchObject({
    $id: "https://a",
    title: "A",
    properties: { m: { description: "a", $comment: "c" } },
  });
});

describe("definitions of one name", () => {
  const auth = (key: string, more = ""): string =>
    `definitions: {auth: {type: object, properties: {${key}: {}}${more}}}`;
  test.each([
    ["other conditions", auth("user", ", required: [user]"), auth("token", ", required: [token]")],
    [
      "closed objects with other keys",
      auth("user", ", additionalProperties: false"),
      auth("token", ", additionalProperties: false"),
    ],
    ["a closed and an open one", auth("user", ", additionalProperties: false"), auth("token")],
  ])("a conflict: %s", (_, one, two) => {
    const [problem, ...others] = conflicts(one, two);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      code: "schema-conflict",
      pointer: "/definitions/auth",
      source: { file: "1.yaml" },
    });
    expect(problem?.message).toContain("0.yaml:1:");
  });

  test.each([
    ["the same one twice", auth("user", ", required: [user]"), auth("user", ", required: [user]"), ["user"]],
    ["an open object with more properties", auth("user"), auth("token"), ["user", "token"]],
    [
      "only properties for a closed one",
      auth("user", ", additionalProperties: false"),
      "definitions: {auth: {properties: {token: {}}}}",
      ["user", "token"],
    ],
    [
      "the extension first",
      "definitions: {auth: {properties: {token: {}}}}",
      auth("user", ", additionalProperties: false"),
      ["token", "user"],
    ],
  ])("no conflict: %s", (_, one, two, keys) => {
    const { definitions } = merged(one, two) as { definitions: { auth: { properties: object } } };
    expect(Object.keys(definitions.auth.properties)).toEqual(keys);
  });
});

const closed = "type: object, additionalProperties: false, properties: {a: {type: string}}";

/** Whether documents are valid for a merged schema, by a validator that draft-07's own rule is added to. */
function verdicts(texts: readonly string[], documents: readonly unknown[]): boolean[] {
  const schema = merged(...texts) as JsonSchema;
  expect(checkSchema(schema).filter(({ severity }) => severity === "error")).toEqual([]);
  for (const { schema: each } of walkSchema(schema)) {
    if (each["$ref"] !== undefined) expect(Object.keys(each).filter((key) => !annotations.has(key))).toEqual(["$ref"]);
  }
  const validator = createValidator(schema);
  return documents.map((document) => validator(document));
}

describe("keys beside a $ref, or for a closed object, become part of it", () => {
  test.each<[string, string[], [unknown, boolean][]]>([
    [
      "properties beside the $ref of another element",
      [
        `{properties: {boot: {$ref: '#/definitions/boot'}, other: {$ref: '#/definitions/boot'}}, definitions: {boot: {${closed}}}}`,
        "properties: {boot: {properties: {mine: {type: string}}}}",
      ],
      [
        [{ boot: { a: "x", mine: "y" } }, true],
        [{ boot: { mine: 1 } }, false],
        [{ boot: { a: 1 } }, false],
        [{ boot: { nobody: 1 } }, false],
        [{ other: { mine: "y" } }, false],
      ],
    ],
    [
      "required and limits beside a $ref",
      [
        `{properties: {m: {$ref: '#/definitions/d', required: [a], maxProperties: 1}}, definitions: {d: {type: object}}}`,
      ],
      [
        [{ m: {} }, false],
        [{ m: { a: 1 } }, true],
        [{ m: { a: 1, b: 2 } }, false],
      ],
    ],
    [
      "an enum beside a $ref narrows, and is not joined",
      ["{properties: {m: {$ref: '#/definitions/d', enum: [b, c]}}, definitions: {d: {enum: [a, b]}}}"],
      [
        [{ m: "a" }, false],
        [{ m: "b" }, true],
        [{ m: "c" }, false],
      ],
    ],
    [
      "a $ref to a $ref",
      [
        `{properties: {m: {$ref: '#/definitions/d', properties: {b: {}}}}, definitions: {d: {$ref: '#/definitions/e'}, e: {${closed}}}}`,
      ],
      [
        [{ m: { a: "x", b: 1 } }, true],
        [{ m: { c: 1 } }, false],
      ],
    ],
    [
      "a closed branch of allOf, and a key beside the allOf",
      [
        `{properties: {m: {properties: {c: {}}, allOf: [{$ref: '#/definitions/d'}, {properties: {b: {type: string}}}]}}, definitions: {d: {${closed}}}}`,
      ],
      [
        [{ m: { a: "x", b: "y", c: 1 } }, true],
        [{ m: { b: 1 } }, false],
        [{ m: { d: 1 } }, false],
      ],
    ],
    [
      "an object below what is referred to",
      [
        `{properties: {m: {$ref: '#/definitions/d', properties: {sub: {properties: {b: {}}}}}}, definitions: {d: {properties: {sub: {$ref: '#/definitions/e'}}}, e: {${closed}}}}`,
      ],
      [
        [{ m: { sub: { a: "x", b: 1 } } }, true],
        [{ m: { sub: { c: 1 } } }, false],
      ],
    ],
    [
      "if, then and tuples of both parts hold",
      [
        `{properties: {m: {$ref: '#/definitions/d', if: {required: [a]}, then: {required: [b]}}},
          definitions: {d: {if: {required: [b]}, then: {required: [c]}}}}`,
      ],
      [
        [{ m: { a: 1 } }, false],
        [{ m: { a: 1, b: 1 } }, false],
        [{ m: { a: 1, b: 1, c: 1 } }, true],
      ],
    ],
    [
      "a recursive definition comes to an end",
      [
        `{properties: {m: {$ref: '#/definitions/t', properties: {x: {}}}}, definitions: {t: {properties: {kid: {$ref: '#/definitions/t', required: [v]}, v: {}}}}}`,
      ],
      [
        [{ m: { x: 1, kid: { v: 1 } } }, true],
        [{ m: { kid: {} } }, false],
      ],
    ],
  ])("%s", (_, texts, documents) => {
    expect(
      verdicts(
        texts,
        documents.map(([document]) => document),
      ),
    ).toEqual(documents.map(([, verdict]) => verdict));
  });

  test("texts and marks beside a $ref leave it as it is", () => {
    const text =
      "{properties: {m: {$ref: '#/definitions/d', description: m, x-kanod-secret: true}}, definitions: {d: {type: string}}}";
    expect(merged(text)).toEqual(parse(text));
  });

  test("what was written in the definition keeps its place", () => {
    const { locate } = mergeSchemas([
      { file: "core.yaml", text: `properties: {m: {$ref: '#/definitions/d'}}\ndefinitions:\n  d: {${closed}}` },
      { file: "el.yaml", text: "properties:\n  m: {properties: {b: {}}}" },
    ]);
    expect(locate("/properties/m/properties/a/type")).toMatchObject({ file: "core.yaml", line: 3 });
    expect(locate("/properties/m/properties/b", "key")).toMatchObject({ file: "el.yaml", line: 2 });
  });

  test("an object that is closed in one part and open to all in the other is a conflict", () => {
    const [problem] = conflicts(
      `{properties: {m: {$ref: '#/definitions/d', additionalProperties: true}}, definitions: {d: {${closed}}}}`,
    );
    expect(problem).toMatchObject({ code: "schema-conflict" });
  });
});

test("all conflicts are reported, each with the first file that said it", () => {
  const problems = conflicts("a: 1", "b: 1\na: 2", "a: 1\n\nb: 3");
  expect(problems.map(({ pointer, message, source }) => [pointer, source?.file, source?.line, message])).toEqual([
    ["/a", "1.yaml", 2, "`2` conflicts with `1` in 0.yaml:1:4"],
    ["/b", "2.yaml", 3, "`3` conflicts with `1` in 1.yaml:1:4"],
  ]);
});

test("a key __proto__ is a key like any other", () => {
  const schema = merged("__proto__: {a: 1}", "__proto__: {b: 2}") as object;
  expect(Object.keys(schema)).toEqual(["__proto__"]);
  expect(Object.getOwnPropertyDescriptor(schema, "__proto__")?.value).toEqual({ a: 1, b: 2 });
  expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
});

test("a place of the merged schema leads to the file that wrote it", () => {
  const { locate } = mergeSchemas([
    { file: "core.yaml", text: "definitions:\n  one: {type: string}\nrequired: [name]\n" },
    {
      file: "el.yaml",
      text: "required:\n  - name\n  - other\ndefinitions:\n  two:\n    $ref: '#/definitions/nothing'\n",
    },
  ]);
  expect(locate("/definitions/one/type")).toMatchObject({ file: "core.yaml", line: 2 });
  expect(locate("/definitions/two/$ref")).toMatchObject({ file: "el.yaml", line: 6, column: 11 });
  expect(locate("/definitions/two", "key")).toMatchObject({ file: "el.yaml", line: 5, column: 3 });
  // The second one of the second list is the second one of the joined list.
  expect(locate("/required/1")).toMatchObject({ file: "el.yaml", line: 3 });
  expect(locate("/definitions/two/missing")).toMatchObject({ file: "el.yaml", line: 6 });
});

test("a schema that is no YAML, or no mapping, is reported in its file", () => {
  expect(conflicts("a: 1", "a: [").map(({ code, source }) => [code, source?.file])).toEqual([
    ["yaml-syntax", "1.yaml"],
  ]);
  expect(conflicts("a: 1", "- a").map(({ code, source }) => [code, source?.file])).toEqual([
    ["not-a-mapping", "1.yaml"],
  ]);
});

/** Mappings of a few keys, so that they overlap. */
const tree = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("x", 1, true, null),
    fc.array(tie("node"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("node"), { maxKeys: 3 }),
  ),
}));
const mapping = fc.dictionary(fc.constantFrom("a", "b", "c"), tree.node, { maxKeys: 3 });

test("merging is the same in one go and step by step, and a schema merged alone is itself", () => {
  fc.assert(
    fc.property(mapping, mapping, mapping, (one, two, three) => {
      const texts = [one, two, three].map((each) => JSON.stringify(each));
      expect(merged(texts[0] ?? "")).toEqual(one);
      if (conflicts(...texts).length > 0) return;
      const both = JSON.stringify(merged(...texts.slice(0, 2)));
      expect(merged(both, texts[2] ?? "")).toEqual(merged(...texts));
    }),
  );
});

const corpus = new URL("../../../../shared/corpus/kanod-image-builder/elements", import.meta.url).pathname;

test.skipIf(!existsSync(corpus))("the schemas of the ancestor's elements merge (skipped without the corpus)", () => {
  const names = readdirSync(corpus).sort(
    (one, other) => Number(other === "kanod-configure") - Number(one === "kanod-configure"),
  );
  const files = names.map((name) => join(corpus, name, "schema.yaml"));
  const { schema, locate } = mergeSchemas(files.map((file) => ({ file, text: readFileSync(file, "utf8") })));
  expect(Object.keys(schema["properties"] as object)).toEqual(
    expect.arrayContaining(["name", "network", "ntp", "admin", "nexus", "boot", "containers"]),
  );
  // Three elements have a part of what is below boot.
  const { boot_definition: boot } = schema["definitions"] as Record<string, { properties: object }>;
  expect(Object.keys(boot?.properties ?? {}).sort()).toEqual(["grub", "lvm"]);
  expect(locate("/definitions/boot_definition/properties/grub")?.file).toBe(join(corpus, "grub-init/schema.yaml"));
});
