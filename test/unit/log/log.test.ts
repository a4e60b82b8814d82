import { expect, test } from "vitest";
import { printableCommand } from "../../../src/host/shown-command.ts";
import { createLog, formatJson, formatText } from "../../../src/log/log.ts";
import type { LogEvent, LogLevel } from "../../../src/log/logger.ts";
import { Redactor } from "../../../src/log/redactor.ts";

const now = (): Date => new Date("2026-01-01T00:00:00Z");

function logTo(...levels: LogLevel[]) {
  const seen: LogEvent[][] = levels.map(() => []);
  const sinks = levels.map((level, index) => ({ level, write: (event: LogEvent) => void seen[index]?.push(event) }));
  return { log: createLog({ sinks, redactor: new Redactor(), now }), seen };
}

test("each sink gets what is at its level or above", () => {
  const { log, seen } = logTo("debug", "warn", "error");
  log.debug("d");
  log.info("i");
  log.warn("w");
  log.error("e");
  expect(seen.map((events) => events.map(({ message }) => message).join(""))).toEqual(["diwe", "we", "e"]);
  expect(seen[0]?.[1]).toEqual({ time: "2026-01-01T00:00:00.000Z", level: "info", message: "i" });
});

test("fields are added to every event, the nearer ones win", () => {
  const { log, seen } = logTo("debug");
  log.with({ stage: "run", contribution: "a" }).with({ contribution: "b" }).info("x", { event: "started" });
  expect(seen[0]?.[0]).toMatchObject({ stage: "run", contribution: "b", event: "started" });
});

test("secrets are masked in every field, for all logs made of this one", () => {
  const { log, seen } = logTo("debug");
  log.with({ contribution: "a" }).addSecret("open-sesame");
  log.info("say open-sesame", { argv: ["echo", "open-sesame"], path: "/open-sesame", exitCode: 1 });
  expect(JSON.stringify(seen)).not.toContain("sesame");
  expect(seen[0]?.[0]?.exitCode).toBe(1);
});

test("the text form tells time, level, who, what and how long", () => {
  const event = { time: "T", message: "grow vg/root" };
  expect(formatText({ ...event, level: "info" })).toBe("T grow vg/root");
  expect(formatText({ ...event, level: "warn", contribution: "lvm", duration: 1.25 })).toBe(
    "T warn: lvm: grow vg/root (1.3 s)",
  );
});

test("the text form drives no terminal", () => {
  expect(formatText({ time: "T", level: "info", message: "a\u001b[31mb\u0007\u009b\tc\nd" })).toBe(
    "T a\\u001b[31mb\\u0007\\u009b\\tc\\nd",
  );
});

test("no text of others can pass for a line, or for a priority of the kernel's log", () => {
  const event: LogEvent = { time: "T", level: "error", message: "m\n<0>forged", details: ["hint: a\n<0>b", "next: c"] };
  expect(formatText(event).split("\n")).toEqual([
    "T error: m\\n<0>forged",
    "T error:   hint: a\\n<0>b",
    "T error:   next: c",
  ]);
});

test("the JSON form is one line", () => {
  const event: LogEvent = { time: "T", level: "info", message: "a\nb" };
  expect(formatJson(event)).toBe('{"time":"T","level":"info","message":"a\\nb"}');
});

test.each([606, 3000])("a secret of %d characters in an argument is masked before anything is cut", (length) => {
  const secret = Array.from({ length: length / 3 }, (_, index) => String(index % 1000).padStart(3, "0")).join("");
  for (const argument of [secret, `--token=${secret}`, `a "b" ${secret}`]) {
    const { log, seen } = logTo("debug");
    log.addSecret(secret);
    log.info(`command failed: ${printableCommand(["tool", argument, "x".repeat(4000)])}`);
    const [{ message } = { message: "" }] = seen[0] ?? [];
    expect(message).not.toContain("000001002");
    expect(message).not.toContain("100101102");
    expect(message.length).toBeLessThan(2100);
  }
});
