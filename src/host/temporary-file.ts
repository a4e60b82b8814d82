import { readdirSync, unlinkSync } from "node:fs";
import { errorCode } from "./file-error.ts";
import { isAlive, ownIdentity } from "./process-info.ts";
import type { Folder } from "./tree.ts";

/** `.kanod-PID-STARTTIME-RANDOM.tmp`: who made it is in the name, so that the rest of a killed run can be told. */
const pattern = /^\.kanod-(\d+)-(\d*)-[0-9a-f]{12}\.tmp$/;

/**
 * A name for a file of this process that is renamed or removed within the same operation. It is random so that nobody
 * stumbles over it; what keeps a file of somebody else's safe is O_EXCL. node:crypto would take a third of the start.
 */
export function temporaryName(): string {
  const { pid, startTime } = ownIdentity();
  const random = Math.floor(Math.random() * 2 ** 48);
  return `.kanod-${pid}-${startTime ?? ""}-${random.toString(16).padStart(12, "0")}.tmp`;
}

/** Removes the temporary files whose makers were killed. Those of a living process are left alone. */
export function removeLeftovers(folder: Folder): void {
  for (const name of readdirSync(`${folder.path}/.`)) {
    const [, pid, startTime] = pattern.exec(name) ?? [];
    if (pid === undefined) continue;
    if (isAlive({ pid: Number(pid), startTime: startTime || undefined, bootId: undefined })) continue;
    removeQuietly(`${folder.path}/${name}`);
  }
}

/** Removes a temporary file, where it still is. */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // Whoever else removes leftovers, or makes the file system read-only, must not fail the operation itself.
    if (!["ENOENT", "EROFS", "EACCES", "EPERM", "EIO"].includes(errorCode(error) ?? "")) throw error;
  }
}
