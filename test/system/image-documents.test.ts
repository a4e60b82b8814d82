/** A build document that we ship as an example, built as a user would: two releases with an element of one's own. */
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/cli.ts";
import { packageProgram } from "../support/compiled-agent.ts";
import { buildingAlone, dibEnvironment, dibObstacle } from "../support/dib.ts";
import { describeWith } from "../support/requirements.ts";

const document = fileURLToPath(new URL("../../packaging/examples/jenkins/debian.yaml", import.meta.url));
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl jenkins";

describeWith(dibObstacle())("packaging/examples/jenkins/debian.yaml", () => {
  // It waits for builds that other tests need.
  const timeout = 2_400_000;

  test("is built, both releases at the same time, and not again from the same inputs", { timeout }, () => {
    const folder = temporaryFolder();
    const keyFile = join(folder, "jenkins.pub");
    writeFileSync(keyFile, `${key}\n`);
    symlinkSync(packageProgram("kanod-image-builder"), join(folder, "kanod-image-builder"));
    const build = (args: readonly string[]): { status: number | null; out: string; err: string } => {
      const program = [process.execPath, "kanod-image-builder"] as const;
      const [flock, ...argv] = buildingAlone([...program, "-f", document, "--jobs", "2", ...args]);
      const { status, stdout, stderr } = spawnSync(flock, argv, {
        cwd: folder,
        env: { ...dibEnvironment(), JENKINS_PUBLIC_SSH_KEY_PATH: keyFile },
        encoding: "utf8",
        maxBuffer: 2 ** 26,
      });
      return { status, out: stdout, err: stderr.slice(-4000) };
    };
    expect(build([])).toMatchObject({ status: 0 });
    for (const [release, version] of [
      ["trixie", "13"],
      ["bookworm", "12"],
    ]) {
      const archive = `template-${release}-os.tar`;
      const content = (path: string): string =>
        execFileSync("tar", ["xfO", archive, path], { cwd: folder, encoding: "utf8" });
      expect(content("./etc/debian_version")).toMatch(new RegExp(`^${version}\\.`));
      expect(content("./home/jenkins/.ssh/authorized_keys")).toBe(`${key}\n`);
      const [, id] = /^jenkins:x:(\d+):/m.exec(content("./etc/passwd")) ?? [];
      const listed = ["tvf", archive, "--numeric-owner", "./home/jenkins/.ssh/authorized_keys"];
      expect(execFileSync("tar", listed, { cwd: folder, encoding: "utf8" })).toContain(`-rw------- ${id}/${id} `);
    }
    const times = (): number[] =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".tar"))
        .map((name) => statSync(join(folder, name)).mtimeMs);
    const before = times();
    expect(before).toHaveLength(2);
    expect(build(["--resume"])).toMatchObject({
      status: 0,
      out: "template-trixie-os    unchanged\ntemplate-bookworm-os  unchanged\n",
    });
    expect(times()).toEqual(before);
  });
});
