import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import type { Code } from "../config/codes/catalogue.ts";
import type { HostError } from "./errors.ts";
import { errorCode, fileError, refusal } from "./file-error.ts";
import { pathFault, pathNames } from "./path.ts";

/** open(2): a descriptor that only names a folder. Node does not export it; x86 and arm have the same value. */
const O_PATH = 0o10000000;

/** The folders and files that this process has open, proc(5). */
const descriptors = "/proc/self/fd";

/** The kernel's own limit, path_resolution(7). */
const maximumLinks = 40;

/** How often a look-up begins again because somebody replaced what had just been looked at. */
const maximumRaces = 100;

/**
 * What the system says when something is not what it was a moment ago: it is a link now, or none any more, has gone or
 * come, is no folder, or no empty one.
 */
const raceCodes: ReadonlySet<string> = new Set(["ELOOP", "EINVAL", "ENOENT", "EEXIST", "ENOTDIR", "ENOTEMPTY"]);

export interface LocateOptions {
  /** A link that stands at the path itself is followed. Links on the way always are. */
  follow: boolean;
  /** Missing folders on the way are made (0755). */
  make?: boolean;
}

/** Where a path ends: a name in a folder that cannot be exchanged while it is worked in. */
export interface Place {
  /** For node:fs. Whoever uses it must not follow a link that stands there. */
  readonly path: string;
  readonly folder: Folder;
  /** `.` where the path is the folder itself (the root, or a path that ends in `..`). */
  readonly name: string;
  /** What stood there, no link followed. */
  readonly status: Stats | undefined;
}

/** A folder of a {@link Tree}. `path` names it for node:fs until it is closed. */
export interface Folder {
  readonly path: string;
  close(): void;
}

/**
 * The files below a root. Paths are resolved as if the root were `/`: absolute links, `..` and links on the way stay
 * inside, also when somebody exchanges folders and links meanwhile. For this every folder on the way is opened from the
 * one before without following links, and named as `/proc/self/fd/N`, proc(5). The machine's own tree has plain paths.
 * `/` and `/.` at the end of a path say nothing. A folder that is moved out of the tree while it is held is followed.
 */
export class Tree {
  /** The root's path on the machine; `/` is the machine's own tree. */
  readonly root: string;
  readonly isMachine: boolean;
  /** Users who may put links anywhere: root, who runs this, and the owner of a target tree. */
  readonly #trusted: ReadonlySet<number>;

  /** @throws HostError where the root is no folder or, but for `/`, where /proc is not mounted */
  constructor(root = "/") {
    try {
      this.root = realpathSync(root);
      if (!lstatSync(this.root).isDirectory()) throw refusal("not-a-folder", "use as root", root, "it is not a folder");
    } catch (error) {
      throw fileError("use as root", root, error);
    }
    this.isMachine = this.root === "/";
    this.#trusted = new Set([0, ownUser(), lstatSync(this.root).uid]);
    if (!this.isMachine && !canHold()) throw refusal("no-proc", "use as root", root, "/proc is not mounted");
  }

  /**
   * Calls `use` with the place of an absolute path, or returns undefined where a folder on the way is missing. Begins
   * again when what was looked at turns out to have been exchanged or removed meanwhile.
   *
   * @throws HostError "cannot ACTION PATH: …"
   */
  at<T>(action: string, path: string, options: LocateOptions, use: (place: Place) => T): T | undefined {
    const refuse = (code: Code, reason: string): HostError => refusal(code, action, path, reason);
    const fault = pathFault(path);
    if (fault !== undefined) throw refuse("bad-path", fault);
    const names = pathNames(path);
    for (let race = 0; ; race++) {
      const walk = new Walk(this, options, refuse);
      try {
        const place = walk.to(names);
        return place === undefined ? undefined : use(place);
      } catch (error) {
        if (raceCodes.has(errorCode(error) ?? "") && race < maximumRaces) continue;
        throw fileError(action, path, error);
      } finally {
        walk.close();
      }
    }
  }

  /**
   * Whether a link in a folder may be followed: nobody else could have put it there. The agent works as root, also where
   * users may write.
   */
  trusts(folder: Stats, link: Stats): boolean {
    const isShared = (folder.mode & 0o022) !== 0;
    return this.#trusted.has(folder.uid) && (!isShared || this.#trusted.has(link.uid));
  }

  openRoot(): Folder {
    return this.isMachine ? { path: "", close: () => {} } : heldFolder(this.root);
  }

