import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { stopwatch } from "../log/stopwatch.ts";
import { errorCode, systemReason } from "./file-error.ts";
import { signalGroup } from "./signals.ts";
import { timerMilliseconds } from "./waiting.ts";

/** What is kept of each of a command's outputs, in bytes. */
const maximumOutput = 16 * 1024 * 1024;

/** How long a process group has to end after SIGTERM, before SIGKILL; and after that before it is given up. */
const graceSeconds = 5;

/** How long output is still read after the command itself has ended: a daemon it started may keep it open for ever. */
const lingerSeconds = 1;

export interface ProcessOptions {
  environment: Readonly<Record<string, string>>;
  input: string | Uint8Array;
  /** In seconds. */
  timeout: number;
  signal: AbortSignal | undefined;
  /** Called with the process id when it was started; what it returns, when it has ended. */
  onStart?: ((pid: number) => () => void) | undefined;
}

/** How a process ended. */
export interface Ending {
  /** Undefined where it did not end by itself. */
  exitCode: number | undefined;
  /** The signal that ended it. */
  signal: string | undefined;
  stdout: string;
  stderr: string;
  /** We ended it, and why. */
  endedBy: "timeout" | "interrupt" | undefined;
  notStarted: { code: string | undefined; reason: string } | undefined;
}

const running = new Set<Promise<Ending>>();

/** Settles when all programs have ended, or are given up. Those that are left at the end of a run are being ended. */
export async function programsEnded(): Promise<void> {
  await Promise.allSettled(running);
}

/** Runs a program as the leader of its own process group, without a terminal. Never throws because of how it ends. */
export function runProcess(argv: readonly string[], options: ProcessOptions): Promise<Ending> {
  const ending = run(argv, options).finally(() => running.delete(ending));
  running.add(ending);
  return ending;
}

async function run(argv: readonly string[], options: ProcessOptions): Promise<Ending> {
  if (options.signal?.aborted) return { ...neverRan, endedBy: "interrupt" };
  const started = await start(argv, options);
  if (started instanceof Error) return { ...neverRan, notStarted: whyNotStarted(started) };
  const { child, closed } = started;
  const ended = child.pid === undefined ? undefined : options.onStart?.(child.pid);
  const stdout = new Output(child.stdout);
  const stderr = new Output(child.stderr);
  const watch = new Watch(child.pid, options);
  child.once("exit", () => {
    watch.exited();
    setTimeout(() => closeAll(stdout, stderr), lingerSeconds * 1000).unref();
  });
  const result = await Promise.race([closed, watch.givenUp]);
  await watch.end();
  ended?.();
  closeAll(stdout, stderr);
  return { ...neverRan, ...result, stdout: stdout.text(), stderr: stderr.text(), endedBy: watch.endedBy };
}

interface Started {
  child: ChildProcess & { stdout: Readable; stderr: Readable };
  /** Settles when it has ended and its outputs are read, or when it turns out that it could not be started. */
  closed: Promise<Partial<Ending>>;
}

/** Some reasons not to start a program Node throws, others it tells by an event. */
async function start(
  [program = "", ...words]: readonly string[],
  { environment, input }: ProcessOptions,
): Promise<Started | Error> {
  // Most runs of an agent that has nothing to do start no program.
  const { spawn } = await import("node:child_process");
  try {
    const stdin = input.length === 0 ? "ignore" : "pipe";
    const child = spawn(program, words, { cwd: "/", env: environment, detached: true, stdio: [stdin, "pipe", "pipe"] });
    const closed = new Promise<Partial<Ending>>((resolve) => {
      child.on("error", (error) => resolve({ notStarted: whyNotStarted(error) }));
      child.on("close", (code, signal) => resolve({ exitCode: code ?? undefined, signal: signal ?? undefined }));
    });
    // A program need not read its input: that the pipe to it breaks is no failure.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
    return { child: child as Started["child"], closed };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function whyNotStarted(error: Error): Ending["notStarted"] {
  return { code: errorCode(error), reason: systemReason(error) };
}

const neverRan: Ending = {
  exitCode: undefined,
  signal: undefined,
  stdout: "",
  stderr: "",
  endedBy: undefined,
  notStarted: undefined,
};

/** Ends a process group when its time is over, or when the run is interrupted. */
class Watch {
  readonly #leader: number | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #interrupt = (): void => this.#stop("interrupt");
  #timer: NodeJS.Timeout;
  #ending: Promise<void> | undefined;
  #giveUp: () => void = () => {};
  /** Settles when the process outlives even SIGKILL, as one does that waits for a disk that is gone. */
  readonly givenUp: Promise<undefined>;
  endedBy: Ending["endedBy"];

  constructor(leader: number | undefined, { timeout, signal }: ProcessOptions) {
    this.#leader = leader;
    this.#signal = signal;
    this.givenUp = new Promise((resolve) => {
      this.#giveUp = () => resolve(undefined);
    });
    this.#timer = setTimeout(() => this.#stop("timeout"), timerMilliseconds(timeout));
    signal?.addEventListener("abort", this.#interrupt);
  }

  /** The leader has ended: what it leaves behind in its group is meant to stay, unless we were ending the group. */
  exited(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#interrupt);
  }

  /** Settles when the group, where we are ending it, has ended or been sent SIGKILL. */
  async end(): Promise<void> {
    await this.#ending;
    this.exited();
  }

  #stop(why: "timeout" | "interrupt"): void {
    if (this.#leader === undefined || this.endedBy !== undefined) return;
    this.endedBy = why;
    this.#ending = endGroup(this.#leader).then(() => {
      this.#timer = setTimeout(this.#giveUp, graceSeconds * 1000);
    });
  }
}

/** SIGTERM, and SIGKILL for what is still there after the grace. */
async function endGroup(leader: number): Promise<void> {
  signalGroup(leader, "SIGTERM");
  // A stopped process takes note of SIGTERM only when it goes on.
  signalGroup(leader, "SIGCONT");
  const elapsed = stopwatch();
  while (signalGroup(leader, 0)) {
    if (elapsed() > graceSeconds) {
      signalGroup(leader, "SIGKILL");
      return;
    }
    await delay(20);
  }
}

/** What a command writes, up to the limit. It is read to its end, so that the command never waits for us. */
class Output {
  readonly #stream: Readable;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #dropped = 0;

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => this.#add(chunk));
  }

  close(): void {
    this.#stream.destroy();
  }

  text(): string {
    const text = Buffer.concat(this.#chunks).toString("utf8");
    if (this.#dropped > 0) return `${text}\n[${this.#dropped} more bytes were cut off here]`;
    return text.endsWith("\n") ? text.slice(0, -1) : text;
  }

  #add(chunk: Buffer): void {
    const part = chunk.subarray(0, maximumOutput - this.#kept);
    if (part.length > 0) this.#chunks.push(part);
    this.#kept += part.length;
    this.#dropped += chunk.length - part.length;
  }
}

function closeAll(...outputs: readonly Output[]): void {
  for (const output of outputs) output.close();
}
