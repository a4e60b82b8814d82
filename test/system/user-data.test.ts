/** The media that `user-data` makes, as other programs read them. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/cli.ts";
import { programFile, runProgram } from "../support/compiled-agent.ts";
import { isInstalled } from "../support/dib.ts";
import { describeWith } from "../support/requirements.ts";

const programs = ["isoinfo", "blkid"];
const missing = programs.find((name) => !isInstalled(name));
const configuration = 'name: node1\ngreeting: "it\'s é"\nboot: {kernel: {add: [quiet]}}\n';

describeWith(missing === undefined ? undefined : `needs ${missing}`)("what user-data makes", () => {
  function made(format: string): string {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "c.yaml"), configuration);
    const args = ["user-data", "--config", join(folder, "c.yaml"), "--format", format, "-o", join(folder, "made")];
    expect(runProgram(programFile, args)).toMatchObject({ exitCode: 0 });
    return join(folder, "made");
  }

  test.each([
    ["nocloud", "cidata"],
    ["configdrive", "config-2"],
  ])("the medium for %s has the files of its folder, and the label by which it is found", (form, label) => {
    const iso = made(`${form}-iso`);
    const folder = made(`${form}-dir`);
    const info = (...args: string[]): string => execFileSync("isoinfo", ["-i", iso, ...args], { encoding: "utf8" });
    expect(info("-d")).toMatch(new RegExp(`^Volume id: ${label}$`, "m"));
    const found = execFileSync("blkid", ["-p", "-o", "export", iso], { encoding: "utf8" });
    expect(found).toContain(`LABEL=${label}\n`);
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      statSync(join(folder, name)).isFile(),
    );
    expect(files.length).toBeGreaterThan(1);
    // Names as Linux shows them: Joliet.
    const listed = info("-J", "-f").trimEnd().split("\n");
    expect(listed).toEqual(expect.arrayContaining(files.map((name) => `/${name}`)));
    for (const name of files) expect(info("-J", "-x", `/${name}`)).toBe(readFileSync(join(folder, name), "utf8"));
  });
});
