import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { joinNotices, noticesOf } from "../../../src/compile/notices.ts";
import { temporaryFolder } from "../../support/cli.ts";

function packageWith(files: Readonly<Record<string, string>>): string {
  const folder = join(temporaryFolder(), "node_modules/folder-name");
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const manifest = (name: string, more: object = {}): string => JSON.stringify({ name, version: "1.2.3", ...more });

test.each([
  [
    "all files that want to go along",
    { "package.json": manifest("b", { license: "MIT" }), "LICENSE.md": "Do.\r\n", NOTICE: "Ours.\n", "index.js": "1" },
    "b 1.2.3 (MIT)\n\nDo.\n\nOurs.\n",
  ],
  [
    "the end of a README that says it",
    { "package.json": manifest("b"), "README.md": "# b\n\n## Usage\n\n## License (MIT)\n\nDo.\n" },
    "b 1.2.3\n\n## License (MIT)\n\nDo.\n",
  ],
  ["no text where there is none", { "package.json": manifest("b"), "README.md": "A licence? None.\n" }, "b 1.2.3\n"],
  ["an old form of the licence", { "package.json": manifest("b", { license: { type: "MIT" } }) }, "b 1.2.3\n"],
  ["the folder's name without a package.json", { COPYING: "Do." }, "folder-name\n\nDo.\n"],
])("the notice of a package has %s", async (_, files, notice) => {
  expect(await noticesOf([packageWith(files)])).toBe(notice);
});

test("notices are sorted, and each is there once", async () => {
  const [one, other] = await Promise.all(
    ["b", "a"].map((name) => noticesOf([packageWith({ "package.json": manifest(name) })])),
  );
  const both = joinNotices([one ?? "", joinNotices([other ?? "", one ?? ""])]);
  expect(both.split(/\n\n-+\n\n/)).toEqual(["a 1.2.3", "b 1.2.3\n"]);
});
