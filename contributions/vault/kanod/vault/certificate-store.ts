import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Host, Store } from "kanod-configure";
import { isMapping } from "kanod-configure";
import type { IssuedCertificate } from "./session.ts";
import type { CertificateRequest, VaultSettings } from "./settings.ts";
import { mountsOf } from "./settings.ts";

/** Where version 0.1 kept a file for each certificate, named after it. */
const formerFolder = "/var/lib/kanod-configure/certificates";

/** A certificate that has less than this part of its lifetime left is asked for anew. */
const renewalPart = 0.1;

interface StoredCertificate extends IssuedCertificate {
  /** What it was issued for: the machine's instance, the server and the request. */
  purpose: unknown;
}

/** Keeps the certificates that were issued to this instance, so that another run does not have them issued again. */
export class CertificateStore {
  readonly #host: Host;
  readonly #store: Store;
  readonly #settings: VaultSettings;
  readonly #instanceId: string | undefined;

  constructor({ host, store }: { host: Host; store: Store }, settings: VaultSettings, instanceId: string | undefined) {
    this.#host = host;
    this.#store = store;
    this.#settings = settings;
    this.#instanceId = instanceId;
  }

  /** The kept certificate for a request of this instance, while it is valid. */
  async find(request: CertificateRequest): Promise<IssuedCertificate | undefined> {
    await this.#adopt();
    const stored = parsed(await this.#store.get(keyOf(request.name)));
    if (stored === undefined || JSON.stringify(stored.purpose) !== JSON.stringify(this.#purpose(request)))
      return undefined;
    if (!isUsable(stored, this.#host.now())) return undefined;
    const { certificate, privateKey, caChain } = stored;
    return { certificate, privateKey, caChain };
  }

  async keep(request: CertificateRequest, issued: IssuedCertificate): Promise<void> {
    const stored: StoredCertificate = { purpose: this.#purpose(request), ...issued };
    await this.#store.set(keyOf(request.name), stored);
  }

  /** What is damaged is issued anew, as what was never kept. */
  async #adopt(): Promise<void> {
    const files = await this.#host.list(formerFolder);
    if (files === undefined) return;
    for (const file of files) {
      const key = keyOf(decodeURIComponent(file.replace(/\.json$/, "")));
      await this.#store.adopt(`${formerFolder}/${file}`, (text) => {
        const stored = parsedText(text);
        return stored === undefined ? {} : { [key]: stored };
      });
    }
    await this.#host.remove(formerFolder);
  }

  #purpose(request: CertificateRequest): unknown {
    const { url, namespace, role } = this.#settings;
    return {
      instance: this.#instanceId ?? null,
      url,
      namespace: namespace ?? null,
      mount: mountsOf(this.#settings).pki,
      role: request.role ?? role,
      name: request.name,
      ip: request.ip ?? [],
      altNames: request.alt_names ?? [],
    };
  }
}

function keyOf(name: string): string {
  return `certificate:${name}`;
}

function parsedText(text: string): StoredCertificate | undefined {
  try {
    return parsed(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function parsed(value: unknown): StoredCertificate | undefined {
  if (!isMapping(value)) return undefined;
  const { purpose, certificate, privateKey, caChain } = value;
  if (typeof certificate !== "string" || typeof privateKey !== "string") return undefined;
  if (!Array.isArray(caChain) || !caChain.every((item) => typeof item === "string")) return undefined;
  return { purpose, certificate, privateKey, caChain };
}

function isUsable({ certificate, privateKey }: IssuedCertificate, now: Date): boolean {
  try {
    const parsedCertificate = new X509Certificate(certificate);
    const from = Date.parse(parsedCertificate.validFrom);
    const until = Date.parse(parsedCertificate.validTo);
    const renewal = until - (until - from) * renewalPart;
    const isFresh = from <= now.getTime() && now.getTime() < renewal;
    return isFresh && parsedCertificate.checkPrivateKey(createPrivateKey(privateKey));
  } catch {
    return false;
  }
}
