import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cloneRootfs, debianRootfs, rootfsObstacle } from "../support/debian-rootfs.ts";
import { bootGuest, nspawnObstacle } from "../support/nspawn.ts";

const obstacle = rootfsObstacle() ?? nspawnObstacle();

test("a guest boots from a clone, runs commands with their input and exit code, and leaves nothing behind", async ({
  skip,
}) => {
  if (obstacle !== undefined && !process.env["CI"]) skip(obstacle);
  const rootfs = await debianRootfs({ release: "trixie" });
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
