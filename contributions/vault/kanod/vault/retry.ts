/** Greatest pause before the first and before any later repetition, in seconds. */
const firstPause = 0.5;
const longestPause = 30;
/** No pause is shorter, in seconds. */
const shortestPause = 0.1;

/**
 * How long to wait before repetition number `attempt` (from 0), in seconds: exponential with full jitter (M. Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), so that machines that boot together do not come back
 * together. `random` is in [0, 1).
 */
export function pauseBefore(attempt: number, random: number): number {
  const ceiling = Math.min(longestPause, firstPause * 2 ** attempt);
  return Math.max(shortestPause, ceiling * random);
}

/** Until when an operation, with all its requests, has to be over. It runs on a clock that NTP does not set. */
export class Deadline {
  /** In seconds. */
  readonly timeout: number;
  readonly #begin: number = performance.now();

  constructor(timeout: number) {
    this.timeout = timeout;
  }

  /** In seconds; 0 when it is over. */
  get left(): number {
    return Math.max(0, this.timeout - (performance.now() - this.#begin) / 1000);
  }
}

/** Lets at most `limit` operations run at the same time; the others wait for their turn, in order. */
export class Limiter {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  async run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await operation();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
