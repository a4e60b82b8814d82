import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { problemCodes } from "../../../src/config/problem-codes.ts";

const root = new URL("../../..", import.meta.url).pathname;

/** The codes in the first columns of the tables of docs/problems.md, in order. */
function documented(): string[] {
  const page = readFileSync(`${root}/docs/problems.md`, "utf8");
  const cells = page.split("\n").flatMap((line) => /^\| (`[^|]+) \|/.exec(line)?.[1] ?? []);
  return cells.flatMap((cell) => [...cell.matchAll(/`([a-z0-9-]+)`/g)].map((match) => match[1] ?? ""));
}

test("docs/problems.md explains each code, and no other", () => {
  expect(documented()).toEqual([...problemCodes]);
});

test("each code is used by the sources of this layer, and each has a test that expects it", () => {
  const text = (pattern: string): string =>
    globSync(pattern, { cwd: root })
      .filter((file) => !file.includes("problem-codes"))
      .map((file) => readFileSync(`${root}/${file}`, "utf8"))
      .join("\n");
  const sources = text("src/config/*.ts");
  const tests = text("test/unit/config/*.test.ts");
  expect(problemCodes.filter((code) => !sources.includes(`"${code}"`))).toEqual([]);
  expect(problemCodes.filter((code) => !new RegExp(`[" ]${code}[" ]`).test(tests))).toEqual([]);
});
