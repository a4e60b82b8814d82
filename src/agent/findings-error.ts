import { AgentError } from "../config/agent-error.ts";
import type { Finding } from "../config/problem.ts";

/**
 * A contribution failed because of certain places of the configuration: they are shown to the user as those that checks
 * find before the run.
 */
export class FindingsError extends AgentError {
  override readonly name: string = "FindingsError";
  readonly findings: readonly Finding[];

  constructor(
    code: string,
    message: string,
    options: { hint?: string | undefined; findings?: readonly Finding[] | undefined } = {},
  ) {
    super(code, message, { hint: options.hint });
    this.findings = options.findings ?? [];
  }
}
