/** cloud-init of Debian 13 boots from what `user-data` makes. */
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/cli.ts";
import { compiledAgent, runProgram, writtenElement } from "../support/compiled-agent.ts";
import { cloneRootfs, debianRootfs, rootfsObstacle } from "../support/debian-rootfs.ts";
import { bootGuest, nspawnObstacle } from "../support/nspawn.ts";
import { describeWith } from "../support/requirements.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const contribution = (name: string): string => join(repository, "contributions", name);

const marks = {
  "schema.yaml": `definitions:
  boot_definition:
    properties:
      mark: {type: string, description: A mark that the boot stage leaves., examples: [here]}
properties:
  text: {type: string, description: A text., examples: [here]}
`,
  "kanod/marks.ts": `import { register, registerBoot } from "kanod-configure";

registerBoot("boot mark", 10, async ({ conf, host }) => void (await host.writeFile("/etc/boot-mark", conf.mark ?? "none")));
register("text", 20, async ({ conf, host }) => void (await host.writeFile("/etc/text", conf.text ?? "none")));
`,
};

describeWith(rootfsObstacle() ?? nspawnObstacle())("cloud-init boots from what user-data makes", () => {
  const agent = compiledAgent([writtenElement("marks", marks), contribution("identity")]);
  const program = join(agent, "kanod-configure");
  const small = "name: node1\ntext: |\n  $HOME `id` 'q' \\ é {{ x }}\n  EOF\nboot: {mark: \"it's {{ y }}\"}\n";
  /** More than user-data may have, and nothing that could be packed well before it is too long for 16 KiB. */
  const large = `name: node1\nboot: {mark: here}\ntext: "${"0123456789".repeat(2000)}"\n`;

  /** Boots with what is written into the seed folder, and tells what was configured then. */
  async function firstBoot(
    source: string,
    write: (seed: string) => void,
  ): Promise<{ mark: string; text: string; name: string }> {
    await using clone = await cloneRootfs(await debianRootfs({ release: "trixie", packages: ["cloud-init"] }));
    copyFileSync(program, join(clone.path, "usr/local/bin/kanod-configure"));
    for (const name of ["kanod-bootcmd", "kanod-runcmd"])
      symlinkSync("kanod-configure", join(clone.path, "usr/local/bin", name));
    const settings = `datasource_list: [${source}, None]\nnetwork: {config: disabled}\n`;
    writeFileSync(join(clone.path, "etc/cloud/cloud.cfg.d/99-test.cfg"), settings);
    const folder = source === "NoCloud" ? "nocloud" : "config_drive";
    const seed = join(clone.path, "var/lib/cloud/seed", folder);
    mkdirSync(seed, { recursive: true });
    write(seed);
    await using guest = await bootGuest(clone.path, { timeout: 180 });
    await guest.run(["cloud-init", "status", "--wait"], { anyExitCode: true, timeout: 180 });
    await guest.run(["kanod-configure", "status"]);
    const read = async (path: string): Promise<string> => (await guest.run(["cat", path])).stdout;
    return {
      mark: await read("/etc/boot-mark"),
      text: await read("/etc/text"),
      name: (await read("/etc/hostname")).trim(),
    };
  }

  function made(configuration: string, format: string): string {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "c.yaml"), configuration);
    const args = ["user-data", "--config", join(folder, "c.yaml"), "--format", format, "-o", join(folder, "made")];
    expect(runProgram(program, args)).toMatchObject({ exitCode: 0 });
    return join(folder, "made");
  }

  const expected = { mark: "it's {{ y }}", text: "$HOME `id` 'q' \\ é {{ x }}\nEOF\n", name: "node1" };

  test("as cloud-config, packed because it is large", async () => {
    const userData = made(large, "cloud-config");
    expect(readFileSync(userData, "utf8")).toContain("gz+b64");
    const found = await firstBoot("NoCloud", (seed) => {
      copyFileSync(userData, join(seed, "user-data"));
      writeFileSync(join(seed, "meta-data"), "instance-id: i-1\n");
    });
    expect(found).toEqual({ mark: "here", text: "0123456789".repeat(2000), name: "node1" });
  });

  test("as a folder for NoCloud", async () => {
    const folder = made(small, "nocloud-dir");
    expect(await firstBoot("NoCloud", (seed) => cpSync(folder, seed, { recursive: true }))).toEqual(expected);
  });

  test("as a folder for ConfigDrive", async () => {
    const folder = made(small, "configdrive-dir");
    expect(await firstBoot("ConfigDrive", (seed) => cpSync(folder, seed, { recursive: true }))).toEqual(expected);
  });
});
