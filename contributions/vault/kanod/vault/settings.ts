/** The section `vault` of a configuration, as contributions/vault/schema.yaml describes it. */
export interface VaultSettings {
  url: string;
  /** PEM; without it the authorities that the system trusts. */
  ca?: string;
  role: string;
  role_id: string;
  secret_id?: string;
  wrapped_secret_id?: string;
  /** URL of the gatekeeper that gives a secret-id for a signature of the machine's TPM. */
  tpm_auth?: string;
  tpm_auth_ca?: string;
  /** In seconds. */
  timeout?: number;
  certificates?: readonly CertificateRequest[];
  kv1_mount?: string;
  kv2_mount?: string;
  pki_mount?: string;
  namespace?: string;
  /** Not in the schema: the URL of the proxy that leads to a URL. Without it, or where it gives none, there is none. */
  proxyFor?: (url: string) => string | undefined;
}

/** A certificate that Vault issues to this machine. */
export interface CertificateRequest {
  /** Common name, and what references call it. */
  name: string;
  /** Role of the PKI engine; without it that of the machine. */
  role?: string;
  ip?: readonly string[];
  alt_names?: readonly string[];
}

export interface Mounts {
  kv1: string;
  kv2: string;
  pki: string;
}

/** In seconds: a rack that boots at once, or a Vault that an operator unseals, needs its time. */
const defaultTimeout = 300;

export function timeoutOf(settings: VaultSettings): number {
  return settings.timeout ?? defaultTimeout;
}

/** The ancestor's mounts where the configuration has no others. */
export function mountsOf(settings: VaultSettings): Mounts {
  return {
    kv1: settings.kv1_mount ?? "secret",
    kv2: settings.kv2_mount ?? "kv",
    pki: settings.pki_mount ?? "pki",
  };
}
