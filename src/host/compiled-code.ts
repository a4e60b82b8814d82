import { lstatSync, mkdirSync, readFileSync, renameSync, type Stats, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Script } from "node:vm";

/**
 * Code that V8 compiled of the scripts in a folder, kept in `.cache` below it for the next run. V8 runs what lies in there
 * unchecked, so only the folder's owner uses it, who can change the scripts as well. Node's own cache (`module.enableCompileCache`) is made before a script runs, without the functions that are compiled when called.
 */
export class CompiledCode {
  readonly #scripts: string;
  readonly #folder: string;
  readonly #new = new Map<string, Script>();

  private constructor(scripts: string, folder: string) {
    this.#scripts = scripts;
    this.#folder = folder;
  }

  /**
   * @param scripts an absolute path
   * @param use `user`: the user's number (`geteuid`). `node`: V8 refuses code that another version made, or on another
   * processor. `command`: each command has code of its own, because each uses other functions.
   * @returns undefined for other users than the owner, and where the folder cannot be made
   */
  static open(
    scripts: string,
    { user, node, command }: { user: number | undefined; node: string; command: string },
  ): CompiledCode | undefined {
    if (!isOwn(lookAt(scripts), user)) return undefined;
    let folder = scripts;
    for (const name of [".cache", node, command]) {
      folder = join(folder, name);
      if (!isOwn(madeFolder(folder), user)) return undefined;
    }
    return new CompiledCode(scripts, folder);
  }

  /** The code of a script; undefined where there is none. */
  of(name: string): Buffer | undefined {
    try {
      return readFileSync(this.#fileOf(name));
    } catch {
      return undefined;
    }
  }

  /** Keeps what V8 will have compiled of a script at the end of the run, unless it took the code that was there. */
  keep(name: string, script: Script): void {
    if (script.cachedDataRejected !== false) this.#new.set(name, script);
  }

  /** Writes what is to be kept. What cannot be written is compiled again in the next run. */
  save(): void {
    try {
      for (const [name, script] of this.#new) {
        const temporary = join(this.#folder, `${Math.random()}.tmp`);
        writeFileSync(temporary, script.createCachedData(), { mode: 0o600 });
        renameSync(temporary, this.#fileOf(name));
      }
    } catch {
      // As where the disk is full.
    }
  }

  /** V8 compares only the length of a script. */
  #fileOf(name: string): string {
    return join(this.#folder, `${name}-${lookAt(join(this.#scripts, name))?.mtimeMs}.code`);
  }
}

function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function madeFolder(path: string): Stats | undefined {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch {
    // It is there already, or cannot be made.
  }
  return lookAt(path);
}

/** Only this user can change what lies in it. */
function isOwn(found: Stats | undefined, user: number | undefined): boolean {
  return found?.isDirectory() === true && found.uid === user && (found.mode & 0o022) === 0;
}
