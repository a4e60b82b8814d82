// biome-ignore lint/style/noRestrictedImports: `_tickCallback`, which runs the jobs of promises, is a member of process
import process from "node:process";
import { Script } from "node:vm";
import { Worker } from "node:worker_threads";
import { errorCode } from "./file-error.ts";

/** Ends code that never lets other code run: neither a timer nor the handler of a signal would ever be called. */
export interface Watchdog {
  /**
   * Watches until the returned function is called. After `limit` seconds in which code let no other code run it is ended
   * wherever it is, and `stalled` is called.
   */
  watch(limit: number, stalled: () => void): () => void;
  /** The other thread does not watch yet: code is to be called through `run`. */
  readonly needsRun: boolean;
  /** Calls code, and the jobs of the promises that it settles. */
  run(code: () => void): void;
  /** Code will run of which `run` does not know. */
  expect(): void;
}

/** In milliseconds. */
const beat = 250;

/** Places in the memory that both threads see. */
const beats = 0;
const limitAt = 1;
const endedAt = 2;

/**
 * The other thread. It counts its own beats and not the time: both threads stand still in a machine that is suspended.
 * What does not end within the limit once more, or has no inspector that could end it, is killed with its process: the
 * journal says what ran.
 */
const watchdog = `
const { workerData } = require("node:worker_threads");
const state = new Int32Array(workerData);
let last = -1, silent = 0, isEnded = false;
setInterval(() => {
  const now = Atomics.load(state, ${beats}), limit = Atomics.load(state, ${limitAt});
  if (now !== last || limit === 0) { last = now; silent = 0; isEnded = false; return; }
  silent += ${beat};
  if (silent <= limit) return;
  silent = 0;
  try {
    if (isEnded) throw new Error("it goes on");
    isEnded = true;
    const { Session } = require("node:inspector");
    const session = new Session();
    session.connectToMainThread();
    Atomics.store(state, ${endedAt}, 1);
    session.post("Runtime.terminateExecution", () => session.disconnect());
  } catch {
    process.kill(process.pid, "SIGKILL");
  }
}, ${beat});
`;

/** How long a watch lasts before the other thread is started, in milliseconds: starting it takes as long as a short run. */
const grace = 100;

/** V8 itself ends a script that runs too long, by a thread without JavaScript, which takes a tenth of a millisecond. */
const watchedKey = Symbol.for("kanod-configure.watched");
const script = new Script(`globalThis[Symbol.for("${watchedKey.description}")]()`, { filename: "watched.js" });
const watched = globalThis as { [key: symbol]: () => void };

export function createWatchdog(): Watchdog {
  const memory = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
  const state = new Int32Array(memory);
  let isStarted = false;
  let stall: (() => void) | undefined;
  const start = (): void => {
    if (!isStarted) new Worker(watchdog, { eval: true, workerData: memory, env: {}, execArgv: [] }).unref();
    isStarted = true;
  };
  return {
    watch: (limit, stalled) => {
      const timer = setInterval(() => {
        Atomics.add(state, beats, 1);
        if (Atomics.exchange(state, endedAt, 0) === 1) stalled();
      }, beat).unref();
      const later = setTimeout(start, grace).unref();
      Atomics.add(state, beats, 1);
      Atomics.store(state, limitAt, Math.ceil(limit * 1000));
      stall = stalled;
      return () => {
        clearInterval(timer);
        clearTimeout(later);
        Atomics.store(state, limitAt, 0);
        stall = undefined;
      };
    },
    get needsRun() {
      return !isStarted;
    },
    run: (code) => {
      if (isStarted || stall === undefined) return code();
      watched[watchedKey] = () => {
        code();
        runPromiseJobs();
      };
      try {
        script.runInThisContext({ timeout: Atomics.load(state, limitAt) });
      } catch (error) {
        if (errorCode(error) !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
        stall();
      }
    },
    expect: start,
  };
}

/** Node calls it after each callback (lib/internal/process/task_queues.js); native modules rely on it. */
function runPromiseJobs(): void {
  (process as unknown as { _tickCallback?: () => void })._tickCallback?.();
}
