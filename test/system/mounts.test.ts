import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type ConfiguredGuest,
  configuredGuest,
  configuredGuestObstacle,
  sharedPackages,
} from "../support/configured-guest.ts";
import { describeWith } from "../support/requirements.ts";

interface Mounted {
  source: string;
  fstype: string;
  options: string;
}

describeWith(configuredGuestObstacle())("mounts", () => {
  let machine: ConfiguredGuest;
  let disk: string;
  let swap: string;
  const loops: { path: string; folder: string }[] = [];

  beforeAll(async () => {
    disk = loop("mkfs.ext4", "-q", "-L", "kanodtest");
    swap = loop("mkswap", "-q");
    const nspawnArguments = [`--bind=${disk}`, `--bind=${swap}`];
    machine = await configuredGuest({ elements: ["mounts"], packages: sharedPackages, nspawnArguments });
  });

  // One that the guest still uses is detached when that ends: losetup(8), --detach.
  afterAll(() => {
    for (const { path, folder } of loops) {
      spawnSync("losetup", ["--detach", path]);
      rmSync(folder, { recursive: true });
    }
  });

  /** A loop device with something on it, until the end of the tests. */
  function loop(...make: [string, ...string[]]): string {
    const folder = mkdtempSync(join(tmpdir(), "kanod-disk-"));
    const file = join(folder, "disk");
    writeFileSync(file, "");
    truncateSync(file, 64 * 2 ** 20);
    const [program, ...options] = make;
    execFileSync(program, [...options, file]);
    const path = execFileSync("losetup", ["--find", "--show", file], { encoding: "utf8" }).trim();
    loops.push({ path, folder });
    return path;
  }

  async function mountedOn(path: string): Promise<Mounted | undefined> {
    const argv = ["findmnt", "--json", "--mountpoint", path, "--output", "SOURCE,FSTYPE,OPTIONS"];
    const { stdout } = await machine.guest.run(argv, { anyExitCode: true });
    return stdout === "" ? undefined : (JSON.parse(stdout) as { filesystems: Mounted[] }).filesystems[0];
  }

  const fstab = (): Promise<string> => readFile(join(machine.root, "etc/fstab"), "utf8");

  test("are in fstab, and mounted at once, the outer before the inner", async () => {
    const mounts = [
      ["tmpfs", "/data/inner", "tmpfs", "size=1m,mode=700"],
      ["tmpfs", "/scratch", "tmpfs"],
      [disk, "/data"],
    ];
    await machine.runcmd({ name: "node", mounts });
    expect(await mountedOn("/data")).toMatchObject({ source: disk, fstype: "ext4" });
    expect(await mountedOn("/data/inner")).toMatchObject({ fstype: "tmpfs" });
    const verified = await machine.guest.run(["findmnt", "--verify"]);
    expect(verified.stdout).toContain("no errors or warnings detected");
    const { stdout } = await machine.runcmd({ name: "node", mounts });
    expect(stdout).toContain("Mounts: nothing changed");
  });

  test("are wanted by the next boot, and required only where their own options lack nofail", async () => {
    const wanted = await machine.guest.run(["systemctl", "show", "scratch.mount", "--property", "RequiredBy,WantedBy"]);
    expect(wanted.stdout).toBe("RequiredBy=\nWantedBy=local-fs.target\n");
    const required = await machine.guest.run(["systemctl", "show", "data-inner.mount", "--property", "RequiredBy"]);
    expect(required.stdout).toBe("RequiredBy=local-fs.target\n");
  });

  test("with other options are mounted anew", async () => {
    await machine.runcmd({ name: "node", mounts: [[disk, "/data", "auto", "ro,nofail"]] });
    expect((await mountedOn("/data"))?.options.split(",")).toContain("ro");
  });

  test("leave fstab when they are removed, and what others wrote there stays", async () => {
    await machine.guest.run(["sh", "-c", "echo 'tmpfs /foreign tmpfs noauto 0 0' >> /etc/fstab"]);
    await machine.runcmd({ name: "node", mounts: [] });
    expect(await fstab()).toBe("tmpfs /foreign tmpfs noauto 0 0\n");
    expect(await mountedOn("/data")).toBeDefined();
    await machine.guest.run(["umount", "--recursive", "/data"]);
  });

  test("of swap space are used", async () => {
    await machine.runcmd({ name: "node", mounts: [[swap, "none", "swap"]] });
    const { stdout } = await machine.guest.run(["cat", "/proc/swaps"]);
    expect(stdout).toContain(swap);
    const again = await machine.runcmd({ name: "node", mounts: [[swap, "none", "swap"]] });
    expect(again.stdout).toContain("Mounts: nothing changed");
    await machine.guest.run(["swapoff", swap]);
  });

  test("on a path with every kind of character are where they should be", async () => {
    const path = `/mnt/a b\\c#d 'e' "f" $(g);é`;
    const mounts = [["tmpfs", path, "tmpfs"]];
    await machine.runcmd({ name: "node", mounts });
    expect(await mountedOn(path)).toMatchObject({ fstype: "tmpfs" });
    const { stdout } = await machine.runcmd({ name: "node", mounts });
    expect(stdout).toContain("Mounts: nothing changed");
  });

  test("of a device that does not come fail the run, and the next boot goes on without it", async () => {
    const { stderr } = await machine.runcmd({ name: "node", mounts: [["LABEL=absent", "/absent"]] }, { exitCode: 1 });
    expect(stderr).toContain("[not-mounted]");
    expect(await fstab()).toContain("LABEL=absent /absent auto defaults,nofail,x-systemd.device-timeout=30 0 0");
  });

  test("that contradict fstab change nothing", async () => {
    const before = await fstab();
    const { stderr } = await machine.runcmd(
      { name: "node", mounts: [["tmpfs2", "/foreign", "tmpfs"]] },
      { exitCode: 1 },
    );
    expect(stderr).toContain("[mount-conflict]");
    expect(await fstab()).toBe(before);
  });

  test.each([
    ["a second line", ["tmpfs\n/dev/sda", "/data"]],
    ["a path that is not absolute", ["tmpfs", "data"]],
    ["a path that climbs", ["tmpfs", "/data/../etc"]],
    ["a second field in the options", ["tmpfs", "/data", "tmpfs", "ro 0 0"]],
    ["10,000 characters", ["tmpfs", `/${"x".repeat(10_000)}`]],
  ])("%s is refused with its position", async (_, mount) => {
    const { stderr } = await machine.runcmd({ name: "node", mounts: [mount] }, { exitCode: 3 });
    expect(stderr).toMatch(/configuration\.yaml:1:\d+: error\[bad-mount\]/);
  });
});
