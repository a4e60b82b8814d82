import type { Code } from "../config/codes/catalogue.ts";
import { HostError } from "./errors.ts";

/** Node's timers cannot wait longer than 2^31 - 1 ms. In seconds. */
const longestTimer = 2_147_483;

/** Milliseconds for a timer of Node, from seconds. What is longer than a timer can be becomes the longest. */
export function timerMilliseconds(seconds: number): number {
  return Math.min(Math.max(seconds, 0), longestTimer) * 1000;
}

/** Seconds as people read them: two digits below 10 s, whole seconds above. */
export function rounded(seconds: number): string {
  return String(seconds < 10 ? Number(seconds.toPrecision(2)) : Math.round(seconds));
}

export interface Waited {
  /** The codes of errors are made from it: `KIND-failed`, `KIND-timeout`. */
  kind: "fetch" | "connect" | "lookup";
  subject: string;
  /** Completes "cannot …". */
  action: string;
}

/**
 * Waits for `start` no longer than the limits allow; its signal says when nobody waits any more. `reason` puts its errors
 * into words. @throws HostError with code `KIND-failed`, `KIND-timeout` or `interrupted`
 */
export async function bounded<T>(
  what: Waited,
  limits: { seconds: number; signal: AbortSignal | undefined },
  reason: (error: unknown) => string,
  start: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { kind, subject, action } = what;
  const failure = (code: Code, why: string, cause?: unknown): HostError =>
    new HostError(code, subject, `cannot ${action} ${subject}: ${why}`, { cause });
  const stop = new AbortController();
  const { seconds, signal } = limits;
  const timer = setTimeout(
    () => stop.abort(failure(`${kind}-timeout`, `no answer within ${rounded(seconds)} s`)),
    timerMilliseconds(seconds),
  );
  const interrupt = (): void => stop.abort(failure("interrupted", "the run was interrupted"));
  signal?.addEventListener("abort", interrupt);
  try {
    if (signal?.aborted) interrupt();
    return await Promise.race([stopped(stop.signal), start(stop.signal)]);
  } catch (error) {
    throw error instanceof HostError ? error : failure(`${kind}-failed`, reason(error), error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", interrupt);
    stop.abort();
  }
}

/** Waits. `seconds` >= 0. @throws HostError with code `interrupted` */
export async function sleepFor(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  const interrupted = (): HostError => new HostError("interrupted", "sleep", "cannot wait: the run was interrupted");
  if (signal?.aborted) throw interrupted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(interrupted());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, timerMilliseconds(seconds));
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function stopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
