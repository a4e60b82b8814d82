/** `kanod-configure explain`, and the examples of its codes against `validate`. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { knownCodes } from "../../src/config/codes/find-code.ts";
import { temporaryFolder } from "../support/cli.ts";

const program = fileURLToPath(new URL("../../dist/bin/kanod-configure.js", import.meta.url));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

test("it lists all codes, and explains one as messages show it", () => {
  const all = run("explain");
  expect(all.status).toBe(0);
  const listed = [...all.stdout.matchAll(/^ {2}(\S+)/gm)].map(([, code]) => code);
  expect(listed).toEqual(knownCodes.map(({ code }) => code));
  const one = run("explain", "error[unknown-key]");
  expect(one.stdout).toContain("[unknown-key]");
  expect(run("explain", "unknown-key").stdout).toBe(one.stdout);
  const json = JSON.parse(run("explain", "locked", "same-match", "--format", "json").stdout);
  expect(json).toMatchObject([
    { code: "locked", page: "run-problems" },
    { code: "same-match", severity: "warning" },
  ]);
});

test("an unknown code is a usage error with a suggestion", () => {
  const { status, stdout, stderr } = run("explain", "unknown-kye");
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("[unknown-code]");
  expect(stderr).toContain("`unknown-key`");
  expect(run("explain", "my-element-failed").stderr).toContain("README");
});

test("validate finds each code in its example", () => {
  const folder = temporaryFolder();
  const examples = knownCodes.filter(({ example }) => example !== undefined);
  expect(examples.length).toBeGreaterThan(20);
  const files = examples.map(({ code, example = "" }) => {
    const file = join(folder, `${code}.yaml`);
    // An example of text that is not UTF-8 is written in Latin-1.
    writeFileSync(file, `${example}\n`, code === "not-utf8" ? "latin1" : "utf8");
    return file;
  });
  const report = JSON.parse(run("validate", "--format", "json", ...files).stdout) as {
    files: { problems: { code: string; severity: string }[] }[];
  };
  expect(report.files).toHaveLength(examples.length);
  const found = report.files.map(({ problems }) => problems.map(({ code, severity }) => `${severity} ${code}`));
  for (const [index, { code, severity = "error" }] of examples.entries()) {
    expect(found[index], code).toContain(`${severity} ${code}`);
  }
});
