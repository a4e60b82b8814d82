import fc from "fast-check";
import { expect, test } from "vitest";
import { parseYaml } from "../../../../src/config/yaml.ts";
import { isPlainText, literalBlock } from "../../../../src/user-data/write/block.ts";

test.each<[string, string]>([
  ["a\n", "|\n  a\n"],
  ["a", "|-\n  a\n"],
  ["a\n\n", "|+\n  a\n\n"],
  ["", "|-\n\n"],
  ["\n", "|2+\n\n"],
  [" a\n", "|2\n   a\n"],
  ["\na\n", "|2\n\n  a\n"],
  ["a\n\n\tb\n", "|\n  a\n\n  \tb\n"],
])("%j is written as a block", (text, block) => {
  expect(literalBlock(text, 2)).toBe(block);
});

test("any text is read back as it was, and so is what follows it", () => {
  const unit = fc.constantFrom("a", " ", "\n", "\t", "#", ":", "-", "|", "é", "𝄞", "'", "\u00a0");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), (text) => {
      fc.pre(isPlainText(text));
      const source = `a:\n  b: ${literalBlock(text, 4)}c: 1\n`;
      expect(parseYaml(source, "f").value).toEqual({ a: { b: text }, c: 1 });
    }),
    { numRuns: 5000 },
  );
});

test("characters that break lines in one version of YAML only are told", () => {
  expect(["a\rb", " ", "a\n\t\n\n", "a\u0085", "\u2028", "\u2029", "\ufeff"].filter(isPlainText)).toEqual([]);
  expect(["", "a\n\tb", "\u00a0𝄞"].every(isPlainText)).toBe(true);
});
