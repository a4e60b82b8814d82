import fc from "fast-check";
import { expect, test } from "vitest";
import { markedBlock, withMarkedBlock } from "../../../src/kit/marked-block.ts";

test("adds, replaces and removes its own lines, and only these", () => {
  const original = "PATH=/bin\n# a comment\n";
  const first = withMarkedBlock(original, ["a=1", "b=2"]);
  expect(first.startsWith(original)).toBe(true);
  expect(markedBlock(first)).toEqual(["a=1", "b=2"]);
  const second = withMarkedBlock(`${first}LATER=1\n`, ["c=3"]);
  expect(markedBlock(second)).toEqual(["c=3"]);
  expect(second.startsWith(`${original}LATER=1\n`)).toBe(true);
  expect(withMarkedBlock(second, [])).toBe(`${original}LATER=1\n`);
});

test("ends a last line that has no end", () => {
  expect(withMarkedBlock("A=1", ["b=2"]).startsWith("A=1\n#")).toBe(true);
});

test("survives a mark without the other one", () => {
  const [begin = "", , end = ""] = withMarkedBlock("", ["x"]).split("\n");
  expect(withMarkedBlock(`${begin}\nA=1\n`, [])).toBe("A=1\n");
  expect(withMarkedBlock(`A=1\n${end}\n`, [])).toBe(`A=1\n${end}\n`);
  expect(markedBlock(`${begin}\nA=1\n`)).toEqual([]);
});

test("for any file: what is not ours stays, and doing it twice changes nothing", () => {
  const line = fc.string({ unit: "grapheme-ascii" }).filter((text) => !text.includes("\n"));
  const file = fc.array(line).map((lines) => (lines.length === 0 ? "" : `${lines.join("\n")}\n`));
  fc.assert(
    fc.property(file, fc.array(line, { minLength: 1 }), (text, lines) => {
      const written = withMarkedBlock(text, lines);
      expect(withMarkedBlock(written, lines)).toBe(written);
      expect(markedBlock(written)).toEqual(lines);
      expect(withMarkedBlock(written, [])).toBe(text);
    }),
  );
});
