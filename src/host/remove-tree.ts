import { lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { errorCode, refusal } from "./file-error.ts";
import { canHold, holdFolder, type Place } from "./tree.ts";

/**
 * Removes a folder with all in it. Links are removed, never followed, also when a folder becomes one meanwhile. Stops at
 * what another file system, mounted below it, holds. `path` is for the error. @throws HostError, or the system's error
 */
export function removeTree(place: Place, path: string): void {
  const device = lstatSync(place.path).dev;
  const hold = canHold() ? holdFolder : (folder: Buffer) => ({ path: folder, close: () => {} });
  const removeFolder = (name: Buffer): void => {
    const folder = hold(name);
    try {
      if (lstatSync(inside(folder.path, ".")).dev !== device) {
        throw refusal("io-error", "remove", path, "another file system is mounted in it");
      }
      // Names are bytes and need not be UTF-8.
      for (const entry of readdirSync(inside(folder.path, "."), "buffer")) removeEntry(inside(folder.path, entry));
    } finally {
      folder.close();
    }
    rmdirSync(name);
  };
  const removeEntry = (name: Buffer): void => {
    try {
      unlinkSync(name);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return;
      // EISDIR is Linux's word for it, EPERM that of POSIX: unlink(2).
      if (errorCode(error) !== "EISDIR" && !isFolder(name)) throw error;
      removeFolder(name);
    }
  };
  removeFolder(Buffer.from(place.path));
}

function inside(folder: Buffer, name: Buffer | string): Buffer {
  return Buffer.concat([folder, Buffer.from("/"), Buffer.from(name)]);
}

function isFolder(path: Buffer): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
