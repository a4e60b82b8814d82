import type { VaultClient } from "kanod-configure";
import { type LeafReference, plannedValue, resolveReferences } from "kanod-configure";
import type { VaultSettings } from "./settings.ts";
import type { Vault, VaultUse } from "./vault.ts";

/** What a plan has instead of Vault: references become texts that say what would stand there. */
export class PlannedVault implements Vault {
  readonly #settings: VaultSettings;

  constructor(settings: VaultSettings) {
    this.#settings = settings;
  }

  client(): VaultClient {
    return {
      read: async () => ({}),
      issue: async (name) => ({
        certificate: plannedValue(`pki-cert:${name}`),
        privateKey: plannedValue(`pki-key:${name}`),
        caChain: [plannedValue(`pki-ca-chain:${name}`)],
      }),
      resolve: (value) => resolveReferences(value, async (reference) => plannedValue(nameOf(reference))),
    };
  }

  async issueAll({ log }: VaultUse): Promise<void> {
    for (const { name } of this.#settings.certificates ?? []) log.info(`certificate ${name}: would be issued, or kept`);
  }

  async revoke(): Promise<void> {}
}

function nameOf(reference: LeafReference): string {
  if (reference.kind === "ca") return "ca";
  if ("name" in reference) return `${reference.kind}:${reference.name}`;
  return `${reference.kind}:${reference.path}:${reference.key}`;
}
