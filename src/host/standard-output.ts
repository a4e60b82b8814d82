import { fstatSync, writeSync } from "node:fs";
import type { HostError } from "./errors.ts";
import { errorCode, fileError } from "./file-error.ts";

/** Between two attempts to write to somebody who does not read, and how often it is tried: 10 s in all. */
const pause = 10;
const maximumPauses = 1000;

/**
 * Writes to standard output (1) or standard error (2) at once, without Node's streams, which take a tenth of an agent's
 * start. Never throws: that the disk behind it is full must not end a run. Returns why text was lost, unless there is
 * nobody who reads it any more.
 */
export function writeStandard(descriptor: 1 | 2, text: string): HostError | undefined {
  let rest: Uint8Array = Buffer.from(text);
  for (let pauses = 0; rest.length > 0 && pauses < maximumPauses; ) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = errorCode(error);
      if (code === "EPIPE" || code === "EBADF") return undefined;
      // A pipe that does not block is full for the moment.
      if (code !== "EAGAIN") return fileError("write", `standard ${descriptor === 1 ? "output" : "error"}`, error);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
      pauses++;
    }
  }
  return undefined;
}

/**
 * Whether standard output (1) or standard error (2) is a terminal, found without Node's streams. /dev/null counts as one:
 * nobody reads what is written there.
 */
export function isTerminal(descriptor: 1 | 2): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    // It is closed.
    return false;
  }
}
