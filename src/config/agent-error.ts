import type { AnyCode } from "./codes/catalogue.ts";

/**
 * An error that people and scripts can rely on: a stable code, and the exit code that the program ends with. Its message
 * never holds a value of the configuration.
 */
export class AgentError extends Error {
  override readonly name: string = "AgentError";
  /** Stable, kebab-case. */
  readonly code: AnyCode;
  /** As in the exit code table of the README. */
  readonly exitCode: number;
  /** What to do about it, where there is something to say. */
  readonly hint: string | undefined;

  constructor(
    code: AnyCode,
    message: string,
    options: { exitCode?: number; hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exitCode = options.exitCode ?? 1;
    this.hint = options.hint;
  }
}
