import type { VaultClient } from "kanod-configure";

const planned = new WeakSet<VaultClient>();

/** Marks a client that gives descriptions in the place of secrets, because a plan does not ask Vault. */
export function asPlanned(client: VaultClient): VaultClient {
  planned.add(client);
  return client;
}

/** Whether what a client gives are only descriptions: what checks a secret's form has nothing to check then. */
export function isPlanned(client: VaultClient): boolean {
  return planned.has(client);
}
