import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { cloneRootfs, debianRootfs, rootfsObstacle } from "../support/debian-rootfs.ts";
import { bootGuest, nspawnObstacle } from "../support/nspawn.ts";
import { describeWith } from "../support/requirements.ts";

/** Boots a guest, says where it is and which process its init is, and waits. */
const bootAndWait = `
const support = "${new URL("../support/", import.meta.url).href}";
const { cloneRootfs, debianRootfs } = await import(support + "debian-rootfs.ts");
const { bootGuest } = await import(support + "nspawn.ts");
const clone = await cloneRootfs(await debianRootfs({ release: "trixie" }));
const { leader } = await bootGuest(clone.path);
console.log(JSON.stringify({ path: clone.path, leader }));
setInterval(() => undefined, 1000);
`;

describeWith(rootfsObstacle() ?? nspawnObstacle())("guests", () => {
  let rootfs: string;

  beforeAll(async () => {
    rootfs = await debianRootfs({ release: "trixie" });
  });

  test("boot from a clone, run commands with their input and exit code, and leave nothing behind", async () => {
    const clone = await cloneRootfs(rootfs);
    await writeFile(join(clone.path, "etc/hostname"), "the-guest\n");
    const guest = await bootGuest(clone.path);
    try {
      const result = await guest.run(["sh", "-c", "cat; hostname; cat /proc/1/comm; exit 3"], {
        input: "in ",
        anyExitCode: true,
      });
      expect(result).toEqual({ exitCode: 3, stdout: "in the-guest\nsystemd\n", stderr: "" });
      const links = JSON.parse((await guest.run(["ip", "-j", "link"])).stdout) as { ifname: string }[];
      expect(links.map((link) => link.ifname)).toEqual(["lo"]);
      await expect(guest.run(["sleep", "5"], { timeout: 0.2 })).rejects.toThrow("took too long");
    } finally {
      await guest.powerOff();
      await clone.remove();
    }
    expect(existsSync(`/proc/${guest.leader}`)).toBe(false);
    expect(existsSync(clone.path)).toBe(false);
    expect(existsSync(join(rootfs, "etc/hostname"))).toBe(true);
  });

  test("end with systemd-nspawn", async () => {
    await using clone = await cloneRootfs(rootfs);
    await using guest = await bootGuest(clone.path);
    process.kill(await parentOf(guest.leader), "SIGKILL");
    await vi.waitFor(() => expect(existsSync(`/proc/${guest.leader}`)).toBe(false), 5000);
  });

  test("end with the process that booted them; the next clone clears its clone away", async () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", bootAndWait], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const { path, leader } = JSON.parse(line.toString()) as { path: string; leader: number };
    expect(existsSync(`/proc/${leader}`)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "close");
    await vi.waitFor(() => expect(existsSync(`/proc/${leader}`)).toBe(false), 5000);
    expect(existsSync(path)).toBe(true);
    await using clone = await cloneRootfs(rootfs);
    expect(existsSync(clone.path)).toBe(true);
    expect(existsSync(path)).toBe(false);
  });

  test("have what the layer of their packages adds to the base", async () => {
    const layered = await debianRootfs({ release: "trixie", packages: ["systemd-resolved"] });
    await using clone = await cloneRootfs(layered);
    expect(existsSync(join(clone.path, "usr/bin/resolvectl"))).toBe(true);
    expect(existsSync(join(clone.path, "usr/bin/curl"))).toBe(true);
    expect(existsSync(join(rootfs, "usr/bin/resolvectl"))).toBe(false);
  });
});

async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]);
}
