import { getSystemErrorMap } from "node:util";
import type { Code } from "../config/codes/catalogue.ts";
import { printable } from "../config/shown.ts";
import { HostError } from "./errors.ts";

/** `errno` names (errno(3)) by the code of the {@link HostError} that they become; all others are `io-error`. */
const codes: Readonly<Record<string, Code>> = {
  EACCES: "permission-denied",
  EPERM: "permission-denied",
  ENOSPC: "no-space",
  EDQUOT: "no-space",
  EROFS: "read-only",
  ELOOP: "symlink-loop",
  EISDIR: "not-a-file",
  ENOTDIR: "not-a-folder",
  ENAMETOOLONG: "bad-path",
};

/** The error for what the system said about a path. `action` completes "cannot …": `write`, `read`. */
export function fileError(action: string, path: string, error: unknown): HostError {
  if (error instanceof HostError) return error;
  const reason = systemReason(error);
  return new HostError(codes[errorCode(error) ?? ""] ?? "io-error", path, failure(action, path, reason), {
    cause: error,
  });
}

/** An error that was found before the system was asked. */
export function refusal(code: Code, action: string, path: string, reason: string): HostError {
  return new HostError(code, path, failure(action, path, reason));
}

/** The name of an error of the system, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** What the system says in words, such as "no space left on device". Never the path or text that Node adds to it. */
export function systemReason(error: unknown): string {
  const number = error instanceof Error && "errno" in error ? error.errno : undefined;
  const entry = typeof number === "number" ? getSystemErrorMap().get(number) : undefined;
  return entry?.[1] ?? errorCode(error) ?? (error instanceof Error ? printable(error.message) : "unknown error");
}

function failure(action: string, path: string, reason: string): string {
  return `cannot ${action} ${printable(path)}: ${reason}`;
}
