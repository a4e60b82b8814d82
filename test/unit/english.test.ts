/** Phrases that read as if translated do not come back: CONTRIBUTING.md says what to write instead. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const phrases = /\b(?:has|have) to be\b|\bstands? beside\b|\b(?:is|are) told\b|\bthe ancestor(?!s? of)\b/i;

test("sources and guides are written in plain English", () => {
  const rooms = "src/{log,config,host,agent,report,cli}/**/*.ts";
  const files = globSync([rooms, "README.md", "docs/*.md", "docs/decisions/*.md", "schema/*.yaml"], { cwd: root });
  // The descriptions in the schemas of elements are those of their owners.
  const own = files.filter((file) => file !== "docs/configuration.md");
  const found = own.flatMap((file) => {
    const lines = readFileSync(join(root, file), "utf8").split("\n");
    return lines.flatMap((line, index) => (phrases.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
  });
  expect(found).toEqual([]);
});
