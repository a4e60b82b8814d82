import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { checkSchema } from "../../../src/config/check-schema.ts";
import { jsonPointer } from "../../../src/config/problem.ts";
import { parseYaml, parseYamlStream, type YamlDocument } from "../../../src/config/yaml.ts";
import { secretLines } from "../../../src/report/secret-lines.ts";
import { formatProblems } from "../../../src/report/text.ts";
import { corpusFiles, hasCorpus } from "../../support/corpus.ts";

/** Whatever the input, the documents are well formed: places lie within the text, and errors mean no value. */
function checkDocument(document: YamlDocument): void {
  const lines = document.text.split(/\r?\n/);
  for (const { source, code, message } of document.problems) {
    expect(code).toMatch(/^[a-z0-9-]+$/);
    expect(message).not.toBe("");
    if (source === undefined) continue;
    const characters = [...(lines[source.line - 1] ?? "no such line")].length;
    expect(source.line).toBeGreaterThan(0);
    expect(source.line).toBeLessThanOrEqual(lines.length);
    expect(source.column).toBeGreaterThan(0);
    expect(source.endColumn).toBeGreaterThanOrEqual(source.column);
    expect(source.endColumn).toBeLessThanOrEqual(characters + 1);
  }
  expect(document.value === undefined).toBe(document.problems.length > 0);
  for (const pointer of ["", "/a", "/a/0/b", "/spec/x~1y"]) {
    document.locate(pointer, "key");
    document.linesOf(pointer);
  }
}

function checkAll(input: string | Uint8Array): void {
  for (const document of [parseYaml(input, "f"), ...parseYamlStream(input, "f")]) checkDocument(document);
}

const sign = fc.constantFrom(
  ..."abc012 \n\n\t-?:,[]{}#&*!|>'\"%@`~.<=\\/_",
  "  ",
  "\n  ",
  "\n- ",
  ": ",
  "? ",
  "- ",
  "a: ",
  "<<: ",
  "*a",
  "&a ",
  "!!str ",
  "---\n",
  "...\n",
  "|\n  ",
  "\r\n",
  "\ufeff",
  "ü",
  "😀",
  "\ud800",
  "\u0000",
  "\u001f",
  "\u0018",
  "\u0002",
  "%YAML 1.1\n---\n",
  "__proto__: ",
);

test("any text of YAML's signs", () => {
  fc.assert(
    fc.property(
      fc.array(sign, { maxLength: 60 }).map((parts) => parts.join("")),
      checkAll,
    ),
    { numRuns: 2000 },
  );
});

test("any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), checkAll), { numRuns: 500 });
});

test("what is written is read again, and each value is found where it stands", () => {
  const key = fc.string({ maxLength: 8 }).filter((text) => !/[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(text) && text !== "<<");
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof({ depthSize: "small" }, tie("leaf"), fc.array(tie("tree"), { maxLength: 4 }), tie("mapping")),
    mapping: fc.array(fc.tuple(key, tie("tree")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
    leaf: fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), key),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      const text = stringify(value, { lineWidth: 0 });
      const document = parseYaml(text, "f");
      expect(document.problems).toEqual([]);
      expect(document.value).toEqual(value);
      checkPlaces(document, value, []);
    }),
    { numRuns: 300 },
  );
});

/** The text at the place of a scalar is that scalar. */
function checkPlaces(document: YamlDocument, value: unknown, path: (string | number)[]): void {
  if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) checkPlaces(document, item, [...path, key]);
    return;
  }
  const place = document.locate(jsonPointer(path));
  const line = [...(document.text.split("\n")[(place?.line ?? 0) - 1] ?? "")];
  const text = line.slice((place?.column ?? 1) - 1, (place?.endColumn ?? 1) - 1).join("");
  expect(parseYaml(text, "f").value).toEqual(value);
}

test.skipIf(!hasCorpus)("public files with pieces removed, doubled and exchanged", () => {
  const texts = corpusFiles("**/*.yaml")
    .map(({ text }) => text)
    .filter((text) => text.length < 20_000);
  const mutation = fc.record({
    at: fc.nat(20_000),
    length: fc.nat(40),
    kind: fc.constantFrom("cut", "double", "insert"),
    sign,
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      (original, mutations) => {
        let text = original;
        for (const { at, length, kind, sign: inserted } of mutations) {
          const start = at % (text.length + 1);
          const piece = text.slice(start, start + length);
          const middle = kind === "cut" ? "" : kind === "double" ? piece + piece : inserted + piece;
          text = text.slice(0, start) + middle + text.slice(start + length);
        }
        checkAll(text);
        const document = parseYaml(text, "f");
        const masked = secretLines(document, { properties: { network: { "x-kanod-secret": true } } });
        formatProblems([...document.problems, ...checkSchema(document.value, document.locate)], {
          texts: new Map([["f", text]]),
          color: true,
          maskedLines: new Map([["f", masked]]),
        });
      },
    ),
    { numRuns: 300 },
  );
});
