import { openConsoleDevice } from "../host/console-device.ts";
import { openLogFile } from "../host/log-file.ts";
import { createLog, formatJson, formatText, type LeveledSink } from "../log/log.ts";
import type { LogEvent, Logger, LogLevel } from "../log/logger.ts";
import { Redactor } from "../log/redactor.ts";
import type { CliIo } from "./io.ts";

const logPath = "/var/log/kanod-configure.log";
/** In bytes. With one older file kept, the log takes at most twice as much. */
const maxLogSize = 4 * 1024 * 1024;

export interface RunLog {
  log: Logger;
  close(): void;
}

/**
 * The log of a run: to the user in the chosen form, to the log file with all details, and errors also to the machine's
 * console, where somebody looks whose server does not come up.
 *
 * @param options.plan standard output belongs to a plan: the log goes to standard error, and nowhere else
 */
export function openRunLog(
  io: CliIo,
  options: { level: LogLevel; format: string; root: string | undefined; plan: boolean },
): RunLog {
  const format = options.format === "json" ? formatJson : formatText;
  const toUser = (event: LogEvent): void => {
    // Problems are shown together, with their lines, when all are known.
    if (event.event === "problem" && options.format === "text") return;
    const problem = event.level === "warn" || event.level === "error";
    const write = options.plan || (problem && options.format === "text") ? io.err : io.out;
    write(`${format(event)}\n`);
  };
  const sinks: LeveledSink[] = [{ level: options.level, write: toUser }];
  const closers: (() => void)[] = [];
  if (!options.plan) {
    const root = options.root ?? "/";
    const complain = (message: string): void => io.err(`${io.program}: ${message}\n`);
    const file = openLogFile({ root, path: logPath, maxBytes: maxLogSize, keep: 1, mode: 0o640, onError: complain });
    sinks.push({ level: "debug", write: (event) => file.write(format(event)) });
    closers.push(() => file.close());
    const device = options.root === undefined ? openConsoleDevice() : undefined;
    if (device !== undefined) {
      sinks.push({ level: "error", write: (event) => device.write(`${formatText(event)}\n`) });
      closers.push(() => device.close());
    }
  }
  const log = createLog({ sinks, redactor: new Redactor(), now: () => new Date() });
  return { log, close: () => closers.forEach((close) => void close()) };
}
