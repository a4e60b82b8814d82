import type { LeafReference, VaultClient } from "kanod-configure";
import { resolveReferences, VaultError } from "kanod-configure";
import { CertificateStore } from "./certificate-store.ts";
import { secretIdByTpm } from "./gatekeeper.ts";
import { PlannedVault } from "./planned-vault.ts";
import { Deadline } from "./retry.ts";
import { type IssuedCertificate, type SecretData, unwrapSecretId, VaultSession } from "./session.ts";
import { timeoutOf, type VaultSettings } from "./settings.ts";
import { PlannedRequest, type RequestContext } from "./transport.ts";
import type { Vault, VaultUse } from "./vault.ts";

/** Longest time that the end of a run waits for Vault to revoke the token, in seconds. */
const revokeTimeout = 30;

/**
 * Gets the secret-id in the way that is configured, and logs in. On a host that makes no requests (a plan) the result
 * is a Vault that gives descriptions in place of secrets.
 *
 * @param name of the machine, for the gatekeeper
 * @throws VaultError
 */
export async function logIn(settings: VaultSettings, name: string, use: VaultUse): Promise<Vault> {
  const context = contextOf(use, timeoutOf(settings));
  try {
    const secretId = await secretIdOf(settings, name, context);
    return new OpenVault(settings, await VaultSession.login(settings, secretId, context));
  } catch (error) {
    if (error instanceof PlannedRequest) return new PlannedVault(settings);
    throw error;
  }
}

async function secretIdOf(settings: VaultSettings, name: string, context: RequestContext): Promise<string> {
  const { secret_id, wrapped_secret_id, tpm_auth } = settings;
  if (secret_id !== undefined) {
    context.log.addSecret(secret_id);
    return secret_id;
  }
  if (wrapped_secret_id !== undefined) {
    context.log.addSecret(wrapped_secret_id);
    const secretId = await unwrapSecretId(settings, wrapped_secret_id, context);
    context.log.addSecret(secretId);
    return secretId;
  }
  if (tpm_auth !== undefined) return secretIdByTpm(settings, name, context);
  throw new VaultError("vault-login-failed", "the configuration names no way to a secret-id");
}

function contextOf({ host, log }: Pick<VaultUse, "host" | "log">, timeout: number): RequestContext {
  return { host, log, deadline: new Deadline(timeout) };
}

class OpenVault implements Vault {
  readonly #settings: VaultSettings;
  readonly #session: VaultSession;
  readonly #certificates = new Map<string, Promise<IssuedCertificate>>();
  #authorities: Promise<string> | undefined;

  constructor(settings: VaultSettings, session: VaultSession) {
    this.#settings = settings;
    this.#session = session;
  }

  client(use: VaultUse): VaultClient {
    const context = (): RequestContext => contextOf(use, timeoutOf(this.#settings));
    return {
      read: async (engine, path) => {
        const data = await this.#session.read(engine, path, context());
        for (const secret of secretTexts(data)) use.log.addSecret(secret);
        return data;
      },
      issue: (name) => this.#issue(name, use, context()),
      resolve: (value) => {
        const shared = context();
        return resolveReferences(value, (reference) => this.#lookUp(reference, use, shared));
      },
    };
  }

  async issueAll(use: VaultUse): Promise<void> {
    const context = contextOf(use, timeoutOf(this.#settings));
    for (const { name } of this.#settings.certificates ?? []) await this.#issue(name, use, context);
  }

  async revoke(use: Pick<VaultUse, "host" | "log">): Promise<void> {
    await this.#session.revoke(contextOf(use, revokeTimeout));
  }

  #issue(name: string, use: VaultUse, context: RequestContext): Promise<IssuedCertificate> {
    const known = this.#certificates.get(name);
    if (known !== undefined) return known;
    const issuing = this.#findOrIssue(name, use, context);
    this.#certificates.set(name, issuing);
    issuing.catch(() => this.#certificates.delete(name));
    return issuing;
  }

  async #findOrIssue(name: string, use: VaultUse, context: RequestContext): Promise<IssuedCertificate> {
    const request = this.#settings.certificates?.find((candidate) => candidate.name === name);
    if (request === undefined) {
      throw new VaultError("vault-certificate-unknown", `no entry in vault.certificates has the name ${name}`);
    }
    const store = new CertificateStore(use, this.#settings, use.init.instanceId);
    const kept = await store.find(request);
    const issued = kept ?? (await this.#session.issue(request, context));
    use.log.addSecret(issued.privateKey);
    if (kept === undefined) await store.keep(request, issued);
    use.log.info(`certificate ${name}: ${kept === undefined ? "issued" : "kept from an earlier run"}`);
    return issued;
  }

  async #lookUp(reference: LeafReference, use: VaultUse, context: RequestContext): Promise<string> {
    if (reference.kind === "ca") return this.#askForAuthorities(context);
    if ("path" in reference) {
      const data = await this.#session.read(reference.kind, reference.path, context);
      const secret = textOf(data, reference.key, `${reference.kind} ${reference.path}`);
      // The word would be masked everywhere, and tells nothing.
      if (secret !== "true" && secret !== "false") use.log.addSecret(secret);
      return secret;
    }
    const { certificate, privateKey, caChain } = await this.#issue(reference.name, use, context);
    if (reference.kind === "pki-key") return privateKey;
    if (reference.kind === "pki-cert") return certificate;
    return [...(reference.kind === "pki-chain" ? [certificate] : []), ...caChain].join("\n");
  }

  #askForAuthorities(context: RequestContext): Promise<string> {
    if (this.#authorities !== undefined) return this.#authorities;
    const asking = this.#session.authorities(context);
    this.#authorities = asking;
    asking.catch(() => {
      this.#authorities = undefined;
    });
    return asking;
  }
}

/** The value of a key as text; Vault itself keeps any JSON. */
function textOf(data: SecretData, key: string, secret: string): string {
  const value = Object.hasOwn(data, key) ? data[key] : undefined;
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || Number.isSafeInteger(value)) return String(value);
  if (value === undefined) {
    throw new VaultError("vault-key-missing", `the secret ${secret} has no key ${key}`);
  }
  const message = `the key ${key} of the secret ${secret} holds no text`;
  throw new VaultError("vault-secret-not-text", message, { hint: "store it as a JSON string" });
}

/** All texts in the data of a secret. */
function secretTexts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(secretTexts);
}
