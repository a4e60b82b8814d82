import { structuredPatch } from "diff";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hunksOfNew } from "../../../src/report/plan.ts";

test("of a new file all is new, in the form that the diff package gives it", () => {
  const content = fc.string({ unit: fc.constantFrom("a", "é", "\n", "\r", " ", "\t", "\\", "\u2028") });
  fc.assert(
    fc.property(content, (text) => {
      expect(hunksOfNew(text)).toEqual(structuredPatch("x", "x", "", text).hunks);
    }),
    { numRuns: 1000 },
  );
});
