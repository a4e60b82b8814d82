import type { HostError } from "../host/errors.ts";

/**
 * The code of the error by which a request failed because the server's certificate is not trusted; undefined when it
 * failed otherwise. The codes are OpenSSL's X509_V_ERR_… as Node names them, and Node's own for the server's name.
 */
export function distrustCode({ cause }: HostError): string | undefined {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" && pattern.test(code) ? code : undefined;
}

const pattern =
  /^(ERR_TLS_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_|HOSTNAME_MISMATCH$)/;
