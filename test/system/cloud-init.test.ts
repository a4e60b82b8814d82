import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { compiledAgent, runProgram, writtenElement } from "../support/compiled-agent.ts";
import { cloneRootfs, debianRootfs, rootfsObstacle } from "../support/debian-rootfs.ts";
import { describeWith } from "../support/requirements.ts";

/** A contribution that leaves a file to cloud-init's module write_files, and one of no such module. */
const asks = {
  "schema.yaml": `properties:
  module:
    type: string
    description: Name of a module of cloud-init.
    examples: [write_files]
`,
  "kanod/asks.ts": `import { register } from "kanod-configure";

register("asks", 10, async ({ conf, init, log }) => {
  log.info("instance " + init.instanceId + " of " + init.distro.id + " " + init.distro.version);
  await init.module(conf.module ?? "write_files", {
    write_files: [{ path: "/etc/from-cloud-init", content: "written by cloud-init\\n", permissions: "0640" }],
  });
});
`,
};

describeWith(rootfsObstacle())("cloud-init of Debian 13", () => {
  let agent = "";
  let rootfs = "";

  beforeAll(async () => {
    agent = compiledAgent([writtenElement("asks", asks)]);
    rootfs = await debianRootfs({ release: "trixie", packages: ["cloud-init"] });
  });

  test("runs the module that a contribution asks for, in the target tree", async () => {
    await using tree = await cloneRootfs(rootfs);
    mkdirSync(join(tree.path, "etc/kanod-configure"), { recursive: true });
    writeFileSync(join(tree.path, "etc/kanod-configure/configuration.yaml"), "name: one\n");
    mkdirSync(join(tree.path, "var/lib/cloud/data"), { recursive: true });
    writeFileSync(join(tree.path, "var/lib/cloud/data/instance-id"), "i-test\n");
    const { exitCode, out, err } = runProgram(join(agent, "kanod-runcmd"), ["--root", tree.path]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(out).toContain("instance i-test of debian 13");
    expect(readFileSync(join(tree.path, "etc/from-cloud-init"), "utf8")).toBe("written by cloud-init\n");
    expect(existsSync("/etc/from-cloud-init")).toBe(false);
    expect(existsSync(join(tree.path, "run/kanod-configure/cloud-init-write_files.yaml"))).toBe(false);
  });
});
