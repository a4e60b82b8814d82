/** The package's program: which modules a command loads, and which program it is. */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import type { Facts } from "../../src/host/facts/facts.ts";
import { temporaryFolder } from "../support/cli.ts";
import { packageProgram, programFile } from "../support/compiled-agent.ts";

/** Writes the path of each module that is loaded to standard error. */
const hooks = `data:text/javascript,import { registerHooks } from "node:module";
registerHooks({ load: (url, context, next) => { console.error("loads " + url); return next(url, context); } });`;

async function loadedBy(...command: string[]): Promise<string[]> {
  const given = ["--import", hooks.replace("\n", ""), ...command];
  const { stderr, exitCode } = await execa(process.execPath, given, { reject: false });
  expect([exitCode, stderr]).toEqual([0, expect.anything()]);
  return [...stderr.matchAll(/^loads file:\S*\/(dist|node_modules)\/(\S+)$/gm)].map(
    ([, folder, file]) => `${folder}/${file}`,
  );
}

test("a command of the agent runs from the bundle, and loads no module besides", async () => {
  const loaded = await loadedBy(programFile, "validate", "contributions/ntp/example.yaml");
  expect(loaded.sort()).toEqual([
    "dist/bin/kanod-configure.js",
    "dist/cli/document-checks.js",
    "dist/cli/packaged.js",
    "dist/host/compiled-code.js",
    "dist/program.cjs",
  ]);
});

test("a document of the build side loads its check", async () => {
  const loaded = await loadedBy(programFile, "validate", "packaging/modules/demo/config.yaml");
  expect(loaded).toContain("dist/image/document-checks.js");
});

test("a command of the build side loads its modules", async () => {
  expect(await loadedBy(programFile, "compile", "--help")).toContain("dist/cli/compile.js");
});

/** pnpm and Yarn start the file itself, npm a link to it; either may have another name. */
test.each(["kanod-configure", "kanod-bootcmd", "kanod-runcmd", "kanod-image-builder"])(
  "the file of %s is that program under every name",
  async (name) => {
    const folder = temporaryFolder();
    for (const called of ["kanod-configure", "kanod-image-builder", "kanod-runcmd", "something-else"]) {
      const link = join(folder, called);
      symlinkSync(packageProgram(name), link);
      const { stdout, stderr, exitCode } = await execa(link, ["--no-such-option"], { reject: false });
      const told = expect.stringContaining(`(${name} --help tells more)`);
      expect([called, exitCode, stdout, stderr]).toEqual([called, 2, "", told]);
    }
  },
);

test("what is a command of kanod-configure is none of kanod-image-builder", async () => {
  const { stderr, exitCode } = await execa(packageProgram("kanod-image-builder"), ["validate"], { reject: false });
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/^kanod-image-builder: |^error: /)]);
});

test("a stage program runs from the bundle", async () => {
  expect(await loadedBy(packageProgram("kanod-runcmd"), "--version")).not.toContain("dist/index.js");
});

test.each([
  ["nosuch", "--help"],
  ["--help", "nosuch"],
  ["nosuch", "-h"],
  ["validat", "--help"],
])("an unknown command is one also with an option for help: %s %s", async (...args) => {
  const { stdout, stderr, exitCode } = await execa(programFile, args, { reject: false });
  expect([exitCode, stdout, stderr]).toEqual([2, "", expect.stringContaining("error: unknown command")]);
});

test("help is shown for the program and for its commands", async () => {
  for (const args of [["--help"], ["validate", "--help"], ["--help", "validate"]]) {
    const { stdout, exitCode } = await execa(programFile, args, { reject: false });
    expect([args, exitCode, stdout]).toEqual([args, 0, expect.stringContaining("Usage: kanod-configure")]);
  }
});

test("facts shows this machine, with what systeminformation knows", async () => {
  const { stdout } = await execa(programFile, ["facts", "--format", "json"]);
  const facts = JSON.parse(stdout) as Facts;
  expect(facts.processors).toMatchObject({ count: expect.any(Number), cores: expect.any(Number) });
  const { stdout: text } = await execa(programFile, ["facts"]);
  expect(text).toMatch(/^system .*\n(?:.*\n)*DISK +SIZE(?:.*\n)*INTERFACE +PERMANENT MAC/);
});

test("any program of ours is the child that asks systeminformation, a stage program too", async () => {
  const { stdout } = await execa(packageProgram("kanod-runcmd"), ["--print-hardware"]);
  expect(Object.keys(JSON.parse(stdout)).sort()).toEqual(["bios", "cpu", "disks", "system"]);
});
