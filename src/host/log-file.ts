import { closeSync, constants, fchmodSync, fstatSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { errorCode, fileError, refusal } from "./file-error.ts";
import { type Place, Tree } from "./tree.ts";

export interface LogFileOptions {
  /** Path of the tree on the machine that `path` is in; `/` for the machine itself. */
  root: string;
  path: string;
  /** When a line would make the file longer, it becomes `PATH.1`, that becomes `PATH.2`, … In bytes. */
  maxBytes: number;
  /** How many older files are kept. */
  keep: number;
  /** Permission bits of the file. */
  mode: number;
  /** Told, once, why nothing is written any more. */
  onError: (message: string) => void;
}

export interface LogFile {
  /** Appends a line; the line feed is added. Never throws. */
  write(line: string): void;
  close(): void;
}

/** Opens a file to append lines to. Where it cannot be written (any more) it says so once, and the run goes on without. */
export function openLogFile(options: LogFileOptions): LogFile {
  const file = new RotatedFile(options);
  let broken = false;
  const attempt = (operation: () => void): void => {
    if (broken) return;
    try {
      operation();
    } catch (error) {
      broken = true;
      file.close();
      options.onError(error instanceof Error ? error.message : String(error));
    }
  };
  attempt(() => file.open());
  return {
    write: (line) => attempt(() => file.append(Buffer.from(`${line}\n`))),
    close: () => {
      broken = true;
      file.close();
    },
  };
}

class RotatedFile {
  readonly #options: LogFileOptions;
  #descriptor: number | undefined;
  #size = 0;

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  open(): void {
    this.#at((place) => this.#openAt(place));
  }

  append(bytes: Buffer): void {
    const { maxBytes, path } = this.#options;
    if (this.#size > 0 && this.#size + bytes.length > maxBytes) this.#rotate();
    try {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#descriptor ?? -1, bytes, written);
      }
    } catch (error) {
      throw fileError("write", path, error);
    }
    this.#size += bytes.length;
  }

  close(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #openAt({ path, status }: Place): void {
    if (status !== undefined && !status.isFile()) {
      throw refusal("not-a-file", "write", this.#options.path, "it is not a regular file");
    }
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    const flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
    this.#descriptor = openSync(path, flags, this.#options.mode);
    const { size, mode } = fstatSync(this.#descriptor);
    if ((mode & 0o7777) !== this.#options.mode) fchmodSync(this.#descriptor, this.#options.mode);
    this.#size = size;
  }

  #rotate(): void {
    this.close();
    this.#at((place) => {
      for (let age = this.#options.keep; age > 0; age--) {
        renameIfThere(age === 1 ? place.path : `${place.path}.${age - 1}`, `${place.path}.${age}`);
      }
      if (this.#options.keep === 0) unlinkSync(place.path);
      this.#openAt({ ...place, status: undefined });
    });
  }

  #at(use: (place: Place) => void): void {
    new Tree(this.#options.root).at("write", this.#options.path, { follow: true, make: true }, use);
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
