/** The package's program: which modules a command loads, and which program it is. */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/cli.ts";
import { programFile } from "../support/compiled-agent.ts";

/** Writes the path of each module that is loaded to standard error. */
const hooks = `data:text/javascript,import { registerHooks } from "node:module";
registerHooks({ load: (url, context, next) => { console.error("loads " + url); return next(url, context); } });`;

async function loadedBy(...args: string[]): Promise<string[]> {
  const given = ["--import", hooks.replace("\n", ""), programFile, ...args];
  const { stderr, exitCode } = await execa(process.execPath, given, { reject: false });
  expect([exitCode, stderr]).toEqual([0, expect.anything()]);
  return [...stderr.matchAll(/^loads file:\S*\/(dist|node_modules)\/(\S+)$/gm)].map(
    ([, folder, file]) => `${folder}/${file}`,
  );
}

test("a command of the agent runs from the bundle, and loads no module besides", async () => {
  const loaded = await loadedBy("validate", "contributions/ntp/example.yaml");
  expect(loaded.sort()).toEqual(["dist/bin.js", "dist/cli/document-checks.js", "dist/program.cjs"]);
});

test("a document of the build side loads its check", async () => {
  const loaded = await loadedBy("validate", "packaging/modules/demo/config.yaml");
  expect(loaded).toContain("dist/image/document-checks.js");
});

test("a command of the build side loads its modules", async () => {
  expect(await loadedBy("compile", "--help")).toContain("dist/cli/compile.js");
});

test("what is a command of kanod-configure is none of kanod-image-builder", async () => {
  const program = join(temporaryFolder(), "kanod-image-builder");
  symlinkSync(programFile, program);
  const { stderr, exitCode } = await execa(program, ["validate"], { reject: false });
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/^kanod-image-builder: |^error: /)]);
});
