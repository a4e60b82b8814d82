/** Vault, for contributions: provided by the Vault contribution where the configuration has a `vault` section. */
export interface VaultClient {
  /** The data of the secret at a path below the role, from kv1 or kv2. */
  read(engine: "kv1" | "kv2", path: string): Promise<Readonly<Record<string, unknown>>>;
  /** A certificate issued once per instance, by its name in `vault.certificates`. */
  issue(name: string): Promise<{ certificate: string; privateKey: string; caChain: readonly string[] }>;
  /** `value` with all `@vault:` references in it resolved. */
  resolve<T>(value: T): Promise<T>;
}

declare module "../../agent/contribution.ts" {
  interface Provided {
    vault: VaultClient;
  }
}
