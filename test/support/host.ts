import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryName } from "../../src/host/temporary-file.ts";
import { createLog } from "../../src/log/log.ts";
import type { LogEvent, Logger } from "../../src/log/logger.ts";
import { Redactor } from "../../src/log/redactor.ts";

/** An empty folder, path without links, that is removed after the test. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "kanod-test-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A log that keeps its events. */
export function keptLog(): { log: Logger; events: LogEvent[] } {
  const events: LogEvent[] = [];
  const sinks = [{ level: "debug" as const, write: (event: LogEvent) => void events.push(event) }];
  return { log: createLog({ sinks, redactor: new Redactor(), now: () => new Date() }), events };
}

/** The name of a temporary file of a process that there is not (process ids end at 2^22, proc(5)). */
export function nameOfKilled(): string {
  return temporaryName().replace(`-${process.pid}-`, `-${2 ** 22 + 1}-`);
}

/** Whether the test may do what only root may, such as giving files away. */
export const isRoot: boolean = process.getuid?.() === 0;
