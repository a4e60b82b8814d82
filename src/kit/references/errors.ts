import { FindingsError } from "../../agent/findings-error.ts";
import type { vaultRunCodes } from "../../config/codes/element-runs.ts";
import type { Finding } from "../../config/problem.ts";

/** Why a request to Vault, or what leads to it, failed. */
export type VaultErrorCode = keyof typeof vaultRunCodes | "vault-certificate-unknown";

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
