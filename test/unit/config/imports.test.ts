import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** All modules that a source file imports before anything of it runs, its own and those of packages. */
function staticImports(file: string, found: Set<string> = new Set()): Set<string> {
  const url = new URL(file, import.meta.url);
  if (found.has(url.href)) return found;
  found.add(url.href);
  for (const [, clause, specifier = ""] of readFileSync(url, "utf8").matchAll(
    /^(?:import|export) ([^;]*?)from "([^"]+)";$/gms,
  )) {
    if (clause?.startsWith("type ")) continue;
    if (specifier.startsWith(".")) staticImports(new URL(specifier, url).href, found);
    else found.add(specifier);
  }
  return found;
}

/** On the machine the validators are generated ones: ajv would cost time and memory in each run. */
test.each([
  "config/yaml.ts",
  "config/validate.ts",
  "config/schema.ts",
  "config/compile-validator.ts",
  "report/text.ts",
])("%s does not load ajv", (file) => {
  const found = [...staticImports(`../../../src/${file}`)];
  expect(found.filter((each) => /ajv|generate-validators|formats/.test(each))).toEqual([]);
});

test("the look at imports finds them", () => {
  const found = [...staticImports("../../../src/config/check-schema.ts")];
  expect(found).toContain("ajv");
  expect(found).toContain("ajv-formats/dist/formats.js");
});
