import { printable } from "../config/shown.ts";
import type { Logger } from "../log/logger.ts";
import { stopwatch } from "../log/stopwatch.ts";
import type { Change } from "./host.ts";

/** What was done to a path: at debug level where nothing had to be. Passes the change on. */
export function logChange(log: Logger, change: Change, what: string, path: string): Change {
  const message = `${change === "same" ? "left as it was:" : change} ${what}${printable(path)}`;
  if (change === "same") log.debug(message, { event: change, path });
  else log.info(message, { event: change, path });
  return change;
}

/** Waits for something that takes time, and logs how it ended. `said` puts its result into words. */
export async function logTimed<T>(log: Logger, operation: Promise<T>, said: (result: T) => string): Promise<T> {
  const elapsed = stopwatch();
  try {
    const result = await operation;
    log.info(said(result), { event: "finished", duration: elapsed() });
    return result;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.info(`failed: ${reason}`, { event: "failed", duration: elapsed() });
    throw error;
  }
}
