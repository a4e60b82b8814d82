import { describe, expect, test } from "vitest";
import type { JsonSchema } from "../../../src/config/schema.ts";
import { parseYaml } from "../../../src/config/yaml.ts";
import { secretLines } from "../../../src/report/secret-lines.ts";
import { formatProblems } from "../../../src/report/text.ts";

const schema: JsonSchema = {
  properties: {
    vault: {
      properties: {
        role: {},
        secret_id: { "x-kanod-secret": true },
        token: { $ref: "#/definitions/token" },
        keys: { items: { properties: { passwd: { "x-kanod-secret": true } } } },
      },
    },
  },
  definitions: { token: { type: "string", "x-kanod-secret": true } },
};

function lines(text: string): number[] {
  return [...secretLines(parseYaml(text, "f"), schema)].sort((a, b) => a - b);
}

test.each([
  ["nothing secret", "vault:\n  role: a\n", []],
  ["one line", "vault:\n  role: a\n  secret_id: x\n", [3]],
  ["through $ref", "vault:\n  token: x\n", [2]],
  ["a block over several lines", "vault:\n  secret_id: |\n    x\n\n    y\n  role: a\n", [2, 3, 4, 5]],
  ["a quotation over several lines", 'vault:\n  secret_id: "x\n    y"\n  role: a\n', [2, 3]],
  ["below a secret", "vault:\n  secret_id:\n    a: x\n    b: [y,\n      z]\n  role: a\n", [3, 4, 5]],
  ["in a list", "vault:\n  keys:\n  - passwd: x\n  - {other: 1}\n  - {passwd: y}\n", [3, 5]],
  ["an alias, with its anchor", "x: &x |\n  S3cret\nvault:\n  secret_id: *x\n", [1, 2, 4]],
  ["what a merge key brings in", "x: &x\n  a: 1\n  secret_id: y\nvault:\n  <<: *x\n", [3]],
])("%s", (_, text, expected) => {
  expect(lines(text)).toEqual(expected);
});

describe("documents with errors", () => {
  test.each([
    ["a duplicate", "vault:\n  secret_id: x\n  role: a\n  secret_id: y\n", [2, 4]],
    ["a colon in a value, to which what follows then belongs", "vault:\n  secret_id: x: y\n  role: a\n", [2, 3]],
    [
      "a value that is not indented",
      "vault:\n  secret_id: |\nS3cret\n-----BEGIN X-----\nMII=\nrole: a\n",
      [2, 3, 4, 5],
    ],
    ["a tab", "vault:\n\tsecret_id: x\n  role: a\n", [2]],
    ["an item of a list", "vault:\n  keys:\n  - passwd: @x\n    y\n  - role: a\n", [3, 4]],
    ["a flow mapping that is not closed", "vault: {role: a, secret_id: x\n  y\nother: 1\n", [1, 2]],
    ["quoted keys", 'vault:\n  "secret_id": "x\n', [2]],
    ["a second document", "vault:\n  secret_id: x\n---\nvault:\n  secret_id: y\n", [2, 5]],
    ["an unresolved alias", "vault:\n  secret_id: *S3cret\n  role: a\n", [2]],
  ])("%s", (_, text, expected) => {
    expect(parseYaml(text, "f").problems).not.toEqual([]);
    expect(lines(text)).toEqual(expected);
  });

  test("of one that is no UTF-8", () => {
    const bytes = Buffer.concat([
      Buffer.from("vault:\n  secret_id: x"),
      Buffer.from([0xff]),
      Buffer.from("\n  role: a\n"),
    ]);
    expect([...secretLines(parseYaml(bytes, "f"), schema)]).toEqual([2]);
  });

  test.each([
    "S3cret: x",
    "*S3cret",
    "@S3cret",
    "'S3cret",
    '"S3cret',
    "[S3cret",
    "{S3cret",
    "!S3cret x: y",
    "|S3cret",
    "\n\tS3cret",
    "|\nS3cret",
    "%S3cret\n%S3cret",
  ])("nothing that is shown holds the secret: %j", (value) => {
    for (const key of ["secret_id", '"secret_id"', "secret_id ", "? secret_id\n  "]) {
      const text = `vault:\n  ${key}: ${value}\n  role: x: y\n`;
      const document = parseYaml(text, "f");
      const maskedLines = new Map([["f", secretLines(document, schema)]]);
      const output = formatProblems(document.problems, { texts: new Map([["f", text]]), color: false, maskedLines });
      expect(output).not.toContain("S3cret");
    }
  });
});
