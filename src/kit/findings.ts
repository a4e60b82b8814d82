import { AgentError } from "../config/agent-error.ts";
import type { Finding } from "../config/problem.ts";

/** Whether a text is the place of a value that only Vault has, so that nothing can be said about it yet. */
export function isReference(text: string): boolean {
  return startsReference(text) || /^\(.* from Vault\)$/.test(text);
}

export function startsReference(text: string): boolean {
  return text.startsWith("@vault:");
}

/** What a plan shows in the place of a value: {@link isReference} recognizes it. */
export function plannedValue(subject: string): string {
  return `(${subject} from Vault)`;
}

/**
 * For a contribution that checks its section again when it runs: the check before the run could not see the values that
 * Vault has given since.
 *
 * @throws AgentError with the code and place of the first error
 */
export function requireNoErrors(findings: readonly Finding[]): void {
  const error = findings.find(({ severity }) => severity === "error");
  if (error === undefined) return;
  throw new AgentError(error.code, `${error.pointer.slice(1).replaceAll("/", ".")}: ${error.message}`, {
    hint: error.hint,
  });
}
