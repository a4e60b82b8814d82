import { lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { errorCode, refusal } from "./file-error.ts";
import { canHold, holdFolder, type Place } from "./tree.ts";

/**
 * Removes a folder with all in it. Links are removed, never followed, also when a folder becomes one meanwhile. Stops at
 * what is mounted there or below. `path` is for the error. @throws HostError, or the system's error
 */
export function removeTree(place: Place, path: string): void {
  const device = lstatSync(`${place.folder.path}/.`).dev;
  const hold = canHold() ? holdFolder : (folder: Buffer) => ({ path: folder, close: () => {} });
  const removeFolder = (name: Buffer): void => {
    const folder = hold(name);
    try {
      if (lstatSync(inside(folder.path, ".")).dev !== device) {
        throw refusal("io-error", "remove", path, "another file system is mounted there");
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
      if (errorCode(error) !== "EISDIR") throw error;
      removeFolder(name);
    }
  };
  removeFolder(Buffer.from(place.path));
}

function inside(folder: Buffer, name: Buffer | string): Buffer {
  return Buffer.concat([folder, Buffer.from("/"), Buffer.from(name)]);
}
