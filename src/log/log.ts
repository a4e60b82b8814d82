import { printable } from "../config/shown.ts";
import { type LogEvent, type LogFields, type Logger, type LogLevel, logLevels, type Sink } from "./logger.ts";
import type { Redactor } from "./redactor.ts";

export interface LogOptions {
  sinks: readonly LeveledSink[];
  redactor: Redactor;
  now: () => Date;
}

export interface LeveledSink {
  /** Events below it do not reach the sink. */
  level: LogLevel;
  write: Sink;
}

/** The log of one run. Every string of an event goes through the redactor before a sink sees it. */
export function createLog(options: LogOptions): Logger {
  const sinks = options.sinks.map(({ level, write }) => ({ threshold: logLevels.indexOf(level), write }));
  const logger = (fixed: LogFields): Logger => {
    const emit = (level: LogLevel, message: string, fields?: LogFields): void => {
      const interested = sinks.filter(({ threshold }) => threshold <= logLevels.indexOf(level));
      if (interested.length === 0) return;
      const time = options.now().toISOString();
      const event = redactStrings({ time, level, message, ...fixed, ...fields }, options.redactor) as LogEvent;
      for (const { write } of interested) write({ ...event, message: shortened(event.message) });
    };
    return {
      debug: (message, fields) => emit("debug", message, fields),
      info: (message, fields) => emit("info", message, fields),
      warn: (message, fields) => emit("warn", message, fields),
      error: (message, fields) => emit("error", message, fields),
      addSecret: (secret) => options.redactor.add(secret),
      redact: (text) => options.redactor.redact(text),
      with: (fields) => logger({ ...fixed, ...fields }),
    };
  };
  return logger({});
}

/** In characters. */
const longestMessage = 2000;

/** Only what was redacted may be cut: a part of a secret is not known to be one. */
function shortened(message: string): string {
  return message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message;
}

/** A copy of plain data in which every string is redacted. */
function redactStrings(value: unknown, redactor: Redactor): unknown {
  if (typeof value === "string") return redactor.redact(value);
  if (Array.isArray(value)) return value.map((item) => redactStrings(item, redactor));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactStrings(item, redactor)]));
}

/**
 * For people: time, level unless it is info, contribution, message, duration. Each line, also of the details, begins with
 * time and level, and control characters are escaped: no text can pass for a line of its own.
 */
export function formatText(event: LogEvent): string {
  const level = event.level === "info" ? "" : `${event.level}: `;
  const contribution = event.contribution === undefined ? "" : `${event.contribution}: `;
  const duration = event.duration === undefined ? "" : ` (${event.duration.toFixed(1)} s)`;
  const first = `${printable(`${contribution}${event.message}`)}${duration}`;
  const lines = [first, ...(event.details ?? []).map((line) => `  ${printable(line)}`)];
  return lines.map((line) => `${event.time} ${level}${line}`).join("\n");
}

/** One JSON object, on one line. */
export function formatJson(event: LogEvent): string {
  return JSON.stringify(event);
}
