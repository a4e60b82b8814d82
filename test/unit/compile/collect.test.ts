import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { BuildError } from "../../../src/compile/build-error.ts";
import { collectContributions } from "../../../src/compile/collect.ts";
import { elementOfFolder } from "../../../src/compile/elements.ts";
import type { Problem } from "../../../src/config/problem.ts";
import { temporaryFolder } from "../../support/cli.ts";

/** Writes files below a new folder, and gives its path. */
function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function problemsOf(work: Promise<unknown>): Promise<readonly Problem[]> {
  try {
    await work;
  } catch (error) {
    if (error instanceof BuildError) return error.problems;
    throw error;
  }
  throw new Error("it found nothing wrong");
}

/** Code and file, relative to the folder, of each problem. */
function brief(problems: readonly Problem[], folder: string): string[] {
  return problems.map(({ code, source }) => [code, source?.file.replace(`${folder}/`, "")].join(" ").trim());
}

test("contributions, declarations and templates are found, sorted by name", async () => {
  const folder = folderWith({
    "el/schema.yaml": "properties: {}\n",
    "el/kanod/b.ts": "",
    "el/kanod/a.js": "",
    "el/kanod/Z.mjs": "",
    "el/kanod/types.d.ts": "",
    "el/kanod/a.test.ts": "",
    "el/kanod/.b.ts.swp": "",
    "el/kanod/.hidden.ts": "",
    "el/kanod/README.md": "",
    "el/kanod/lib/helper.ts": "",
    "el/kanod/templates/two.j2": "2",
    "el/kanod/templates/one.conf": "1",
    "el/kanod/templates/.one.conf.swp": "",
  });
  const [element, ...others] = await collectContributions([elementOfFolder(join(folder, "el"))]);
  expect(others).toEqual([]);
  expect(element).toMatchObject({
    name: "el",
    path: join(folder, "el"),
    schema: "properties: {}\n",
    contributions: ["kanod/Z.mjs", "kanod/a.js", "kanod/b.ts"],
    declarations: ["kanod/types.d.ts"],
    templates: [
      { name: "one.conf", file: "kanod/templates/one.conf", text: "1" },
      { name: "two.j2", file: "kanod/templates/two.j2", text: "2" },
    ],
  });
});

test("elements keep the order in which they are given, and links to them are followed", async () => {
  const folder = folderWith({ "b/schema.yaml": "a: 1", "a/schema.yaml": "b: 1" });
  symlinkSync(join(folder, "a"), join(folder, "link"));
  const elements = await collectContributions([
    { name: "b", path: join(folder, "b") },
    { name: "a", path: join(folder, "link") },
  ]);
  expect(elements.map(({ name, folder: real }) => [name, real])).toEqual([
    ["b", join(folder, "b")],
    ["a", join(folder, "a")],
  ]);
});

test("an element that brings nothing is an error where the user named it, and ignored in an image", async () => {
  const folder = folderWith({ "el/README.md": "" });
  const element = elementOfFolder(join(folder, "el"));
  expect(brief(await problemsOf(collectContributions([element])), folder)).toEqual(["empty-element"]);
  expect(await collectContributions([{ ...element, optional: true }])).toEqual([]);
});

test("a missing folder, and a file in its place, are reported also for elements of an image", async () => {
  const folder = folderWith({ file: "" });
  const elements = ["missing", "file"].map((name) => ({ name, path: join(folder, name), optional: true }));
  const problems = await problemsOf(collectContributions(elements));
  expect(brief(problems, folder)).toEqual(["no-element", "no-element"]);
  expect(problems.map(({ message }) => message)).toEqual([
    `element \`missing\`: \`${join(folder, "missing")}\` does not exist`,
    `element \`file\`: \`${join(folder, "file")}\` is not a folder`,
  ]);
});

test("files that look like contributions and are none are reported, with what to do", async () => {
  const folder = folderWith({
    "el/kanod/greeter.py": "",
    "el/kanod/a.cjs": "",
    "el/kanod/b.mts": "",
    "el/kanod/c.ts": "",
    "el/kanod/c.js": "",
  });
  symlinkSync("nowhere", join(folder, "el/kanod/d.ts"));
  const problems = await problemsOf(collectContributions([elementOfFolder(join(folder, "el"))]));
  expect(brief(problems, folder).sort()).toEqual([
    "bad-contribution",
    "bad-contribution el/kanod/a.cjs",
    "bad-contribution el/kanod/b.mts",
    "python-contribution el/kanod/greeter.py",
    "same-module el/kanod/c.js",
  ]);
  expect(problems.filter(({ code, hint }) => code !== "bad-contribution" && hint === undefined)).toEqual([]);
});

test("two templates of one name are reported at the second one", async () => {
  const folder = folderWith({
    "one/kanod/templates/same.j2": "",
    "two/kanod/templates/same.j2": "",
    "two/kanod/templates/other.j2": "",
  });
  const elements = ["one", "two"].map((name) => elementOfFolder(join(folder, name)));
  const problems = await problemsOf(collectContributions(elements));
  expect(brief(problems, folder)).toEqual(["duplicate-template two/kanod/templates/same.j2"]);
  expect(problems[0]?.message).toContain("one/kanod/templates/same.j2");
});

test("two elements of one name are reported", async () => {
  const folder = folderWith({ "a/el/schema.yaml": "a: 1", "b/el/schema.yaml": "a: 1" });
  const elements = ["a/el", "b/el"].map((name) => elementOfFolder(join(folder, name)));
  expect(brief(await problemsOf(collectContributions(elements)), folder)).toEqual(["duplicate-element"]);
});

test("schemas and templates that are no UTF-8, or no files, are reported", async () => {
  const folder = folderWith({
    "el/schema.yaml": new Uint8Array([0xff, 0xfe, 0x00]),
    "el/kanod/templates/a.j2": new Uint8Array([0xc3, 0x28]),
    "other/schema.yaml/file": "",
  });
  const elements = ["el", "other"].map((name) => elementOfFolder(join(folder, name)));
  expect(brief(await problemsOf(collectContributions(elements)), folder).sort()).toEqual([
    "not-utf8 el/kanod/templates/a.j2",
    "not-utf8 el/schema.yaml",
    "unreadable-file",
  ]);
});
