import { readdirSync, readFileSync } from "node:fs";
import { ownPid, processExists } from "./signals.ts";

/** Who a process is, also when its id is given to another one later, or the machine has been started anew. */
export interface ProcessIdentity {
  pid: number;
  /** In clock ticks since boot; undefined where /proc does not tell. */
  startTime: string | undefined;
  /** See {@link bootId}. */
  bootId: string | undefined;
}

interface ProcessStatus {
  state: string;
  group: number;
  /** In clock ticks since boot. */
  startTime: string | undefined;
}

/** Fields 3, 5 and 22 of `/proc/PID/stat`, proc(5). Undefined without such a process, or without /proc. */
function processStatus(pid: number | string): ProcessStatus | undefined {
  const text = readSmallFile(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses; it may hold blanks and parentheses itself.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  if (fields === undefined) return undefined;
  return { state: fields[0] ?? "", group: Number(fields[5 - 3]), startTime: fields[22 - 3] };
}

/** A zombie changes nothing any more. */
function isGone({ state }: ProcessStatus): boolean {
  return state === "Z" || state === "X";
}

/** A number that is new after each boot: `/proc/sys/kernel/random/boot_id`, random(4). Undefined without /proc. */
export function bootId(): string | undefined {
  return readSmallFile("/proc/sys/kernel/random/boot_id")?.trim();
}

let own: ProcessIdentity | undefined;

/** This process. */
export function ownIdentity(): ProcessIdentity {
  own ??= identityOf(ownPid);
  return own;
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTime: processStatus(pid)?.startTime, bootId: bootId() };
}

/** Whether the very process still runs. Where /proc hides it, a process with its id is taken for it. */
export function isAlive({ pid, startTime, bootId: boot }: ProcessIdentity): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || isOtherBoot(boot)) return false;
  const actual = processStatus(pid);
  if (actual === undefined) return processExists(pid);
  return !isGone(actual) && (startTime === undefined || startTime === actual.startTime);
}

/** Whether any process of the group that this one led still runs. */
export function isGroupAlive({ pid, startTime, bootId: boot }: ProcessIdentity): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 1 || isOtherBoot(boot)) return false;
  const leader = processStatus(pid);
  // The kernel gives no process the id of a group that there still is.
  if (leader !== undefined && startTime !== undefined && leader.startTime !== startTime) return false;
  return processIds().some((id) => {
    const status = processStatus(id);
    return status !== undefined && status.group === pid && !isGone(status);
  });
}

function isOtherBoot(boot: string | undefined): boolean {
  return boot !== undefined && boot !== (bootId() ?? boot);
}

function processIds(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function readSmallFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
