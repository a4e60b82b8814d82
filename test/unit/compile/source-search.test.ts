import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findString } from "../../../src/compile/source-search.ts";
import { temporaryFolder } from "../../support/cli.ts";

test("a text is found between quotes of any kind, with columns in characters", async () => {
  const path = join(temporaryFolder(), "a.ts");
  writeFileSync(path, "// tiny in a comment\nconst 𝒳 = 1; import 'tiny';\nimport \"other\"; import(`third`);\n");
  expect(await findString(["tiny"], path, "el/a.ts")).toEqual({ file: "el/a.ts", line: 2, column: 21, endColumn: 27 });
  expect(await findString(["none", "third"], path, "a")).toEqual({ file: "a", line: 3, column: 24, endColumn: 31 });
  expect(await findString(["none"], path, "a")).toBeUndefined();
  expect(await findString(["tiny"], join(path, "missing"), "a")).toBeUndefined();
});
