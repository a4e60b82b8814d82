import { describe, expect, test } from "vitest";
import { bootSchema, isSecret, type JsonSchema, knownKeys, resolveRef } from "../../../src/config/schema.ts";
import { secretSchema, secretValues } from "../../../src/config/secret-values.ts";

describe("resolveRef", () => {
  const root = { definitions: { "a/b": { type: "string" }, "m~n": true, "50%": {}, list: [{ const: 1 }], text: "x" } };

  test.each([
    ["#", root],
    ["#/definitions/a~1b", { type: "string" }],
    ["#/definitions/m~0n", true],
    ["#/definitions/50%25", {}],
    ["#/definitions/list/0", { const: 1 }],
    ["#/definitions/nothing", undefined],
    ["#/definitions/constructor", undefined],
    ["#/definitions/text", undefined],
    ["#/definitions/text/0", undefined],
    ["#/definitions/50%", undefined],
    ["#name", undefined],
    ["other.json#/definitions", undefined],
  ])("%s", (ref, expected) => {
    expect(resolveRef(root, ref)).toEqual(expected);
  });
});

describe("bootSchema", () => {
  test("the boot part with the definitions that it refers to", () => {
    const schema = {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      required: ["name"],
      properties: { name: {}, boot: { $ref: "#/definitions/boot", description: "b" } },
      definitions: { boot: { type: "object" } },
    };
    expect(bootSchema(schema)).toEqual({
      $schema: "http://json-schema.org/draft-07/schema#",
      definitions: { boot: { type: "object" } },
      $ref: "#/definitions/boot",
      description: "b",
    });
  });

  test.each([[true], [{}], [{ properties: {} }]])("nothing is allowed where there is no boot part: %j", (schema) => {
    expect(bootSchema(schema)).toEqual({ type: "object", additionalProperties: false });
  });

  test("a schema without definitions and version", () => {
    expect(bootSchema({ properties: { boot: { type: "object" } } })).toEqual({ type: "object" });
  });
});

describe("secrets", () => {
  const mark = { "x-kanod-secret": true };
  const marked = (key: string): string => JSON.stringify({ properties: { [key]: mark } });
  const none = { "x-kanod-secret": false };

  test.each<[string, JsonSchema, unknown, Record<string, string>]>([
    ["a marked text", { properties: { a: mark, b: none } }, { a: "x", b: "y" }, { "/a": "x" }],
    [
      "all below a marked value, numbers as text",
      { properties: { a: mark } },
      { a: { b: ["x", 5, true, null, ""] } },
      { "/a/b/0": "x", "/a/b/1": "5" },
    ],
    ["the whole", mark, "x", { "": "x" }],
    [
      "through $ref, also with a mark beside it",
      {
        properties: { a: { $ref: "#/definitions/s" }, b: { $ref: "#/definitions/n", ...mark } },
        definitions: { s: mark, n: {} },
      },
      { a: "x", b: "y" },
      { "/a": "x", "/b": "y" },
    ],
    ["keys by pattern", { patternProperties: { "^p": mark } }, { pa: "x", qa: "y" }, { "/pa": "x" }],
    [
      "other keys",
      { properties: { a: {} }, patternProperties: { "^p": {} }, additionalProperties: mark },
      { a: "x", p: "y", "z/~": "z" },
      { "/z~1~0": "z" },
    ],
    ["items", { items: { properties: { a: mark } } }, [{ a: "x" }, { b: "y" }], { "/0/a": "x" }],
    [
      "items by place, and those behind them",
      { items: [{}, mark], additionalItems: mark },
      ["x", "y", "z"],
      { "/1": "y", "/2": "z" },
    ],
    ["an item that a list contains", { contains: mark }, ["x"], { "/0": "x" }],
    ...(["allOf", "anyOf", "oneOf"] as const).map((keyword): [string, JsonSchema, unknown, Record<string, string>] => [
      `branches of ${keyword}, whether they fit or not`,
      { [keyword]: [{ type: "number" }, { properties: { a: mark } }] },
      { a: "x" },
      { "/a": "x" },
    ]),
    [
      "if, then and else",
      JSON.parse(`{"if": ${marked("a")}, "then": ${marked("b")}, "else": ${marked("c")}}`),
      { a: "x", b: "y", c: "z", d: "" },
      { "/a": "x", "/b": "y", "/c": "z" },
    ],
    ["dependencies", { dependencies: { a: { properties: { b: mark } }, c: ["d"] } }, { a: "x", b: "y" }, { "/b": "y" }],
    ["a recursive schema", { properties: { a: { $ref: "#" }, s: mark } }, { a: { a: { s: "x" } } }, { "/a/a/s": "x" }],
    ["a schema that is only a circle", { $ref: "#" }, { a: "x" }, {}],
    ["a broken pattern", { patternProperties: { "(": mark } }, { a: "x" }, {}],
    [
      "keys named like properties of every object",
      { properties: { a: mark } },
      JSON.parse('{"__proto__":{"a":"x"},"constructor":"y"}'),
      {},
    ],
    [
      "references into branches and to places that are no keyword's",
      {
        allOf: [{ properties: { b: {} } }, { properties: { a: mark } }],
        properties: { c: { $ref: "#/allOf/1" } },
        not: { $ref: "#/more/d" },
        more: { d: mark },
        dependencies: { e: { $ref: "#/more/d" } },
      },
      { b: "w", c: { a: "x", b: "y" } },
      { "/b": "w", "/c/a": "x", "/c/b": "y" },
    ],
    ["no schema", true, { a: "x" }, {}],
  ])("%s", (_, schema, value, expected) => {
    const { pointers, values } = secretValues(secretSchema(schema), value);
    expect({ pointers, values }).toEqual(secretValues(schema, value));
    expect(Object.fromEntries(pointers.map((pointer, index) => [pointer, values[index]]))).toEqual(expected);
    for (const pointer of pointers) expect(isSecret(schema, pointer)).toBe(true);
  });

  test("of a schema only what leads to marks is left", () => {
    const schema = {
      description: "all",
      properties: {
        a: { $ref: "#/definitions/a", description: "a" },
        b: { properties: { c: { type: "string" } } },
        d: { properties: { e: mark, f: {} }, additionalProperties: mark },
      },
      definitions: { a: { oneOf: [{ items: mark }, { type: "string" }] }, b: {} },
    };
    expect(secretSchema(schema)).toEqual({
      properties: {
        a: { $ref: "#/definitions/a" },
        d: { properties: { e: mark, f: true }, additionalProperties: mark },
      },
      definitions: { a: { oneOf: [{ items: mark }, true] } },
    });
    expect(secretSchema({ properties: { b: none } })).toBe(true);
  });

  test("what is not marked is no secret, also above and beside a marked value", () => {
    const schema = { properties: { a: { properties: { b: mark } } } };
    expect(["", "/a", "/a/c", "/b"].map((pointer) => isSecret(schema, pointer))).toEqual([false, false, false, false]);
    expect(["/a/b", "/a/b/0/c"].map((pointer) => isSecret(schema, pointer))).toEqual([true, true]);
  });
});

test("known keys are those of all schemas for a place", () => {
  const schema: JsonSchema = {
    properties: {
      list: { items: { oneOf: [{ $ref: "#/definitions/a" }, { properties: { b: {}, c: {} } }] } },
      top: {},
    },
    definitions: { a: { properties: { a: {}, c: {} } } },
  };
  expect(knownKeys(schema, "")).toEqual(["list", "top"]);
  expect(knownKeys(schema, "/list/3")).toEqual(["a", "b", "c"]);
  expect(knownKeys(schema, "/nothing")).toEqual([]);
});
