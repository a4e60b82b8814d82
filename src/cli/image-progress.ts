import { printable } from "../config/shown.ts";
import { ImageBuildError } from "../image/image-build-error.ts";
import type { BuildProgress } from "../image/progress.ts";
import { reportError } from "./command-line.ts";
import type { CliIo } from "./io.ts";

/** The width of a line that is written over and over. */
const width = 100;

/**
 * What a build that takes minutes does: on a terminal one line that changes, with phase, time and the last line of
 * diskimage-builder; otherwise a line for each phase.
 */
export class ImageProgress {
  readonly #io: CliIo;
  readonly #start: number = Date.now();
  #shown = false;

  constructor(io: CliIo) {
    this.#io = io;
  }

  /** `name` tells builds apart that go on at the same time, or one after the other. */
  show({ position, lastLines }: BuildProgress, newPhase: boolean, name?: string): void {
    const { phase, script } = position;
    const start = `${this.elapsed()}  ${name === undefined ? "" : `${name}: `}${phase}`;
    if (!this.#io.interactive) {
      if (newPhase) this.#io.err(`${printable(start)}\n`);
      return;
    }
    const text = `${start}${script === undefined ? "" : `/${script}`}  ${lastLines.at(-1) ?? ""}`;
    this.#io.err(`\r\u001b[K${[...printable(text)].slice(0, width).join("")}`);
    this.#shown = true;
  }

  say(text: string): void {
    this.end();
    this.#io.err(`${this.elapsed()}  ${printable(text)}\n`);
  }

  warn(text: string): void {
    this.end();
    this.#io.err(`warning: ${printable(text)}\n`);
  }

  /** Leaves the line, so that something else can be written. */
  end(): void {
    if (this.#shown) this.#io.err("\r\u001b[K");
    this.#shown = false;
  }

  /** Minutes and seconds since the start. */
  elapsed(): string {
    return clock((Date.now() - this.#start) / 1000);
  }
}

/** Minutes and seconds. @param seconds may have a fraction, which is left out */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** A failed build with its last lines, anything else as usual. Gives the exit code. */
export function reportImageBuildError(error: unknown, io: CliIo): number {
  if (!(error instanceof ImageBuildError)) return reportError(error, io);
  const { lastLines, logFile } = error;
  if (lastLines.length > 0) {
    io.err(`the last lines of diskimage-builder:\n${lastLines.map((line) => `  ${printable(line)}\n`).join("")}`);
  }
  const exitCode = reportError(error, io);
  io.err(`  log: ${logFile}\n`);
  return exitCode;
}
