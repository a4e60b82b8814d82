/**
 * Images in containers: the root of a tar image, booted by systemd-nspawn with a seed for cloud-init, as if the machine
 * started for the first time. No boot loader, no partitions; the whole rest is what a machine does.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ContainerRoot extends Disposable {
  readonly path: string;
}

/** Hangs, or waits for what a container never gets. */
const maskedUnits = ["iscsid.service", "iscsid.socket", "open-iscsi.service", "systemd-networkd-wait-online.service"];

/** Unpacks a tar image. */
export function containerRoot(tar: string): ContainerRoot {
  const work = mkdtempSync(join(tmpdir(), "kanod-container-"));
  const path = join(work, "root");
  mkdirSync(path);
  execFileSync("tar", ["--extract", "--file", tar, "--directory", path, "--numeric-owner", "--xattrs"]);
  // diskimage-builder leaves them out of a tar image.
  for (const mountPoint of ["dev", "proc", "sys"]) mkdirSync(join(path, mountPoint), { recursive: true });
  // There is no device for the root file system to be found on, and no udev, which netplan asks to be there.
  writeFileSync(join(path, "etc/fstab"), "");
  writeFileSync(join(path, "etc/kanod-configure/system.yaml"), "network: { renderer: networkd }\n");
  for (const unit of maskedUnits) {
    const file = join(path, "etc/systemd/system", unit);
    rmSync(file, { force: true });
    symlinkSync("/dev/null", file);
  }
  return { path, [Symbol.dispose]: () => rmSync(work, { recursive: true, force: true }) };
}

/** Gives cloud-init its data, as the NoCloud data source has it in the image. */
export function seedContainer(root: string, userData: string, instanceId = "container-1"): void {
  const folder = join(root, "var/lib/cloud/seed/nocloud");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "meta-data"), `instance-id: ${instanceId}\nlocal-hostname: container\n`);
  writeFileSync(join(folder, "user-data"), userData);
}
