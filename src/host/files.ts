import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { refusal } from "./file-error.ts";
import type { Change, FileStatus, Ownership, WriteOptions } from "./host.ts";
import { endsWithName, pathFault } from "./path.ts";
import { removeTree } from "./remove-tree.ts";
import { removeLeftovers, removeQuietly, temporaryName } from "./temporary-file.ts";
import { type Folder, makeFolder, type Place, syncFolder, type Tree } from "./tree.ts";

/** The file operations of a {@link Host}, done at once. They throw {@link HostError}. */
export class Files {
  readonly #tree: Tree;
  /** Device and inode of the folders that were searched for the rests of killed runs. */
  readonly #tidied = new Set<string>();

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  read(path: string): Buffer | undefined {
    return this.#tree.at("read", path, { follow: true }, (place) => {
      if (place.status === undefined) return undefined;
      if (!place.status.isFile()) throw refusal("not-a-file", "read", path, describeKind(place.status));
      return readRegular(place.path);
    });
  }

  stat(path: string): FileStatus | undefined {
    return this.#tree.at("look at", path, { follow: false }, (place) => fileStatus(place));
  }

  list(path: string): string[] | undefined {
    return this.#tree.at("list", path, { follow: true }, (place) => {
      if (place.status === undefined) return undefined;
      if (!place.status.isDirectory()) throw refusal("not-a-folder", "list", path, describeKind(place.status));
      const folder = this.#tree.open(place.folder, place.name);
      try {
        return readdirSync(`${folder.path}/.`).sort();
      } finally {
        folder.close();
      }
    });
  }

  write(path: string, content: string | Uint8Array, options: WriteOptions = {}): Change {
    const bytes = Buffer.from(content);
    const change = this.#tree.at("write", path, { follow: true, make: true }, (place) => {
      const { status } = place;
      if (status !== undefined && !status.isFile()) throw refusal("not-a-file", "write", path, describeKind(status));
      this.#tidy(place.folder);
      const mode = options.mode ?? (options.secret ? 0o600 : status === undefined ? 0o644 : status.mode & 0o7777);
      const owner = options.owner ?? status;
      if (status !== undefined && isRight(status, mode, owner) && holds(place, status, bytes)) return "same";
      replaceFile(place, bytes, mode, owner, options.durable ?? true);
      return status === undefined ? "created" : "changed";
    });
    return change ?? "same";
  }

  makeDirectory(path: string, options: Ownership = {}): Change {
    const change = this.#tree.at("make the folder", path, { follow: true, make: true }, (place) => {
      const { status } = place;
      if (status === undefined) makeFolder(this.#tree, place);
      else if (!status.isDirectory()) throw refusal("not-a-folder", "make the folder", path, describeKind(status));
      const adjusted = this.#adjust(place, options);
      return status === undefined ? "created" : adjusted;
    });
    return change ?? "same";
  }

  symlink(target: string, path: string): Change {
    const refuse = (reason: string) => refusal("bad-path", "make the link", path, reason);
    if (target === "" || target.includes("\0")) throw refuse("its target is no path");
    const change = this.#tree.at("make the link", path, { follow: false, make: true }, (place) => {
      const { status } = place;
      this.#tidy(place.folder);
      if (status?.isDirectory()) throw refusal("not-a-file", "make the link", path, describeKind(status));
      if (status?.isSymbolicLink() && readlinkSync(place.path) === target) return "same";
      moveIntoPlace(place, true, (temporary) => symlinkSync(target, temporary));
      return status === undefined ? "created" : "changed";
    });
    return change ?? "same";
  }

  remove(path: string): boolean {
    if (!pathFault(path) && !endsWithName(path))
      throw refusal("bad-path", "remove", path, "it does not end with a name");
    const removed = this.#tree.at("remove", path, { follow: false }, (place) => {
      if (place.status === undefined) return false;
      if (place.status.isDirectory()) removeTree(place, path);
      else unlinkSync(place.path);
      syncFolder(place.folder);
      return true;
    });
    return removed ?? false;
  }

  /** Once for each folder: a killed run leaves its temporary file where it wrote last, and the next run writes there. */
  #tidy(folder: Folder): void {
    const { dev, ino } = statOf(folder);
    const key = `${dev}:${ino}`;
    if (this.#tidied.has(key)) return;
    this.#tidied.add(key);
    removeLeftovers(folder);
  }

  #adjust(place: Place, { mode, owner }: Ownership): Change {
    const folder = this.#tree.open(place.folder, place.name);
    try {
      const now = statOf(folder);
      const wantedMode = mode ?? now.mode & 0o7777;
      if (isRight(now, wantedMode, owner)) return "same";
      // chown(2) takes set-id bits away, so the mode comes last.
      if (owner !== undefined && !isOwnedBy(now, owner)) chownSync(`${folder.path}/.`, owner.uid, owner.gid);
      chmodSync(`${folder.path}/.`, wantedMode);
      return "changed";
    } finally {
      folder.close();
    }
  }
}

function fileStatus({ path, status }: Place): FileStatus | undefined {
  if (status === undefined) return undefined;
  const { uid, gid, size } = status;
  const common = { mode: status.mode & 0o7777, uid, gid, size };
  if (status.isSymbolicLink()) return { kind: "symlink", ...common, target: readlinkSync(path) };
  return { kind: status.isFile() ? "file" : status.isDirectory() ? "directory" : "other", ...common };
}

function readRegular(path: string): Buffer {
  // Without O_NONBLOCK a pipe that was put there meanwhile would make the agent wait for ever.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function holds(place: Place, status: Stats, bytes: Buffer): boolean {
  return status.size === bytes.length && readRegular(place.path).equals(bytes);
}

/** The content is on the disk before the name is: whoever opens the file finds the old or the new content, whole. */
function replaceFile(place: Place, bytes: Buffer, mode: number, owner: Ownership["owner"], durable: boolean): void {
  moveIntoPlace(place, durable, (temporary) => {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const descriptor = openSync(temporary, flags, 0o600);
    try {
      writeFileSync(descriptor, bytes);
      if (owner !== undefined && !isOwnedBy(fstatSync(descriptor), owner)) fchownSync(descriptor, owner.uid, owner.gid);
      // write(2) and chown(2) take set-id bits away, so the mode comes last; until then only the owner may read.
      fchmodSync(descriptor, mode);
      if (durable) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Makes something under a temporary name, then renames it: what stood there before is replaced atomically. */
function moveIntoPlace(place: Place, durable: boolean, make: (temporary: string) => void): void {
  const temporary = `${place.folder.path}/${temporaryName()}`;
  try {
    make(temporary);
    renameSync(temporary, place.path);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  if (durable) syncFolder(place.folder);
}

function statOf(folder: Folder): Stats {
  return lstatSync(`${folder.path}/.`);
}

function isRight(status: Stats, mode: number, owner: Ownership["owner"]): boolean {
  return (status.mode & 0o7777) === mode && (owner === undefined || isOwnedBy(status, owner));
}

function isOwnedBy(status: Stats, owner: { uid: number; gid: number }): boolean {
  return status.uid === owner.uid && status.gid === owner.gid;
}

function describeKind(status: Stats): string {
  if (status.isFile()) return "it is a file";
  if (status.isDirectory()) return "it is a folder";
  if (status.isSymbolicLink()) return "it is a symbolic link";
  return "it is a device, a pipe or a socket";
}
