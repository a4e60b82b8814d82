/**
 * Disks of sparse files on loop devices, for tests that partition and grow. Needs root.
 *
 * ```ts
 * const disk = loopDisk(2 ** 30); // removed after the test
 * disk.grow(2 ** 31);
 * ```
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { rootObstacle } from "./requirements.ts";

export interface LoopDisk {
  /** Such as `/dev/loop0`. */
  readonly path: string;
  /** Makes the disk larger, as a larger disk that an image is written to. `size` is in bytes. */
  grow(size: number): void;
  /** Has the kernel look at the partition table, which it does not do by itself everywhere. */
  readPartitions(): void;
}

/** Why {@link loopDisk} cannot work here, or undefined where it can. */
export function loopObstacle(...tools: string[]): string | undefined {
  return rootObstacle("losetup", "partx", ...tools);
}

/** A blank disk of `size` bytes. */
export function loopDisk(size: number): LoopDisk {
  const folder = mkdtempSync(join(tmpdir(), "kanod-disk-"));
  const file = join(folder, "disk");
  writeFileSync(file, "");
  truncateSync(file, size);
  const path = execFileSync("losetup", ["--find", "--show", file], { encoding: "utf8" }).trim();
  onTestFinished(() => {
    // Partition nodes that outlive their loop device would be taken for those of the next one.
    spawnSync("partx", ["--delete", path]);
    execFileSync("losetup", ["--detach", path]);
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    path,
    grow: (larger) => {
      truncateSync(file, larger);
      execFileSync("losetup", ["--set-capacity", path]);
    },
    readPartitions: () => {
      execFileSync("partx", ["--update", path]);
    },
  };
}
