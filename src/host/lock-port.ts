import { closeSync, constants, linkSync, openSync, unlinkSync, writeFileSync } from "node:fs";
import { errorCode } from "./file-error.ts";
import { Files } from "./files.ts";
import { isAlive, isGroupAlive, ownIdentity, type ProcessIdentity } from "./process-info.ts";
import { removeLeftovers, removeQuietly, temporaryName } from "./temporary-file.ts";
import { type Place, Tree } from "./tree.ts";

/** What a lock file in a tree needs. All of it throws {@link HostError} where the tree cannot be read or written. */
export interface LockPort {
  /** Undefined where there is none. */
  read(path: string): string | undefined;
  /** Makes the file (0644), whole at once. False where one is there already: of several at once, one succeeds. */
  createExclusive(path: string, content: string): boolean;
  /**
   * Replaces the file of a process that has died. False where it does not hold `stale` any more, or somebody else is just
   * doing the same: of several at once, one succeeds. Only for a file that nobody who lives will change or remove.
   */
  takeOver(path: string, stale: string, content: string): boolean;
  /** Replaces what one's own file holds. */
  replace(path: string, own: string, content: string): void;
  /** Removes the file where it still holds `content`, which is to say: where it is one's own. */
  remove(path: string, content: string): void;
  /** Whether the process that made a lock still runs. */
  isAlive(holder: ProcessIdentity): boolean;
  /** Whether anything of the process group of a command still runs. */
  isGroupAlive(leader: ProcessIdentity): boolean;
}

/** How often a guard may itself need one: each time needs a process that was killed while it held the one before. */
const maximumGuards = 3;

/** The lock files of the tree at a path of the machine; `/` is the machine's own. @throws HostError */
export function createLockPort(root: string): LockPort {
  const tree = new Tree(root);
  const files = new Files(tree);
  const read = (path: string): string | undefined => files.read(path)?.toString("utf8");
  const createExclusive = (path: string, content: string): boolean =>
    tree.at("lock", path, { follow: false, make: true }, (place) => linkWhole(place, content)) ?? false;
  const remove = (path: string, content: string): void => {
    if (read(path) !== content) return;
    // No fsync, as when it is made.
    tree.at("unlock", path, { follow: false }, (place) => unlinkSync(place.path));
  };
  // Between looking at a stale file and replacing it, somebody else could have replaced it: the guard forbids it.
  const takeOver = (path: string, stale: string, content: string, guards = 0): boolean => {
    const guard = `${path}.guard`;
    const mine = JSON.stringify(ownIdentity());
    if (!createExclusive(guard, mine)) {
      const other = read(guard);
      if (other === undefined || guards === maximumGuards || isAlive(parseIdentity(other))) return false;
      if (!takeOver(guard, other, mine, guards + 1)) return false;
    }
    try {
      if (read(path) !== stale) return false;
      files.write(path, content, { mode: 0o644 });
      return true;
    } finally {
      remove(guard, mine);
    }
  };
  return {
    read,
    createExclusive,
    takeOver: (path, stale, content) => takeOver(path, stale, content),
    replace: (path, own, content) => {
      if (read(path) === own) files.write(path, content, { mode: 0o644, durable: false });
    },
    remove,
    isAlive,
    isGroupAlive,
  };
}

/** link(2) fails where the name is taken, and the file has its whole content when it gets the name. */
function linkWhole(place: Place, content: string): boolean {
  removeLeftovers(place.folder);
  const temporary = `${place.folder.path}/${temporaryName()}`;
  try {
    const descriptor = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
    try {
      // No fsync: a lock need not survive a power failure, which ends whoever holds it.
      writeFileSync(descriptor, content);
    } finally {
      closeSync(descriptor);
    }
    linkSync(temporary, place.path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    removeQuietly(temporary);
  }
  return true;
}

/** A guard is never half written; what is no identity is the file of nobody. */
function parseIdentity(text: string): ProcessIdentity {
  try {
    const { pid, startTime, bootId } = JSON.parse(text);
    return { pid, startTime, bootId };
  } catch {
    return { pid: 0, startTime: undefined, bootId: undefined };
  }
}
