// biome-ignore lint/style/noRestrictedImports: only here a signal can be sent to a whole process group, and to none else
import process from "node:process";
import { errorCode } from "./file-error.ts";

export const ownPid: number = process.pid;

/** Sends a signal to all of a process group, or with 0 only looks. False where the group has ended. */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  return signalled(-leader, signal);
}

/** Whether there is a process, of whomever, with this id. */
export function processExists(pid: number): boolean {
  return signalled(pid, 0);
}

function signalled(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    // EPERM says that there is somebody, whom we may not signal.
    return errorCode(error) !== "ESRCH";
  }
}
