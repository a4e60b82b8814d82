import { AgentError } from "../config/agent-error.ts";
import type { Logger } from "../log/logger.ts";

/** Code and message of anything that was thrown. */
export function describeError(error: unknown): { code: string; message: string } {
  if (error instanceof AgentError) return { code: error.code, message: error.message };
  return { code: "exception", message: describeException(error) };
}

function describeException(error: unknown): string {
  try {
    if (error instanceof Error) return `${error.name}: ${error.message}`;
    const text = typeof error === "string" ? JSON.stringify(error) : String(error);
    return `something that is no Error was thrown: ${text}`;
  } catch {
    return "something was thrown that cannot be shown";
  }
}

/** In characters: what a serial console shows in a fifth of a second. */
const longestMessage = 2000;

/** The same for the journal and the console. Secrets go first: a part of one would not be known any more. */
export function shownError(error: unknown, log: Pick<Logger, "redact">): { code: string; message: string } {
  const { code, message } = describeError(error);
  const text = log.redact(message);
  return { code, message: text.length > longestMessage ? `${text.slice(0, longestMessage)}…` : text };
}
