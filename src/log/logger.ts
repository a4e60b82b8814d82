export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Fields besides the message. Their names are documented in docs/log.md and do not change. */
export interface LogFields {
  /** `boot` or `run`. */
  stage?: string;
  contribution?: string;
  element?: string;
  /** The kind of event: `started`, `finished`, `failed`, `skipped`, … */
  event?: string;
  /** In seconds. */
  duration?: number;
  argv?: readonly string[];
  exitCode?: number;
  path?: string;
  /** Further lines for people, such as the hint of a failure. */
  details?: readonly string[];
}

export interface LogEvent extends LogFields {
  /** ISO 8601, UTC. */
  time: string;
  level: LogLevel;
  message: string;
}

/** Gets events that are already redacted. */
export type Sink = (event: LogEvent) => void;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** From now on `secret` is masked in every event of the run. */
  addSecret(secret: string): void;
  /** `text` as the log would show it: for what is said in other places than the log. */
  redact(text: string): string;
  /** The same log, whose events all have these fields. */
  with(fields: LogFields): Logger;
}
