import type { CloudInit, Host, Logger, Store, VaultClient } from "kanod-configure";

/** With what a contribution talks to Vault. */
export interface VaultUse {
  host: Host;
  log: Logger;
  /** That of this element. */
  store: Store;
  init: Pick<CloudInit, "instanceId">;
}

/** Vault as the machine's configuration describes it, from login to revocation. */
export interface Vault {
  /** The client for contributions that use `use`. Secrets that it gets are masked in the log from then on. */
  client(use: VaultUse): VaultClient;
  /** Has the configured certificates issued, or finds those that were. @throws VaultError */
  issueAll(use: VaultUse): Promise<void>;
  /** @throws VaultError */
  revoke(use: Pick<VaultUse, "host" | "log">): Promise<void>;
}
