import { AgentError } from "../config/agent-error.ts";
import type { LockPort } from "../host/lock-port.ts";
import type { ProcessIdentity } from "../host/process-info.ts";

export const lockPath = "/run/kanod-configure/lock";

/**
 * Takes the lock that keeps a second run from working at the same time. A lock whose holder is gone, also when its
 * process id belongs to another process by now, is taken over.
 *
 * @returns what gives the lock back
 * @throws AgentError `locked` (exit code 4) when a run holds it, HostError where the lock cannot be written
 */
export function acquireLock(port: LockPort, own: ProcessIdentity): () => void {
  const content = JSON.stringify(own);
  if (!port.createExclusive(lockPath, content)) {
    const held = port.read(lockPath);
    const holder = held === undefined ? undefined : parseHolder(held);
    const alive = holder !== undefined && port.holderAlive(holder.pid, holder.startTime, holder.bootId);
    if (
      held === undefined ? !port.createExclusive(lockPath, content) : alive || !port.takeOver(lockPath, held, content)
    ) {
      throw lockedBy(alive ? holder : undefined);
    }
  }
  return () => port.remove(lockPath, content);
}

/** Undefined for what is no lock of ours: nobody who lives wrote it, because a lock appears whole. */
function parseHolder(text: string): ProcessIdentity | undefined {
  try {
    const value = JSON.parse(text) as Partial<ProcessIdentity> | null;
    if (typeof value?.pid !== "number") return undefined;
    return { pid: value.pid, startTime: value.startTime, bootId: value.bootId };
  } catch {
    return undefined;
  }
}

function lockedBy(holder: ProcessIdentity | undefined): AgentError {
  const who = holder === undefined ? "another process that took it just now" : `process ${holder.pid}`;
  const hint = "kanod-configure status --wait waits until the other run has ended";
  return new AgentError("locked", `another run holds the lock ${lockPath}: ${who}`, { exitCode: 4, hint });
}
