import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from "node:fs";

const path = "/dev/console";

/**
 * The machine's console (console(4)). Undefined where it cannot be opened, or where standard output is the console
 * already. Writing never blocks and never throws: nobody may be there to take the text.
 */
export function openConsoleDevice(): { write(text: string): void; close(): void } | undefined {
  try {
    const device = statSync(path);
    const output = fstatSync(1);
    if (!device.isCharacterDevice() || (output.isCharacterDevice() && output.rdev === device.rdev)) return undefined;
    const fd = openSync(path, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
    return { write: (text) => attempt(() => writeSync(fd, text)), close: () => attempt(() => closeSync(fd)) };
  } catch {
    return undefined;
  }
}

function attempt(code: () => unknown): void {
  try {
    code();
  } catch {
    // The text is in the log file and on standard error as well.
  }
}
