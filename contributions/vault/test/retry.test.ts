import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Deadline, Limiter, pauseBefore } from "../kanod/vault/retry.ts";

describe("pauseBefore", () => {
  test("grows exponentially up to half a minute", () => {
    const longest = [0, 1, 2, 3, 4, 5, 6, 7, 100].map((attempt) => pauseBefore(attempt, 0.999999));
    expect(longest.map((pause) => Math.round(pause * 10) / 10)).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30, 30]);
  });

  test("is spread over the whole range, so that machines do not come back together", () => {
    const pauses = Array.from({ length: 1000 }, () => pauseBefore(6, Math.random()));
    const tenths = new Set(pauses.map((pause) => Math.floor(pause / 3)));
    expect(tenths.size).toBe(10);
  });

  test("is never negative, zero or above the limit", () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.double({ min: 0, max: 0.9999999, noNaN: true }), (attempt, random) => {
        const pause = pauseBefore(attempt, random);
        expect(pause).toBeGreaterThanOrEqual(0.1);
        expect(pause).toBeLessThanOrEqual(30);
      }),
    );
  });
});

test("Deadline counts down to zero", async () => {
  const deadline = new Deadline(0.05);
  expect(deadline.left).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(deadline.left).toBe(0);
});

describe("Limiter", () => {
  test("bounds what runs at the same time, and lets all of it run", async () => {
    const limiter = new Limiter(3);
    let running = 0;
    let most = 0;
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        limiter.run(async () => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setTimeout(resolve, 2));
          running--;
          return index;
        }),
      ),
    );
    expect(most).toBe(3);
    expect(results).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  test("gives the place of a failed operation to the next", async () => {
    const limiter = new Limiter(1);
    await expect(limiter.run(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    await expect(limiter.run(async () => "next")).resolves.toBe("next");
  });
});
