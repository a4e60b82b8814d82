import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildProblemCodes } from "../../../src/compile/build-error.ts";

const root = new URL("../../..", import.meta.url).pathname;

function textOf(pattern: string): string {
  const files = globSync(pattern, { cwd: root }).filter((file) => !file.endsWith("build-error.ts"));
  return files.map((file) => readFileSync(`${root}/${file}`, "utf8")).join("\n");
}

test("docs/build-problems.md explains each code, and no other", () => {
  const lines = textOf("docs/build-problems.md").split("\n");
  expect(lines.flatMap((line) => /^\| `([a-z0-9-]+)` \|/.exec(line)?.[1] ?? [])).toEqual([...buildProblemCodes]);
});

test("each code has a test that expects it, and those that the agent does not give are used by the build", () => {
  const tests = textOf("test/unit/{compile,image}/**/*.test.ts") + textOf("test/blackbox/*.test.ts");
  expect(buildProblemCodes.filter((code) => !new RegExp(`["[ ]${code}["\\] ]`).test(tests))).toEqual([]);
  const sources = textOf("src/{compile,image}/**/*.ts") + textOf("src/agent/*.ts") + textOf("src/cli/*.ts");
  expect(buildProblemCodes.filter((code) => !sources.includes(`"${code}"`))).toEqual([]);
});
