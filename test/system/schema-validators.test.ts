import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { collectContributions } from "../../src/compile/collect.ts";
import { elementOfFolder } from "../../src/compile/elements.ts";
import { mergeSchemas } from "../../src/compile/merge-schemas.ts";
import { loadSchemas } from "../../src/compile/schemas.ts";
import { createValidator } from "../../src/config/generate-validators.ts";
import type { JsonSchema } from "../../src/config/schema.ts";
import { annotations, withoutKeywords } from "../../src/config/schema-walk.ts";
import { describeWith } from "../support/requirements.ts";

/** The schema of an image is read by other validators too: editors, pipelines, Metal3 tooling. Python's is one of them. */
const program = `
import json, sys
from jsonschema import Draft7Validator
for schema, documents in json.load(sys.stdin):
    validator = Draft7Validator(schema)
    print(json.dumps([validator.is_valid(each) for each in documents]))
`;

function python(input: string, code = program): { status: number | null; stdout: string; stderr: string } {
  return spawnSync("python3", ["-c", code], { input, encoding: "utf8", maxBuffer: 1 << 26 });
}

const obstacle = python("", "import jsonschema").status === 0 ? undefined : "Python's jsonschema is not installed";

const closed = "type: object, additionalProperties: false, properties: {a: {type: string}}";
const definitions = `definitions: {d: {${closed}}, o: {properties: {a: {$ref: '#/definitions/d'}}}, e: {enum: [a, b, 1]}}`;
const merges: readonly (readonly string[])[] = [
  [
    `{properties: {m: {$ref: '#/definitions/d'}}, ${definitions}}`,
    "properties: {m: {properties: {b: {type: integer}}}}",
  ],
  [`{properties: {m: {$ref: '#/definitions/d', required: [a], maxProperties: 1}}, ${definitions}}`],
  [
    `{properties: {m: {$ref: '#/definitions/o', properties: {a: {properties: {b: {}}, required: [b]}}}}, ${definitions}}`,
  ],
  [`{properties: {m: {$ref: '#/definitions/e', enum: [b, 1, c]}}, ${definitions}}`],
  [`{properties: {m: {allOf: [{$ref: '#/definitions/d'}, {properties: {b: {}}, required: [b]}]}}, ${definitions}}`],
  [
    `{properties: {m: {$ref: '#/definitions/t', properties: {b: {}}}},
      definitions: {t: {properties: {a: {$ref: '#/definitions/t', required: [c]}, c: {}}}}}`,
  ],
  [`{properties: {m: {type: string, nullable: true}}, required: [m]}`],
];

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("a", "b", "c", 1, 2.5, true, null),
    fc.array(tie("value"), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "m"), tie("value"), { maxKeys: 3 }),
  ),
})).value;

/** A document with something put in the place of a part of it. */
function changed(document: unknown): fc.Arbitrary<unknown> {
  if (typeof document !== "object" || document === null || Object.keys(document).length === 0) return json;
  const keys = Object.keys(document);
  return fc.oneof(
    { weight: 1, arbitrary: json },
    {
      weight: 8,
      arbitrary: fc.constantFrom(...keys).chain((key) => {
        const value = (document as Record<string, unknown>)[key];
        return changed(value).map((other) =>
          Array.isArray(document)
            ? document.map((each, index) => (String(index) === key ? other : each))
            : { ...document, [key]: other },
        );
      }),
    },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom(...keys)
        .map((key) =>
          Array.isArray(document)
            ? document.filter((_, index) => String(index) !== key)
            : Object.fromEntries(Object.entries(document).filter(([each]) => each !== key)),
        ),
    },
  );
}

const repository = new URL("../..", import.meta.url).pathname;

async function shipped(): Promise<readonly [JsonSchema, unknown[]]> {
  const folders = readdirSync(join(repository, "contributions"))
    .map((name) => join(repository, "contributions", name))
    .filter((folder) => existsSync(join(folder, "schema.yaml")));
  const { schema } = await loadSchemas(await collectContributions(folders.map(elementOfFolder)));
  const documents = folders.flatMap((folder) => {
    const example = parse(readFileSync(join(folder, "example.yaml"), "utf8"));
    return [example, ...fc.sample(changed(example), { numRuns: 60, seed: 20 })];
  });
  return [schema, documents];
}

describeWith(obstacle)("a merged schema means the same to Python's jsonschema", () => {
  test("for small merges, and for all that we ship", { timeout: 120_000 }, async () => {
    const documents = fc.sample(json, { numRuns: 400, seed: 20 }).flatMap((each) => [each, { m: each }]);
    const small = merges.map((texts, index): readonly [JsonSchema, unknown[]] => {
      const sources = texts.map((text, at) => ({ file: `${index}-${at}.yaml`, text }));
      return [mergeSchemas(sources).schema, documents];
    });
    // Formats are checked only where a validator is told to.
    const all = [...small, await shipped()].map(
      ([schema, each]) => [withoutKeywords(schema, new Set(["format"])), each] as const,
    );
    const { stdout, stderr, status } = python(JSON.stringify(all));
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const theirs = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as boolean[]);
    for (const [index, [schema, each]] of all.entries()) {
      const validator = createValidator(schema);
      const ours = each.map((document) => validator(document));
      expect(new Set(ours).size, `documents for ${JSON.stringify(withoutKeywords(schema, annotations))}`).toBe(2);
      const different = each.filter((_, at) => ours[at] !== theirs[index]?.[at]);
      expect(different, JSON.stringify(schema).slice(0, 500)).toEqual([]);
    }
  });
});
