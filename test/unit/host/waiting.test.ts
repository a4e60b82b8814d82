import { expect, test } from "vitest";
import { sleepFor, timerMilliseconds } from "../../../src/host/waiting.ts";

test.each([
  [0.5, 500],
  [-1, 0],
  [2_147_483, 2_147_483_000],
  [2_147_484, 2_147_483_000],
  [Number.POSITIVE_INFINITY, 2_147_483_000],
])("%d s are %d ms of a timer, which can wait no longer than 2^31 - 1", (seconds, milliseconds) => {
  expect(timerMilliseconds(seconds)).toBe(milliseconds);
});

test("waiting longer than a timer can is not over at once", async () => {
  const stop = new AbortController();
  const waiting = sleepFor(10_000_000, stop.signal).then(
    () => "over",
    () => "interrupted",
  );
  setTimeout(() => stop.abort(), 50);
  expect(await waiting).toBe("interrupted");
});
