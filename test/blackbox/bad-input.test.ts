/** `validate` and `plan` on what is no configuration at all: a message and the exit code of the contract, soon, in little memory. */
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { peakMemory } from "../bench/measure.ts";
import { temporaryFolder } from "../support/cli.ts";
import { programFile, runProgram } from "../support/compiled-agent.ts";

function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const validate = (...args: string[]) => runProgram(programFile, ["validate", ...args]);

/** User-data in a Secret in user-data in a Secret …, each within the other. */
function nested(levels: number): string {
  let text = "name: node1\n";
  for (let level = 0; level < levels; level++) {
    const content = Buffer.from(text).toString("base64");
    text =
      level % 2 === 0
        ? `#cloud-config\nwrite_files:\n- {path: /etc/kanod-configure/configuration.yaml, encoding: b64, content: ${content}}\n`
        : `apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {value: ${content}}\n`;
  }
  return text;
}

const bomb = Array.from({ length: 20 }, (_, level) => {
  const items = level === 0 ? "x, x" : `*l${level - 1}, *l${level - 1}`;
  return `l${level}: &l${level} [${items}, ${items}, ${items}]`;
}).join("\n");

test.each<[string, string | Uint8Array, number, string]>([
  ["nothing", "", 1, "missing-key"],
  ["zeros", new Uint8Array(1 << 20), 1, "control-character"],
  ["noise", Uint8Array.from({ length: 1 << 20 }, (_, index) => (index * 7919 + 13) >> 3), 1, "not-utf8"],
  ["UTF-16", Buffer.from("\ufeffname: node1\n", "utf16le"), 1, "not-utf8"],
  ["an executable", Buffer.from("\x7fELF\x02\x01\x01\0\0\xff", "latin1"), 1, "not-utf8"],
  ["lists, 10,000 deep", `name: ${"[".repeat(10_000)}`, 1, "too-deep"],
  ["mappings, 10,000 deep", `name: ${"{a: ".repeat(10_000)}`, 1, "too-deep"],
  ["blocks, 10,000 deep", `${"- ".repeat(10_000)}a`, 1, "too-deep"],
  ["an alias bomb", `name: node1\n${bomb}\n`, 1, "alias-bomb"],
  ["gzip that never ends", gzipSync(new Uint8Array(200 << 20)), 1, "bad-encoding"],
  ["user-data and Secrets within each other", nested(9), 1, "unknown-key"],
])("%s", async (name, content, expected, code) => {
  const file = join(folderOf({ "input.yaml": content }), "input.yaml");
  const { exitCode, out, err } = validate(file);
  expect([name, exitCode, out.includes(`error[${code}]`), err]).toEqual([name, expected, true, ""]);
  const planned = runProgram(programFile, ["plan", "--root", folderOf({}), "--config", file]);
  expect([planned.exitCode, /error\[/.test(planned.err)]).toEqual([1, true]);
});

test("200 MB of YAML are refused by name, from standard input and in a folder, in little memory", {
  timeout: 120_000,
}, async () => {
  const folder = folderOf({
    "huge.yaml": Buffer.from("key: value\n")
      .toString()
      .repeat(1 << 20)
      .repeat(18),
  });
  const huge = join(folder, "huge.yaml");
  const fromInput = ["-c", 'exec "$0" validate - < "$1"', programFile, huge];
  expect(validate(huge)).toMatchObject({ exitCode: 1, out: expect.stringContaining("error[input-too-large]") });
  expect(runProgram("bash", fromInput)).toMatchObject({
    exitCode: 1,
    out: expect.stringContaining("error[input-too-large]"),
  });
  expect(validate(folder)).toMatchObject({ exitCode: 0, out: expect.stringContaining("note[input-too-large]") });
  const bare = await peakMemory([programFile, "validate", join(folderOf({ "a.yaml": "name: a\n" }), "a.yaml")], 1);
  for (const command of [
    [programFile, "validate", huge],
    ["bash", ...fromInput],
  ]) {
    expect((await peakMemory(command, 1)) - bare).toBeLessThan(100);
  }
});

test("what cannot be read is exit code 3", () => {
  const empty = folderOf({ "README.txt": "" });
  expect(validate(empty)).toMatchObject({ exitCode: 3, err: expect.stringContaining("no YAML file") });
  expect(validate(join(empty, "missing.yaml"))).toMatchObject({
    exitCode: 3,
    err: expect.stringContaining("no such file"),
  });
  // Nobody can read this one at its beginning, not even root.
  expect(validate("/proc/self/mem")).toMatchObject({ exitCode: 3, err: expect.stringContaining("/proc/self/mem") });
});

test("a walk has an end, whatever is in the folder", () => {
  const folder = folderOf({ "a/a.yaml": "name: node1\n" });
  symlinkSync("..", join(folder, "a/up"));
  symlinkSync("self.yaml", join(folder, "a/self.yaml"));
  execFileSync("mkfifo", [join(folder, "a/pipe.yaml")]);
  const { exitCode, out, err } = validate(folder);
  expect([exitCode, err]).toEqual([3, expect.stringContaining("self.yaml: it is a link that leads to itself")]);
  expect(out).toContain("2 files checked (1 unreadable): no problems");
  const pipe = join(folder, "a/pipe.yaml");
  expect(validate(pipe)).toMatchObject({ exitCode: 3, err: expect.stringContaining("no file and no folder") });
});

test.each([["schema"], ["docs"], ["validate", "--help"]])(
  "%s says that its output is lost on a full disk",
  (...args) => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(programFile, args, { stdio: ["ignore", full, "pipe"], encoding: "utf8" });
    closeSync(full);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining("[no-space]") });
  },
);
