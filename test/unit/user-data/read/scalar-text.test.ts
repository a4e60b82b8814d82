import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Document, Scalar } from "yaml";
import { parseYaml } from "../../../../src/config/yaml.ts";
import { fileText, type PlacedText } from "../../../../src/user-data/read/placed-text.ts";
import { ScalarTexts } from "../../../../src/user-data/read/scalar-text.ts";

const styles = [
  Scalar.PLAIN,
  Scalar.QUOTE_DOUBLE,
  Scalar.QUOTE_SINGLE,
  Scalar.BLOCK_LITERAL,
  Scalar.BLOCK_FOLDED,
] as const;

/** A YAML text whose `/a/0/b` is the value, written in the style as far as YAML can. */
function written(value: string, type: (typeof styles)[number], lineWidth: number): string {
  const document = new Document({ "é𝄞": 1, a: [{ b: value }, "behind"] });
  const node = document.getIn(["a", 0, "b"], true) as Scalar;
  node.type = type;
  return document.toString({ lineWidth });
}

/** The text at `/a/0/b`, with its places. Not all that the yaml package writes can be read again, or reads the same. */
function placedText(source: string): { text: string; placed: PlacedText } {
  const document = parseYaml(source, "f");
  fc.pre(document.problems.length === 0);
  const text = (document.value as { a: [{ b: string }] }).a[0].b;
  fc.pre(typeof text === "string");
  return { text, placed: new ScalarTexts(document, fileText("f", source)).text("/a/0/b", text) };
}

/** The character that stands at a line and column of a text. */
function characterAt(source: string, line: number, column: number): string | undefined {
  return [...(source.split("\n")[line - 1] ?? "")][column - 1];
}

const styled = fc.constantFrom(...styles);
const widths = fc.constantFrom(0, 20, 80);
const wildLine = fc.string({
  unit: fc.constantFrom("a", "b", " ", "é", "𝄞", "'", '"', "\\", ":", "#", "-", "\t"),
  maxLength: 30,
});
const wild = fc.array(wildLine, { maxLength: 6 }).map((lines) => lines.join("\n"));
/** Texts as people write them: no tabs, and no blanks at the ends of lines. */
const ordinary = fc
  .array(wildLine, { maxLength: 6 })
  .map((lines) => lines.map((line) => line.replaceAll("\t", " ").trim()).join("\n"))
  .filter((text) => text.trim() !== "");

describe("a character of a text within YAML", () => {
  test("is found where it stands in the file", () => {
    let found = 0;
    fc.assert(
      fc.property(wild, styled, widths, (content, style, lineWidth) => {
        const source = written(content, style, lineWidth);
        const { text, placed } = placedText(source);
        for (const { index, 0: character } of text.matchAll(/\S/gu)) {
          const { source: range, decoded } = placed.place(index, index + character.length);
          if (decoded !== undefined) return;
          const there = characterAt(source, range.line, range.column);
          // An escape sequence, or a doubled quote, stands for the character.
          if (there !== "\\" && there !== character) throw new Error(`${there} instead of ${character}`);
          found++;
        }
      }),
      { numRuns: 1500 },
    );
    expect(found).toBeGreaterThan(5000);
  });

  test("has a place of its own in any text that is written as people do", () => {
    fc.assert(
      fc.property(ordinary, styled, widths, (content, style, lineWidth) => {
        const { placed, text } = placedText(written(content, style, lineWidth));
        expect(placed.place(0, text.length).decoded).toBeUndefined();
      }),
      { numRuns: 1500 },
    );
  });
});

test.each<[string, string, string, [number, number]]>([
  ["a block with a comment in its header", "a:\n- b: |2- # why\n      x\n     yz\n", "z", [4, 7]],
  ["a block with CRLF", "a:\r\n- b: |\r\n    x\r\n    yz\r\n", "z", [4, 6]],
  ["a folded block with a paragraph", "a:\n- b: >-\n    x\n    y\n\n    z\n", "z", [6, 5]],
  ["an escaped character before it", 'a:\n- b: "\\u00e9\\U0001F600\\x41z"\n', "z", [2, 27]],
  ["an escaped line break", 'a:\n- b: "x\\\n    z"\n', "z", [3, 5]],
  ["two quotes for one", "a:\n- b: 'it''s z'\n", "z", [2, 13]],
  ["a plain text on two lines", "a:\n- b: x\n    z\n", "z", [3, 5]],
  ["an anchor before it", "a:\n- b: &anchor !!str |\n    xz\n", "z", [3, 6]],
])("%s", (_, source, character, [line, column]) => {
  const { text, placed } = placedText(source);
  const at = text.indexOf(character);
  expect(placed.place(at, at + 1)).toEqual({ source: { file: "f", line, column, endColumn: column + 1 } });
});

test("an alias is taken as a whole", () => {
  const source = "x: &x |\n  name\na:\n- b: *x\n";
  const { placed } = placedText(source);
  expect(placed.place(1, 2)).toEqual({
    source: { file: "f", line: 4, column: 6, endColumn: 8 },
    decoded: { file: "f", line: 1, column: 2, endColumn: 3 },
  });
});
