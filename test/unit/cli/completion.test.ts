import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { main } from "../../../src/cli/main.ts";
import { temporaryFolder, testIo } from "../../support/cli.ts";
import { testImage } from "../../support/image.ts";

const image = testImage({});

async function completion(...args: string[]) {
  const { io, out, err } = testIo(["kanod-configure", "completion", ...args]);
  return { exitCode: await main(io, image), out: out(), err: err() };
}

let script = "";
beforeAll(async () => {
  script = (await completion("bash")).out;
});

/** What bash offers for the last of the words. */
function offered(words: readonly string[], folder = "/"): string[] {
  const code = `${script}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_kanod_configure "$1"
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync("bash", ["--norc", "-c", code, "bash", ...words], { cwd: folder, encoding: "utf8" });
  return text.split("\n").filter((line) => line !== "");
}

describe("bash", () => {
  test.each<[string, string[]]>([
    ["kanod-configure val", ["validate"]],
    ["kanod-configure s", ["status", "schema"]],
    ["kanod-configure validate --s", ["--schema", "--strict"]],
    ["kanod-configure validate --format ", ["text", "json", "sarif", "github"]],
    ["kanod-configure plan --format j", ["json"]],
    ["kanod-configure completion ", ["bash", "zsh", "fish"]],
    ["kanod-configure status --timeout ", []],
    ["kanod-configure status ", []],
    ["kanod-runcmd --re", ["--resume"]],
    ["kanod-bootcmd --re", []],
    ["/usr/local/bin/kanod-runcmd --log-level d", ["debug"]],
  ])("%j", (line, expected) => expect(offered(line.split(" "))).toEqual(expected));

  test("offers files and folders as they are called", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "my folder"));
    writeFileSync(join(folder, "my file.yaml"), "");
    const any = ["my file.yaml", "my folder"];
    expect(offered(["kanod-configure", "validate", "my"], folder).sort()).toEqual(any);
    expect(offered(["kanod-runcmd", "--config", "my"], folder).sort()).toEqual(any);
    expect(offered(["kanod-configure", "plan", "--root", "my"], folder)).toEqual(["my folder"]);
  });

  test("is asked for all names of the program", () => {
    expect(script).toMatch(/^complete -F _kanod_configure kanod-configure kanod-bootcmd kanod-runcmd$/m);
  });
});

test("another shell is a usage error", async () => {
  expect((await completion("tcsh")).exitCode).toBe(2);
  expect((await completion()).exitCode).toBe(2);
});