  /** Opens a folder by its name in another one. No link is followed. */
  open(parent: Folder, name: string): Folder {
    const path = `${parent.path}/${name}`;
    // In a folder that is held, because it is not root's, all below it is held, too.
    return this.isMachine && !parent.path.startsWith(descriptors) ? { path, close: () => {} } : heldFolder(path);
  }

  /** Opens a folder on the way to a place. One that a user could exchange meanwhile is held. */
  enter({ folder, name, path, status }: Place): Folder {
    const isTrusted = status === undefined || this.#trusted.has(status.uid);
    return isTrusted || !canHold() ? this.open(folder, name) : heldFolder(path);
  }
}

/** One look-up, with the folders it holds open. */
class Walk {
  readonly #tree: Tree;
  readonly #options: LocateOptions;
  readonly #refuse: (code: Code, reason: string) => HostError;
  /** From the root to where the walk stands: `..` goes back in it and so never above the root. */
  readonly #folders: [Folder, ...Folder[]];

  constructor(tree: Tree, options: LocateOptions, refuse: (code: Code, reason: string) => HostError) {
    this.#tree = tree;
    this.#options = options;
    this.#refuse = refuse;
    this.#folders = [tree.openRoot()];
  }

  to(names: readonly string[]): Place | undefined {
    const pending = [...names];
    let links = 0;
    for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
      if (name === "..") {
        this.#leave(Math.max(1, this.#folders.length - 1));
        continue;
      }
      const place = this.#look(name);
      const isLast = pending.length === 0;
      if (place.status?.isSymbolicLink() && (!isLast || this.#options.follow)) {
        if (!this.#tree.trusts(lstatSync(`${place.folder.path}/.`), place.status)) {
          throw this.#refuse("untrusted-link", `${name} is a symbolic link in a folder that others than root control`);
        }
        if (++links > maximumLinks) throw this.#refuse("symlink-loop", "too many symbolic links");
        const target = readlinkSync(place.path);
        if (target.startsWith("/")) this.#leave(1);
        pending.unshift(...pathNames(target));
        continue;
      }
      if (isLast) return place;
      if (!this.#enter(place)) return undefined;
    }
    return this.#look(".");
  }

  close(): void {
    this.#leave(0);
  }

  get #folder(): Folder {
    return this.#folders.at(-1) ?? this.#folders[0];
  }

  #look(name: string): Place {
    const folder = this.#folder;
    const path = `${folder.path}/${name}`;
    return { path, folder, name, status: lstatSync(path, { throwIfNoEntry: false }) };
  }

  #leave(depth: number): void {
    for (const folder of this.#folders.splice(depth)) folder.close();
  }

  /** False where there is no such folder and none shall be made. */
  #enter(place: Place): boolean {
    if (place.status === undefined) {
      if (!this.#options.make) return false;
      makeFolder(this.#tree, place);
    } else if (!place.status.isDirectory()) {
      if (!this.#options.make) return false;
      throw this.#refuse("not-a-folder", `${place.name} on the way to it is not a folder`);
    }
    this.#folders.push(this.#tree.enter(place));
    return true;
  }
}

/** Makes a folder (0755, whatever the umask) whose parent exists, durably. */
export function makeFolder(tree: Tree, place: Place): void {
  mkdirSync(place.path, 0o755);
  const folder = tree.open(place.folder, place.name);
  try {
    chmodSync(`${folder.path}/.`, 0o755);
  } finally {
    folder.close();
  }
  syncFolder(place.folder);
}

/** Makes the entries of a folder durable, fsync(2). File systems that cannot do it for a folder are left alone. */
export function syncFolder(folder: Folder): void {
  try {
    const descriptor = openSync(`${folder.path}/.`, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (errorCode(error) !== "EINVAL" && errorCode(error) !== "EACCES") throw error;
  }
}

/** Opens a folder, but no link to one. Whatever happens to its path, the folder's new path leads to the very folder. */
export function holdFolder(path: Buffer | string): { path: Buffer; close(): void } {
  const descriptor = openSync(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  return { path: Buffer.from(`${descriptors}/${descriptor}`), close: () => closeSync(descriptor) };
}

/** The user who runs this, by proc(5); root where /proc is not mounted. */
function ownUser(): number {
  return statSync("/proc/self", { throwIfNoEntry: false })?.uid ?? 0;
}

/** Whether /proc is mounted, without which no folder can be held. */
export function canHold(): boolean {
  return lstatSync(descriptors, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function heldFolder(path: string): Folder {
  const { path: held, close } = holdFolder(path);
  return { path: held.toString(), close };
}
