import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BuildError } from "../../../src/compile/build-error.ts";
import { mergeSchemas } from "../../../src/compile/merge-schemas.ts";
import type { Problem } from "../../../src/config/problem.ts";

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

test("equal objects in lists are not scalars, and what one list repeats is its own affair", () => {
  expect(merged("examples: [{a: 1}, x, x]", "examples: [{a: 1}]")).toEqual({
    examples: [{ a: 1 }, "x", "x", { a: 1 }],
  });
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

test("all conflicts are reported, each with the first file that said it", () => {
  const problems = conflicts("a: 1", "b: 1\na: 2", "a: 1\n\nb: 3");
  expect(problems.map(({ pointer, message, source }) => [pointer, source?.file, source?.line, message])).toEqual([
    ["/a", "1.yaml", 2, "`2` does not fit `1` in 0.yaml:1:4"],
    ["/b", "2.yaml", 3, "`3` does not fit `1` in 1.yaml:1:4"],
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
