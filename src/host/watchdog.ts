/**
 * Watches that code lets the process do other things meanwhile. After `limit` seconds in which it did not, it is ended
 * wherever it is, and `stalled` is called. Returns what stops the watching.
 */
export type Watch = (limit: number, stalled: () => void) => () => void;

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

/**
 * Starts a thread that can end code which never lets any other run: neither a timer nor the handler of a signal would
 * ever be called.
 */
export async function startWatchdog(): Promise<Watch> {
  const { Worker } = await import("node:worker_threads");
  const memory = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
  const state = new Int32Array(memory);
  new Worker(watchdog, { eval: true, workerData: memory, env: {}, execArgv: [] }).unref();
  return (limit, stalled) => {
    const timer = setInterval(() => {
      Atomics.add(state, beats, 1);
      if (Atomics.exchange(state, endedAt, 0) === 1) stalled();
    }, beat).unref();
    Atomics.add(state, beats, 1);
    Atomics.store(state, limitAt, Math.ceil(limit * 1000));
    return () => {
      clearInterval(timer);
      Atomics.store(state, limitAt, 0);
    };
  };
}
