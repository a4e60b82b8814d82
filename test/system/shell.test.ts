/** Completion in zsh and fish, and manual pages as groff prints them. The tests of bash need no more than bash. */
import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programFile } from "../support/compiled-agent.ts";
import { isInstalled } from "../support/dib.ts";

const isMissing = (program: string): boolean => !isInstalled(program) && process.env["CI"] !== "true";
const pages = fileURLToPath(new URL("../../dist/man", import.meta.url));

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kanod-shell-"));
  for (const shell of ["zsh", "fish"]) {
    const script = execFileSync(programFile, ["completion", shell], { encoding: "utf8" });
    writeFileSync(join(folder, shell), script);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cases: [string, string[]][] = [
  ["kanod-configure val", ["validate"]],
  ["kanod-configure validate --format s", ["sarif"]],
  ["kanod-configure validate --str", ["--strict"]],
  ["kanod-configure completion f", ["fish"]],
  ["kanod-configure new-element --bo", ["--boot"]],
  ["kanod-runcmd --res", ["--resume"]],
  ["kanod-bootcmd --log-format j", ["json"]],
  ["kanod-image-builder --expl", ["--explain"]],
];

describe.skipIf(isMissing("fish"))("fish completes", () => {
  test.each(cases)("%s", (line, expected) => {
    const code = `source ${folder}/fish; complete -C ${JSON.stringify(line)}`;
    const text = execFileSync("fish", ["--no-config", "-c", code], { cwd: folder, encoding: "utf8" });
    const words = text.split("\n").map((entry) => entry.replace(/\t.*/, ""));
    expect(words.filter((word) => word !== "")).toEqual(expected);
  });
});

describe.skipIf(isMissing("zsh"))("zsh completes", () => {
  // A shell on a terminal of its own, as zsh completes nowhere else. Functions print what the programs would get.
  const session = `zmodload zsh/zpty
zpty shell 'zsh -f -i'
zpty -w shell "PS1=; cd $1; autoload -Uz compinit; compinit -u -D; source ./zsh"
zpty -w shell 'for name in kanod-{configure,bootcmd,runcmd,image-builder}; do
  eval "function $name { print -r -- RAN: $name \\$*:END }"; done; print RE\\ADY'
zpty -r shell seen '*READY*'
zpty -w -n shell "$2"$'\\t\\n'
zpty -r shell seen '*RAN:*:END*'
print -r -- $seen
zpty -d shell`;

  test.each(cases)("%s", (line, [expected]) => {
    const { stdout } = spawnSync("zsh", ["-f", "-c", session, "zsh", folder, line], {
      env: { ...process.env, TERM: "dumb" },
      encoding: "utf8",
      timeout: 20_000,
    });
    const [, ran = ""] = /RAN: (.*?) ?:END/.exec(stdout) ?? [];
    expect(ran).toBe(line.replace(/\S+$/, expected ?? ""));
  });
});

describe.skipIf(isMissing("groff"))("manual pages", () => {
  test.each(globSync("*/*", { cwd: pages }).sort())("%s has nothing that groff warns of", (page) => {
    const { status, stdout, stderr } = spawnSync("groff", ["-man", "-Tutf8", "-ww", join(pages, page)], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("SEE ALSO".replace(/[A-Z]/g, (letter) => `${letter}\b${letter}`));
  });
});
