import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkSchema } from "../../../src/config/check-schema.ts";
import { createValidator } from "../../../src/config/generate-validators.ts";
import { bootSchema, type JsonSchema, list, mapping } from "../../../src/config/schema.ts";
import { walkSchema } from "../../../src/config/schema-walk.ts";
import { validateDocument } from "../../../src/config/validate.ts";
import { parseYaml } from "../../../src/config/yaml.ts";

function load(name: string): JsonSchema {
  const file = new URL(`../../../schema/${name}`, import.meta.url).pathname;
  const document = parseYaml(readFileSync(file), name);
  expect(document.problems).toEqual([]);
  expect(checkSchema(document.value, document.locate)).toEqual([]);
  return document.value as JsonSchema;
}

function codes(schema: JsonSchema, text: string): string[] {
  const document = parseYaml(text, "f");
  expect(document.problems).toEqual([]);
  return validateDocument(document, { schema, validator: createValidator(schema) }).map(
    ({ code, pointer }) => `${code} ${pointer}`,
  );
}

describe.each(["core.schema.yaml", "system.schema.yaml"])("%s", (name) => {
  const schema = load(name);

  test("each key has a description and examples, which are valid", () => {
    for (const { schema: each } of walkSchema(schema)) {
      for (const [key, property] of Object.entries(mapping(each["properties"]))) {
        const target = targetOf(schema, property);
        expect(target["description"], key).toMatch(/\.\s*(?:\S.*)?$/s);
        const examples = list(target["examples"]);
        expect(examples, key).not.toEqual([]);
        const validator = createValidator({
          ...(schema as object),
          type: undefined,
          required: [],
          properties: { x: property },
          additionalProperties: true,
        } as JsonSchema);
        for (const example of examples)
          expect(validator({ x: example }), `${key}: ${JSON.stringify(example)}`).toBe(true);
      }
    }
  });
});

function targetOf(schema: JsonSchema, property: unknown): ReturnType<typeof mapping> {
  const { $ref } = mapping(property);
  return mapping(
    typeof $ref === "string" ? mapping(mapping(schema)["definitions"])[$ref.split("/").at(-1) ?? ""] : property,
  );
}

describe("the core schema", () => {
  const schema = load("core.schema.yaml");
  const label = "a".repeat(63);
  const longest = `${label}.${label}.${label}.${"a".repeat(61)}`;

  test.each(["node1", "n", "1", "Node-1.example.COM", longest].map((name) => `name: '${name}'\nboot: {}\n`))(
    "%s",
    (text) => {
      expect(codes(schema, text)).toEqual([]);
    },
  );

  test.each([
    ["name: node_1", ["bad-format /name"]],
    ["name: -node", ["bad-format /name"]],
    ["name: node-", ["bad-format /name"]],
    ["name: a..b", ["bad-format /name"]],
    ["name: node1.", ["pattern /name"]],
    [`name: a${label}`, ["bad-format /name"]],
    [`name: ${longest}a.b`, ["bad-format /name", "too-long /name"]],
    ["name: ''", ["bad-format /name", "pattern /name"]],
    ["name: 1", ["wrong-type /name"]],
    ["name:", ["wrong-type /name"]],
    ["nam: n", ["missing-key ", "unknown-key /nam"]],
    ["{}", ["missing-key "]],
    ["name: n\nboot: {lvm: []}", ["unknown-key /boot/lvm"]],
    ["name: n\nboot:", ["wrong-type /boot"]],
    ["- name: n", ["wrong-type "]],
  ])("%s", (text, expected) => {
    expect(codes(schema, text)).toEqual(expected);
  });

  test("its boot part alone", () => {
    expect(codes(bootSchema(schema), "{}")).toEqual([]);
    expect(codes(bootSchema(schema), "name: n")).toEqual(["unknown-key /name"]);
  });
});

test.each([
  ["network: {renderer: netplan}\nno_proxy: a,b\ncontainer_engine: crio\nown: {any: [thing]}\n", []],
  ["{}", []],
  ["network: {renderer: ifupdown}", ["not-in-enum /network/renderer"]],
  ["network: {rendrer: eni}", ["unknown-key /network/rendrer"]],
  ["no_proxy: [a]", ["wrong-type /no_proxy"]],
  ["container_engine: an-engine-of-another-element", []],
  ["container_engine: [docker]", ["wrong-type /container_engine"]],
])("system settings %j", (text, expected) => {
  expect(codes(load("system.schema.yaml"), text)).toEqual(expected);
});
