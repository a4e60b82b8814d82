import { AgentError } from "../config/agent-error.ts";
import type { Code } from "../config/codes/catalogue.ts";

/** An operation of the host that failed: a file that cannot be written, a server that does not answer. */
export class HostError extends AgentError {
  override readonly name = "HostError";
  /** The path, or the URL without user information and query. */
  readonly subject: string;

  constructor(code: Code, subject: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(code, message, options);
    this.subject = subject;
  }
}

/** A command that failed, could not be started (`command-not-found`) or took too long (`command-timeout`). */
export class CommandError extends AgentError {
  override readonly name = "CommandError";
  readonly argv: readonly string[];
  readonly exitCodeOfCommand: number | undefined;
  /** The end of it; empty for a command that handles secrets. */
  readonly stderr: string;

  constructor(
    code: "command-failed" | "command-not-found" | "command-timeout" | "command-killed",
    message: string,
    details: { argv: readonly string[]; exitCode?: number | undefined; stderr?: string; cause?: unknown },
  ) {
    super(code, message, details.cause === undefined ? {} : { cause: details.cause });
    this.argv = details.argv;
    this.exitCodeOfCommand = details.exitCode;
    this.stderr = details.stderr ?? "";
  }
}
