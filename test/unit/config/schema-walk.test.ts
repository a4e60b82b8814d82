import { expect, test } from "vitest";
import { annotations, walkSchema, withoutKeywords } from "../../../src/config/schema-walk.ts";

const everywhere = {
  additionalItems: {},
  additionalProperties: {},
  contains: {},
  else: {},
  if: {},
  items: {},
  not: {},
  propertyNames: {},
  allOf: [{}, true],
  anyOf: [{}],
  oneOf: [{ items: [{}] }],
  definitions: { "a/b": {} },
  dependencies: { x: {}, y: ["z"] },
  patternProperties: { "^p": {} },
  properties: { items: {}, const: {} },
  const: { items: {} },
  enum: [{ items: {} }],
  examples: [{ items: {} }],
  default: { items: {} },
};

test("all schemas within a schema are visited, and nothing else", () => {
  expect([...walkSchema(everywhere)].map(({ pointer }) => pointer).sort()).toEqual(
    [
      "",
      "/additionalItems",
      "/additionalProperties",
      "/contains",
      "/else",
      "/if",
      "/items",
      "/not",
      "/propertyNames",
      "/allOf/0",
      "/anyOf/0",
      "/oneOf/0",
      "/oneOf/0/items/0",
      "/definitions/a~1b",
      "/dependencies/x",
      "/patternProperties/^p",
      "/properties/items",
      "/properties/const",
    ].sort(),
  );
  expect([...walkSchema(true)]).toEqual([]);
});

test("annotations are left out of every schema, and nothing that validates or is named like one", () => {
  const words = { description: "d", title: "t", examples: [1], default: 1, $comment: "c" };
  const kept = { type: "string" };
  const annotated = { ...words, ...kept };
  expect(
    withoutKeywords(
      {
        ...annotated,
        items: [annotated, annotated],
        contains: annotated,
        not: annotated,
        allOf: [annotated, true],
        properties: { description: annotated, default: false },
        definitions: { title: { items: annotated } },
        dependencies: { examples: ["default"], x: annotated },
        const: { description: "d", properties: { title: { title: "t" } } },
        enum: [{ description: "d" }],
        required: ["description"],
      },
      annotations,
    ),
  ).toEqual({
    ...kept,
    items: [kept, kept],
    contains: kept,
    not: kept,
    allOf: [kept, true],
    properties: { description: kept, default: false },
    definitions: { title: { items: kept } },
    dependencies: { examples: ["default"], x: kept },
    const: { description: "d", properties: { title: { title: "t" } } },
    enum: [{ description: "d" }],
    required: ["description"],
  });
  expect(withoutKeywords(false, annotations)).toBe(false);
});
