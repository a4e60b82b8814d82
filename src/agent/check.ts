import { AgentError } from "../config/agent-error.ts";
import type { Finding } from "../config/problem.ts";
import type { Checked, CheckParams, Contribution } from "./contribution.ts";
import { describeError } from "./describe-error.ts";

/** What the check of a contribution says; nothing where it has none. @throws AgentError `check-failed` */
export function check({ name, options }: Contribution, params: CheckParams<object>): Checked<unknown> {
  try {
    const result = options.check?.(params as never) ?? [];
    return isFindings(result) ? { findings: result, parsed: undefined } : result;
  } catch (error) {
    const { message } = describeError(error);
    throw new AgentError("check-failed", `the check of contribution "${name}" failed: ${message}`, { cause: error });
  }
}

function isFindings(result: readonly Finding[] | Checked<unknown>): result is readonly Finding[] {
  return Array.isArray(result);
}
