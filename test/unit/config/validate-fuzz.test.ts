import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { createValidator } from "../../../src/config/generate-validators.ts";
import type { JsonSchema } from "../../../src/config/schema.ts";
import { validateDocument } from "../../../src/config/validate.ts";
import { parseYaml } from "../../../src/config/yaml.ts";
import { secretLines } from "../../../src/report/secret-lines.ts";
import { formatProblems } from "../../../src/report/text.ts";

/** Most keywords, within each other, with references that recurse. */
const schema = parseYaml(
  `
type: object
required: [a]
additionalProperties: false
properties:
  a: {$ref: '#/definitions/node'}
  b: {type: array, items: [{type: string}, {$ref: '#/definitions/secret'}], additionalItems: {enum: [1, b]}, uniqueItems: true}
  c: {oneOf: [{$ref: '#/definitions/node'}, {type: object, required: [d], properties: {d: {const: 1}}}, {type: integer}]}
  d: {not: {type: string}, dependencies: {a: [b], c: {required: [d]}}, propertyNames: {pattern: '^[a-c]$'}}
patternProperties:
  '^e': {if: {type: object}, then: {required: [a], minProperties: 2}, else: {type: [string, 'null'], minLength: 2}}
definitions:
  node:
    anyOf:
    - type: object
      additionalProperties: false
      properties: {a: {$ref: '#/definitions/node'}, b: {$ref: '#/definitions/secret'}, c: {type: array, contains: {type: integer}, items: {$ref: '#/definitions/node'}}}
    - {type: boolean}
    - {allOf: [{type: string}, {format: hostname}, {pattern: '[a-z]'}]}
  secret: {oneOf: [{type: string, maxLength: 3}, {type: number, maximum: 5}, {enum: [S3cret1, {a: b}]}], x-kanod-secret: true}
`,
  "schema",
).value as JsonSchema;

const key = fc.constantFrom("a", "b", "c", "d", "e", "e1", "f", "ab", "valueOf", "toString", "__proto__");
const leaf = fc.constantFrom<unknown>(1, 9, "a", "b", "_", "S3cret2", true, null, 1.5, "");

const { data } = fc.letrec((tie) => ({
  data: fc.oneof(
    { depthSize: "medium" },
    leaf,
    fc.array(tie("data"), { maxLength: 3 }),
    fc.dictionary(key, tie("data"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

test("problems are found exactly where the schema is broken, each with a place, and none shows a secret", () => {
  const validator = createValidator(schema);
  fc.assert(
    fc.property(fc.oneof(data, fc.dictionary(key, data, { noNullPrototype: true })), (value) => {
      const text = stringify(value);
      const document = parseYaml(text, "f");
      const problems = validateDocument(document, { schema, validator });
      expect(problems.length === 0).toBe(validator(value));
      for (const problem of problems) {
        expect(problem.source, problem.message).toBeDefined();
        expect(problem.message).not.toBe("");
        expect(problem.code).not.toBe("invalid");
      }
      const maskedLines = new Map([["f", secretLines(document, schema)]]);
      const isSecretOnly = !JSON.stringify(withoutSecrets(value)).includes("S3cret2");
      if (isSecretOnly) {
        expect(formatProblems(problems, { texts: new Map([["f", text]]), color: false, maskedLines })).not.toContain(
          "S3cret2",
        );
      }
    }),
    { numRuns: 3000 },
  );
});

/** The value without what the schema marks, told by hand for the schema above. */
function withoutSecrets(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { a, b, c, ...others } = value as Record<string, unknown>;
  return { ...others, a: nodeWithoutSecrets(a), b: Array.isArray(b) ? b.toSpliced(1, 1) : b, c: nodeWithoutSecrets(c) };
}

function nodeWithoutSecrets(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { a, b: _, c, ...others } = value as Record<string, unknown>;
  return { ...others, a: nodeWithoutSecrets(a), c: Array.isArray(c) ? c.map(nodeWithoutSecrets) : c };
}
