import type { Command } from "commander";
import { isTerminal, writeStandard } from "../host/standard-output.ts";

/** What a command knows of the process it runs in: tests give it another one. */
export interface CliIo {
  /** The name the program was called by, such as `kanod-runcmd`. */
  program: string;
  /** Arguments after the program's name. */
  args: readonly string[];
  environment: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths are relative to. */
  workingDirectory: string;
  /** Standard input to its end, or until it is longer than `limit` bytes: then the rest is left unread. */
  readStdin(limit?: number): Promise<Uint8Array>;
  /**
   * Text for the user, as it is: no newline is added.
   *
   * @throws HostError where it could not be written, and the text is what the program was called for
   */
  out(text: string): void;
  err(text: string): void;
  /** Standard output is a terminal, and NO_COLOR (no-color.org) is not set. */
  color: boolean;
  /** Standard error is a terminal: progress may be shown there. */
  interactive: boolean;
  /**
   * Aborted when the command has to end: with the signal's name for SIGINT and SIGTERM, with the error for an error that
   * was thrown outside of any call that somebody waits for.
   */
  signal: AbortSignal;
  /** The argv that starts this program, for a child of it. */
  ownProgram?: readonly string[];
  /** Where it is given, the program is not run, but its commands and options are shown to it. */
  describe?: (program: Command) => void;
}

/** True for the two stage programs, which must survive a closed stdout. */
export function isStageProgram(program: string): boolean {
  return program === "kanod-bootcmd" || program === "kanod-runcmd";
}

/** Exit codes: the table in the README. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  unreadable: 3,
  locked: 4,
  notFinished: 5,
} as const;

/**
 * The io of the running process. `programFile` is the path, as typed, that the program was started with; `signal` is
 * called when a command asks for the signal.
 */
export function processIo(programFile: string, args: readonly string[], signal: () => AbortSignal): CliIo {
  const program = programFile.split("/").at(-1) ?? programFile;
  return {
    program,
    args,
    environment: process.env,
    workingDirectory: process.cwd(),
    ownProgram: [...new Set([process.execPath, process.argv[1] ?? process.execPath])],
    readStdin,
    out: (text) => {
      const lost = writeStandard(1, text);
      if (lost !== undefined && !isStageProgram(program)) throw lost;
    },
    err: (text) => {
      writeStandard(2, text);
    },
    get color() {
      return isTerminal(1) && (process.env["NO_COLOR"] ?? "") === "";
    },
    get interactive() {
      return isTerminal(2);
    },
    get signal() {
      return signal();
    },
  };
}

async function readStdin(limit: number = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Uint8Array);
    length += (chunk as Uint8Array).length;
    if (length > limit) break;
  }
  return Buffer.concat(chunks);
}
