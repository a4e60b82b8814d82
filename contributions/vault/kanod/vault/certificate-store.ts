import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Host } from "kanod-configure";
import type { IssuedCertificate } from "./session.ts";
import type { CertificateRequest, VaultSettings } from "./settings.ts";
import { mountsOf } from "./settings.ts";

/** One file for each certificate, with its key: root alone can look inside. */
export const certificateFolder = "/var/lib/kanod-configure/certificates";

/** A certificate that has less than this part of its lifetime left is asked for anew. */
const renewalPart = 0.1;

interface StoredCertificate extends IssuedCertificate {
  /** What it was issued for: the machine's instance, the server and the request. */
  purpose: unknown;
}

/** Keeps the certificates that were issued to this instance, so that another run does not have them issued again. */
export class CertificateStore {
  readonly #host: Host;
  readonly #settings: VaultSettings;
  readonly #instanceId: string | undefined;

  constructor(host: Host, settings: VaultSettings, instanceId: string | undefined) {
    this.#host = host;
    this.#settings = settings;
    this.#instanceId = instanceId;
  }

  /** The kept certificate for a request of this instance, while it is valid. */
  async find(request: CertificateRequest): Promise<IssuedCertificate | undefined> {
    const text = await this.#host.readFile(pathOf(request));
    const stored = text === undefined ? undefined : parsed(text);
    if (stored === undefined || JSON.stringify(stored.purpose) !== JSON.stringify(this.#purpose(request)))
      return undefined;
    if (!isUsable(stored, this.#host.now())) return undefined;
    const { certificate, privateKey, caChain } = stored;
    return { certificate, privateKey, caChain };
  }

  async keep(request: CertificateRequest, issued: IssuedCertificate): Promise<void> {
    const stored: StoredCertificate = { purpose: this.#purpose(request), ...issued };
    await this.#host.makeDirectory(certificateFolder, { mode: 0o700 });
    await this.#host.writeFile(pathOf(request), `${JSON.stringify(stored)}\n`, { mode: 0o600, secret: true });
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

function pathOf({ name }: CertificateRequest): string {
  return `${certificateFolder}/${encodeURIComponent(name)}.json`;
}

function parsed(text: string): StoredCertificate | undefined {
  let value: Partial<StoredCertificate> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value?.certificate !== "string" || typeof value.privateKey !== "string") return undefined;
  if (!Array.isArray(value.caChain) || !value.caChain.every((item) => typeof item === "string")) return undefined;
  return {
    purpose: value.purpose,
    certificate: value.certificate,
    privateKey: value.privateKey,
    caChain: value.caChain,
  };
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
