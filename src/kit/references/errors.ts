import type { Finding } from "../../agent/contribution.ts";
import { FindingsError } from "../../agent/findings-error.ts";

/** What went wrong between the machine and Vault: contributions/vault/README.md explains each. */
export type VaultErrorCode =
  | "vault-unreachable"
  | "vault-timeout"
  | "vault-unavailable"
  | "vault-sealed"
  | "vault-tls"
  | "vault-redirected"
  | "vault-answer-invalid"
  | "vault-login-failed"
  | "vault-wrapping-token-used"
  | "vault-gatekeeper"
  | "vault-tpm"
  | "vault-denied"
  | "vault-path-missing"
  | "vault-secret-deleted"
  | "vault-key-missing"
  | "vault-secret-not-text"
  | "vault-certificate-unknown"
  | "vault-issue-failed"
  | "vault-request-failed"
  | "vault-references";

/** A failure of Vault, or of what leads to it. Holds no secret, and no raw error of the Vault client. */
export class VaultError extends FindingsError {
  override readonly name = "VaultError";
  declare readonly code: VaultErrorCode;

  constructor(
    code: VaultErrorCode,
    message: string,
    options: { hint?: string | undefined; findings?: readonly Finding[] } = {},
  ) {
    super(code, message, options);
  }
}

/** Errors after which no other request to the same server is worth a try. */
const general: ReadonlySet<string> = new Set<VaultErrorCode>([
  "vault-unreachable",
  "vault-timeout",
  "vault-unavailable",
  "vault-sealed",
  "vault-tls",
  "vault-redirected",
]);

export function isGeneral(error: unknown): error is VaultError {
  return error instanceof VaultError && general.has(error.code);
}
