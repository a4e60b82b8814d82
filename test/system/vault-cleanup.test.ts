import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compiledAgent } from "../support/compiled-agent.ts";
import { cloneRootfs, debianRootfs, rootfsObstacle } from "../support/debian-rootfs.ts";
import { bootGuest, type Guest, nspawnObstacle } from "../support/nspawn.ts";
import { describeWith } from "../support/requirements.ts";

const element = (name: string): string => fileURLToPath(new URL(`../../contributions/${name}`, import.meta.url));
const seed = "var/lib/cloud/seed/nocloud";
const encodedSecret = "planted-in-write-files";
const plainSecret = "planted-in-the-cloud-config";

function userData(cleanup: object): string {
  const configuration = JSON.stringify({ name: "guest", cleanup, "x-ignored": undefined });
  const content = Buffer.from(`# ${encodedSecret}\n${configuration}\n`).toString("base64");
  return `#cloud-config
password: ${plainSecret}
write_files:
  - path: /etc/kanod-configure/configuration.yaml
    permissions: "0600"
    encoding: b64
    content: ${content}
bootcmd:
  - echo booted >> /root/boots
runcmd:
  - kanod-runcmd > /root/kanod.log 2>&1
  - echo after >> /root/after
`;
}

describeWith(rootfsObstacle() ?? nspawnObstacle())("cleanup in a guest with cloud-init", () => {
  const agent = compiledAgent([element("proxy-certificates"), element("vault")]);

  async function firstBoot(
    cleanup: object,
    then: (guest: Guest, boot: () => Promise<Guest>) => Promise<void>,
  ): Promise<void> {
    const rootfs = await debianRootfs({ release: "trixie", packages: ["cloud-init"] });
    await using clone = await cloneRootfs(rootfs);
    copyFileSync(join(agent, "kanod-configure"), join(clone.path, "usr/local/bin/kanod-configure"));
    symlinkSync("kanod-configure", join(clone.path, "usr/local/bin/kanod-runcmd"));
    mkdirSync(join(clone.path, seed), { recursive: true });
    writeFileSync(join(clone.path, seed, "meta-data"), "instance-id: i-1\nlocal-hostname: guest\n");
    writeFileSync(join(clone.path, seed, "user-data"), userData(cleanup));
    const settings = "datasource_list: [NoCloud, None]\nnetwork: {config: disabled}\n";
    writeFileSync(join(clone.path, "etc/cloud/cloud.cfg.d/99-test.cfg"), settings);
    writeFileSync(join(clone.path, "etc/fstab"), "");
    const boot = async (): Promise<Guest> => {
      const guest = await bootGuest(clone.path, { timeout: 180 });
      await guest.run(["cloud-init", "status", "--wait"], { anyExitCode: true, timeout: 180 });
      return guest;
    };
    const guest = await boot();
    try {
      await then(guest, async () => {
        await guest.powerOff();
        return boot();
      });
    } finally {
      await guest.powerOff();
    }
  }

  async function holders(guest: Guest): Promise<string[]> {
    const middle = Buffer.from(`# ${encodedSecret}\n`).toString("base64").slice(4, 20);
    const folders = ["/var/lib/cloud", "/run/cloud-init", "/etc", "/var/log"];
    const { stdout } = await guest.run(["grep", "-rlE", `planted-in-|${middle}`, ...folders], { anyExitCode: true });
    return stdout.split("\n").filter(Boolean).sort();
  }

  const lines = async (guest: Guest, path: string): Promise<number> =>
    (await guest.run(["cat", path])).stdout.trim().split("\n").length;

  test("removes every copy, and cloud-init still knows its instance at the next boot", async () => {
    await firstBoot({ configuration: true, user_data: true }, async (guest, reboot) => {
      const log = (await guest.run(["cat", "/root/kanod.log"])).stdout;
      expect(log).toContain("4 of 4 contributions ran");
      expect(log).toContain("/var/lib/cloud/seed");
      expect(await holders(guest)).toEqual([`/${seed}/user-data`]);
      expect(await lines(guest, "/root/after")).toBe(1);
      const status = await guest.run(["cloud-init", "status", "--long"], { anyExitCode: true });
      expect(status.stdout).toContain("errors: []");

      await using again = await reboot();
      const id = await again.run(["cat", "/var/lib/cloud/data/instance-id"]);
      expect(id.stdout.trim()).toBe("i-1");
      expect(await lines(again, "/root/after")).toBe(1);
      // What was forgotten is not run again either.
      expect(await lines(again, "/root/boots")).toBe(1);
      expect(await holders(again)).toEqual([`/${seed}/user-data`]);
    });
  });

  test("leaves all of it alone when it was not asked for", async () => {
    await firstBoot({}, async (guest) => {
      const found = await holders(guest);
      expect(found).toContain("/etc/kanod-configure/configuration.yaml");
      expect(found.some((path) => path.endsWith("/obj.pkl"))).toBe(true);
      expect(found.some((path) => path.endsWith("/user-data.txt"))).toBe(true);
    });
  });
});
