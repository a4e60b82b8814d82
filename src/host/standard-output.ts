import { writeSync } from "node:fs";
import { errorCode } from "./file-error.ts";

/** Between two attempts to write to somebody who does not read, and how often it is tried: 10 s in all. */
const pause = 10;
const maximumPauses = 1000;

/**
 * Writes to standard output (1) or standard error (2) at once, without Node's streams, which take a tenth of an agent's
 * start. Never throws: that nobody reads any more, or that the disk behind it is full, must not end a run.
 */
export function writeStandard(descriptor: 1 | 2, text: string): void {
  let rest: Uint8Array = Buffer.from(text);
  for (let pauses = 0; rest.length > 0 && pauses < maximumPauses; ) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      // A pipe that does not block is full for the moment.
      if (errorCode(error) !== "EAGAIN") return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
      pauses++;
    }
  }
}
