/** A RAM disk that kanod-image-builder had diskimage-builder make, started in a virtual machine. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/cli.ts";
import { packageProgram } from "../support/compiled-agent.ts";
import { cloneRootfs, debianRootfs } from "../support/debian-rootfs.ts";
import { dibEnvironment, dibObstacle } from "../support/dib.ts";
import { qemuObstacle } from "../support/qemu.ts";

const obstacle = dibObstacle() ?? qemuObstacle();
const tiny = fileURLToPath(new URL("../fixtures/modules/tiny", import.meta.url));
/** What diskimage-builder's element ramdisk installs, and a kernel. */
const packages = "busybox cpio isc-dhcp-client kmod linux-image-cloud-amd64 python3 sudo tgt udev wget".split(" ");

test("starts, and runs what an element added to it", async ({ skip }) => {
  if (obstacle !== undefined && !process.env["CI"]) return skip(obstacle);
  const folder = temporaryFolder();
  const init = join(folder, "module/elements/says-hello/init.d");
  mkdirSync(init, { recursive: true });
  writeFileSync(join(init, "15-says-hello"), 'echo "hello from $(uname -s)"\npoweroff -f\n');
  writeFileSync(join(folder, "module/config.yaml"), "recipes: [{ elements: [ramdisk, says-hello] }]\n");
  symlinkSync(packageProgram("kanod-image-builder"), join(folder, "kanod-image-builder"));
  await using system = await cloneRootfs(await debianRootfs({ release: "trixie", packages }));
  const argv = ["kanod-image-builder", "--no-core", tiny, "module", "-t", "ramdisk", "-o", "boot"];
  execFileSync(process.execPath, argv, {
    cwd: folder,
    env: { ...dibEnvironment(), DIB_TINY_ROOT: system.path },
    stdio: "pipe",
  });
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(["boot.initramfs", "boot.kernel", "boot.sha256"]));
  const machine = ["-machine", "pc", "-accel", "tcg", "-cpu", "max", "-m", "1024", "-nodefaults", "-no-reboot"];
  const boot = ["-kernel", "boot.kernel", "-initrd", "boot.initramfs", "-append", "console=ttyS0"];
  const { stdout } = spawnSync(
    "qemu-system-x86_64",
    [...machine, ...boot, ...["-display", "none", "-serial", "stdio"]],
    { cwd: folder, encoding: "utf8", timeout: 300_000 },
  );
  expect(stdout).toContain("\nhello from Linux");
});
