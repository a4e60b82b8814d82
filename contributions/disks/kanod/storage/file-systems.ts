import type { Host } from "kanod-configure";
import { AgentError } from "kanod-configure";

/** In seconds: growing some terabytes of ext4, or checking them first, takes minutes. */
const timeout = 3600;

const scratchMount = "/run/kanod-configure/grow";

/** A file system to grow to the size of its device. */
export interface FileSystem {
  /** Node of the device. */
  path: string;
  /** As lsblk(8) calls it; undefined where there is none. */
  type: string | undefined;
  mountPoint: string | undefined;
}

/** Whether {@link growFileSystem} knows a type. */
export function isGrowable(type: string | undefined): boolean {
  return ["ext2", "ext3", "ext4", "xfs", "btrfs"].includes(type ?? "");
}

/**
 * Grows a file system to its device. One that fills it already stays as it is.
 *
 * @returns whether there is a file system to speak of: swap space and empty volumes have nothing to grow
 * @throws AgentError `unknown-file-system` for one that cannot be grown
 */
export async function growFileSystem(host: Host, fileSystem: FileSystem): Promise<boolean> {
  const { path, type } = fileSystem;
  switch (type) {
    case undefined:
    case "swap":
      return false;
    case "ext2":
    case "ext3":
    case "ext4":
      await growExt(host, fileSystem);
      return true;
    case "xfs":
      await whileMounted(host, fileSystem, (mountPoint) => run(host, ["xfs_growfs", mountPoint]));
      return true;
    case "btrfs":
      await whileMounted(host, fileSystem, (mountPoint) =>
        run(host, ["btrfs", "filesystem", "resize", "max", mountPoint]),
      );
      return true;
    default:
      throw new AgentError("unknown-file-system", `the file system ${type} on ${path} cannot be grown`, {
        hint: "ext2, ext3, ext4, xfs and btrfs can",
      });
  }
}

/** resize2fs wants one that is not mounted to have been checked; e2fsck's exit code 1 means that it repaired it. */
async function growExt(host: Host, { path, mountPoint }: FileSystem): Promise<void> {
  if (mountPoint === undefined) await run(host, ["e2fsck", "-f", "-p", path], [0, 1]);
  await run(host, ["resize2fs", path]);
}

/** xfs and btrfs grow only while they are mounted. */
async function whileMounted(
  host: Host,
  { path, mountPoint }: FileSystem,
  grow: (mountPoint: string) => Promise<void>,
): Promise<void> {
  if (mountPoint !== undefined) return grow(mountPoint);
  await host.makeDirectory(scratchMount, { mode: 0o700 });
  await run(host, ["mount", path, scratchMount]);
  try {
    await grow(scratchMount);
  } finally {
    await run(host, ["umount", scratchMount]);
  }
}

async function run(host: Host, argv: readonly string[], okExitCodes: readonly number[] = [0]): Promise<void> {
  await host.run(argv, { timeout, okExitCodes, why: "grow the file system to its device" });
}
