import { readFileSync } from "node:fs";
import { ownPid, processExists } from "./signals.ts";

/** Who a process is, also when its id is given to another one later, or the machine has been started anew. */
export interface ProcessIdentity {
  pid: number;
  /** See {@link processStartTime}; undefined where /proc does not tell. */
  startTime: string | undefined;
  /** See {@link bootId}. */
  bootId: string | undefined;
}

/**
 * When a process was started, in clock ticks since boot: field 22 of `/proc/PID/stat`, proc(5). Undefined where there is
 * no such process, or /proc does not tell.
 */
export function processStartTime(pid: number): string | undefined {
  const text = readSmallFile(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses; it may hold blanks and parentheses itself.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields?.[22 - 3];
}

/** A number that is new after each boot: `/proc/sys/kernel/random/boot_id`, random(4). Undefined without /proc. */
export function bootId(): string | undefined {
  return readSmallFile("/proc/sys/kernel/random/boot_id")?.trim();
}

let own: ProcessIdentity | undefined;

/** This process. */
export function ownIdentity(): ProcessIdentity {
  own ??= { pid: ownPid, startTime: processStartTime(ownPid), bootId: bootId() };
  return own;
}

/** Whether the very process is still there. Where /proc hides it, a process with its id is taken for it. */
export function isAlive({ pid, startTime, bootId: boot }: ProcessIdentity): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  if (boot !== undefined && boot !== (bootId() ?? boot)) return false;
  const actual = processStartTime(pid);
  if (actual === undefined) return processExists(pid);
  return startTime === undefined || startTime === actual;
}

function readSmallFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
