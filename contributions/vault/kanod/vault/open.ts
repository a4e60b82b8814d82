import type { VaultSettings } from "./settings.ts";
import type { Vault, VaultUse } from "./vault.ts";

/**
 * Logs in to Vault, see {@link Vault}. Its code and packages are loaded here: most machines of an image may have no Vault.
 *
 * @param name of the machine, under which a gatekeeper knows its TPM
 * @throws VaultError
 */
export async function openVault(settings: VaultSettings, name: string, use: VaultUse): Promise<Vault> {
  const { logIn } = await import(/* webpackMode: "eager" */ "./open-vault.ts");
  return logIn(settings, name, use);
}
