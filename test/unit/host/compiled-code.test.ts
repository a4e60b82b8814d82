import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Script } from "node:vm";
import { expect, test } from "vitest";
import { CompiledCode } from "../../../src/host/compiled-code.ts";
import { temporaryFolder } from "../../support/cli.ts";

const user = process.geteuid?.();
const use = { user, node: "v1", command: "validate" };
const text = "(() => { const lazy = () => [1, 2, 3].map((each) => each * 2); return lazy; })()";

function scriptsFolder(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "a.cjs"), text);
  return folder;
}

/** A run of a program: evaluates the script with the code that is kept. Returns whether V8 took it. */
function run(folder: string, given = use, source = text): boolean {
  const code = CompiledCode.open(folder, given);
  const script = new Script(source, { filename: "a.cjs", cachedData: code?.of("a.cjs") });
  (script.runInThisContext() as () => unknown)();
  code?.keep("a.cjs", script);
  code?.save();
  return script.cachedDataRejected === false;
}

const filesIn = (folder: string): string[] =>
  readdirSync(join(folder, ".cache"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith("code"));

test("the second run of a command takes what the first one kept, of another command and another Node it does not", () => {
  const folder = scriptsFolder();
  expect(run(folder)).toBe(false);
  expect(run(folder)).toBe(true);
  expect(run(folder, { ...use, command: "plan" })).toBe(false);
  expect(run(folder, { ...use, node: "v2" })).toBe(false);
  expect(filesIn(folder)).toHaveLength(3);
});

test("only the owner can read or write it", () => {
  const folder = scriptsFolder();
  run(folder);
  for (const name of ["", "v1", "v1/validate"]) expect(statSync(join(folder, ".cache", name)).mode & 0o777).toBe(0o700);
  const [file = ""] = filesIn(folder);
  expect(statSync(join(folder, ".cache", file)).mode & 0o777).toBe(0o600);
});

test("another user uses none", () => {
  const folder = scriptsFolder();
  run(folder);
  expect(CompiledCode.open(folder, { ...use, user: (user ?? 0) + 1 })).toBeUndefined();
  expect(CompiledCode.open(folder, { ...use, user: undefined })).toBeUndefined();
});

test.each([
  ["scripts", ""],
  ["cache", ".cache"],
  ["command's", ".cache/v1/validate"],
])("none is used where others can write to the %s folder", (_, name) => {
  const folder = scriptsFolder();
  run(folder);
  chmodSync(join(folder, name), 0o770);
  expect(CompiledCode.open(folder, use)).toBeUndefined();
});

test("a link in the place of the folder is not followed", () => {
  const [folder, elsewhere] = [scriptsFolder(), temporaryFolder()];
  symlinkSync(elsewhere, join(folder, ".cache"));
  expect(CompiledCode.open(folder, use)).toBeUndefined();
  expect(readdirSync(elsewhere)).toEqual([]);
});

test("a script that was replaced, even by one of the same length, and damaged code are compiled anew", () => {
  const folder = scriptsFolder();
  run(folder);
  utimesSync(join(folder, "a.cjs"), 1, 1);
  expect(run(folder)).toBe(false);
  for (const file of filesIn(folder)) writeFileSync(join(folder, ".cache", file), "damaged");
  // Within a process V8 remembers scripts by their texts, and does not look at the code.
  expect(run(folder, use, text.replace("3", "4"))).toBe(false);
  expect(run(folder, use, text.replace("3", "5"))).toBe(true);
});

test("a folder that vanishes, or cannot be made, is no failure", () => {
  const folder = scriptsFolder();
  const code = CompiledCode.open(folder, use);
  rmSync(join(folder, ".cache"), { recursive: true });
  code?.keep("a.cjs", new Script(text));
  code?.save();
  writeFileSync(join(folder, ".cache"), "");
  expect(run(folder)).toBe(false);
  mkdirSync(join(folder, "empty"));
  expect(CompiledCode.open(join(folder, "none"), use)).toBeUndefined();
});
