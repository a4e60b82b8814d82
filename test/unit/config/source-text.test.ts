import fc from "fast-check";
import { expect, test } from "vitest";
import { SourceText } from "../../../src/config/source-text.ts";

test.each([
  ["the first character", "abc\ndef", 0, 1, { line: 1, column: 1, endColumn: 2 }],
  ["a second line", "abc\ndef", 5, 7, { line: 2, column: 2, endColumn: 4 }],
  ["a range over lines, cut at the first", "abc\ndef", 1, 7, { line: 1, column: 2, endColumn: 4 }],
  ["CRLF, which is not part of the line", "abc\r\ndef", 1, 9, { line: 1, column: 2, endColumn: 4 }],
  ["the line break itself", "abc\r\ndef", 4, 5, { line: 1, column: 4, endColumn: 4 }],
  ["the end", "abc\n", 4, 4, { line: 2, column: 1, endColumn: 1 }],
  ["beyond the end", "abc", 10, 20, { line: 1, column: 4, endColumn: 4 }],
  ["before the start", "abc", -1, 1, { line: 1, column: 1, endColumn: 2 }],
  ["an empty text", "", 0, 1, { line: 1, column: 1, endColumn: 1 }],
  ["characters beyond the basic plane", "😀a😀b", 3, 5, { line: 1, column: 3, endColumn: 4 }],
])("%s", (_, text, start, end, expected) => {
  expect(new SourceText("f", text).range(start, end)).toEqual({ file: "f", ...expected });
});

test("columns count code points wherever they are in a long text", () => {
  const character = fc.constantFrom("a", "é", "😀", "\n", "\ud83d", "\ude00");
  const texts = fc.array(character, { minLength: 1, maxLength: 4000 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(texts, fc.nat(4000), (text, at) => {
      const offset = Math.min(at, text.length);
      const { line, column } = new SourceText("f", text).range(offset, offset);
      const lines = text.slice(0, offset).split("\n");
      expect(line).toBe(lines.length);
      expect(column).toBe([...(lines.at(-1) ?? "")].length + 1);
    }),
    { numRuns: 60 },
  );
});
