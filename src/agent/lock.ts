import { AgentError } from "../config/agent-error.ts";
import type { LockPort } from "../host/lock-port.ts";
import type { ProcessIdentity } from "../host/process-info.ts";

export const lockPath = "/run/kanod-configure/lock";

/** Who holds the lock, and the commands that it runs: they outlive an agent that is killed. */
interface Holder extends ProcessIdentity {
  commands?: readonly ProcessIdentity[];
}

export interface Lock {
  /** Notes the leader of the process group of a command. Returns what is to be called when it has ended. */
  hold(command: ProcessIdentity): () => void;
  release(): void;
}

/**
 * Takes the lock that keeps a second run from working at the same time. A lock whose holder is gone, with the commands
 * that it ran, is taken over, also when its process id belongs to another process by now.
 *
 * @throws AgentError `locked` (exit code 4) when a run holds it, HostError where the lock cannot be written
 */
export function acquireLock(port: LockPort, own: ProcessIdentity): Lock {
  let content = JSON.stringify(own);
  if (!port.createExclusive(lockPath, content)) takeOver(port, content);
  const commands = new Set<ProcessIdentity>();
  const update = (): void => {
    const next = JSON.stringify({ ...own, ...(commands.size === 0 ? {} : { commands: [...commands] }) });
    port.replace(lockPath, content, next);
    content = next;
  };
  return {
    hold: (command) => {
      commands.add(command);
      update();
      return () => {
        commands.delete(command);
        update();
      };
    },
    release: () => port.remove(lockPath, content),
  };
}

function takeOver(port: LockPort, content: string): void {
  const held = port.read(lockPath);
  if (held === undefined) {
    if (!port.createExclusive(lockPath, content)) throw lockedBy("another process that took it just now");
    return;
  }
  const holder = parseHolder(held);
  if (holder !== undefined && port.isAlive(holder)) throw lockedBy(`process ${holder.pid}`);
  const left = holder?.commands?.find((command) => port.isGroupAlive(command));
  if (left !== undefined) throw lockedBy(`a command of a killed run, process group ${left.pid}, still runs`);
  if (!port.takeOver(lockPath, held, content)) throw lockedBy("another process that took it just now");
}

/** Undefined for what is no lock of ours: nobody who lives wrote it, because a lock appears whole. */
function parseHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    if (typeof value?.pid !== "number") return undefined;
    const { pid, startTime, bootId, commands } = value;
    return { pid, startTime, bootId, commands: Array.isArray(commands) ? commands : [] };
  } catch {
    return undefined;
  }
}

function lockedBy(who: string): AgentError {
  const hint = "kanod-configure status --wait waits until the other run has ended";
  return new AgentError("locked", `another run holds the lock ${lockPath}: ${who}`, { exitCode: 4, hint });
}
