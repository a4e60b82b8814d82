import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { problemCodes } from "../../../src/config/problem-codes.ts";
import { embeddedCodes } from "../../../src/user-data/read/codes.ts";

const root = new URL("../../..", import.meta.url).pathname;

const around = "## What stands around a configuration";

/** The codes in the first columns of the tables of a part of docs/problems.md, in order. */
function documented(part: string): string[] {
  const cells = part.split("\n").flatMap((line) => /^\| (`[^|]+) \|/.exec(line)?.[1] ?? []);
  return cells.flatMap((cell) => [...cell.matchAll(/`([a-z0-9-]+)`/g)].map((match) => match[1] ?? ""));
}

test("docs/problems.md explains each code, and no other", () => {
  const page = readFileSync(`${root}/docs/problems.md`, "utf8");
  const [before = "", embedded = "", after = ""] = page.split(new RegExp(`${around}|(?=## A schema)`));
  expect(documented(before + after)).toEqual([...problemCodes]);
  expect(documented(embedded)).toEqual([...embeddedCodes]);
});

test.each([
  { codes: problemCodes, sourceFiles: "src/config/*.ts", testFiles: "test/unit/config/*.test.ts" },
  {
    codes: embeddedCodes,
    sourceFiles: "src/user-data/read/*.ts",
    testFiles: "test/unit/user-data/read/*.test.ts",
  },
])("each code is used by $sourceFiles, and each has a test that expects it", ({ codes, sourceFiles, testFiles }) => {
  const text = (pattern: string): string =>
    globSync(pattern, { cwd: root })
      .filter((file) => !/codes\.(?:test\.)?ts$/.test(file))
      .map((file) => readFileSync(`${root}/${file}`, "utf8"))
      .join("\n");
  const sources = text(sourceFiles);
  const tests = text(testFiles);
  expect(codes.filter((code) => !sources.includes(`"${code}"`))).toEqual([]);
  expect(codes.filter((code) => !new RegExp(`[" ]${code}["| $]`).test(tests))).toEqual([]);
});
