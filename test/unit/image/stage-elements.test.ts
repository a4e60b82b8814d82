import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { stageElements } from "../../../src/image/stage-elements.ts";
import { temporaryFolder } from "../../support/cli.ts";

function element(folder: string, files: readonly string[]): string {
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), file, { mode: file.includes(".d/") ? 0o755 : 0o644 });
  }
  return folder;
}

test("what only authors need is left out, where an element has it; folders deeper down keep these names", async () => {
  const folder = temporaryFolder();
  const one = element(join(folder, "one"), [
    ...["kanod/main.ts", "test/a.test.ts", "node_modules/x/index.js", "build/agent", "element-deps"],
    ...["install.d/50-one", "static/usr/build/x"],
  ]);
  const plain = element(join(folder, "plain"), ["install.d/50-plain"]);
  const staged = await stageElements(
    [
      { name: "one", folder: one },
      { name: "plain", folder: plain },
    ],
    join(folder, "staged"),
  );
  expect(staged).toBe(join(folder, "staged"));
  expect(readdirSync(join(folder, "staged"))).toEqual(["one"]);
  expect(readdirSync(join(folder, "staged/one")).sort()).toEqual(["element-deps", "install.d", "static"]);
  expect(readFileSync(join(folder, "staged/one/static/usr/build/x"), "utf8")).toBe("static/usr/build/x");
  expect(statSync(join(folder, "staged/one/install.d/50-one")).mode & 0o777).toBe(0o755);
});

test("an element in a folder with a space is copied; without need nothing is", async () => {
  const folder = temporaryFolder();
  const spaced = element(join(folder, "with space/two"), ["install.d/50-two"]);
  const staged = join(folder, "staged");
  expect(await stageElements([{ name: "two", folder: spaced }], staged)).toBe(staged);
  expect(readdirSync(join(staged, "two/install.d"))).toEqual(["50-two"]);
  const plain = element(join(folder, "plain"), ["install.d/50-plain"]);
  expect(await stageElements([{ name: "plain", folder: plain }], join(folder, "none"))).toBeUndefined();
});
