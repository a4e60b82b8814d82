import { expect, test } from "vitest";
import {
  escapePointerPart,
  jsonPointer,
  type Problem,
  pointerParts,
  sortProblems,
} from "../../../src/config/problem.ts";

test("pointers escape what RFC 6901 says, and are read back", () => {
  const parts = ["a/b", "m~n", "", "~1", "0"];
  expect(jsonPointer(parts)).toBe("/a~1b/m~0n//~01/0");
  expect(pointerParts(jsonPointer(parts))).toEqual(parts);
  expect(escapePointerPart("~/")).toBe("~0~1");
  expect(pointerParts("")).toEqual([]);
});

test("problems stand in the order of the text, files in the order in which they came", () => {
  const at = (file: string, line: number, column: number): Problem => ({
    severity: "error",
    code: "unknown-key",
    pointer: "",
    message: `${file}:${line}:${column}`,
    source: { file, line, column, endColumn: column },
  });
  const again = { ...at("z", 2, 1), code: "too-deep" as const };
  const nowhere: Problem = { severity: "note", code: "template", pointer: "", message: "nowhere" };
  const sorted = sortProblems([at("z", 2, 1), again, at("a", 1, 1), at("z", 1, 9), nowhere, at("z", 1, 10)]);
  expect(sorted.map(({ code, message }) => `${code} ${message}`)).toEqual([
    "template nowhere",
    "unknown-key z:1:9",
    "unknown-key z:1:10",
    "too-deep z:2:1",
    "unknown-key z:2:1",
    "unknown-key a:1:1",
  ]);
});
