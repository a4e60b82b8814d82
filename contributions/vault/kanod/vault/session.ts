import { isMapping, requirePath, VaultError } from "kanod-configure";
import type NodeVault from "node-vault";
import { type Endpoint, vaultClient } from "./client.ts";
import { printableLine } from "./printable-line.ts";
import { Limiter } from "./retry.ts";
import { type CertificateRequest, type Mounts, mountsOf, type VaultSettings } from "./settings.ts";
import type { RequestContext } from "./transport.ts";

/** Requests of one machine that Vault has to work on at the same time. */
const maxParallel = 8;

/** What a key/value engine holds at a path. */
export type SecretData = Readonly<Record<string, unknown>>;

/** What the PKI engine gave for a request; all PEM. */
export interface IssuedCertificate {
  certificate: string;
  privateKey: string;
  caChain: readonly string[];
}

/** Everything that Vault is asked for after the login. Each path is read once. */
export class VaultSession {
  readonly #endpoint: Endpoint;
  readonly #role: string;
  readonly #mounts: Mounts;
  readonly #token: string;
  readonly #limiter = new Limiter(maxParallel);
  readonly #reads = new Map<string, Promise<SecretData>>();

  private constructor(settings: VaultSettings, token: string) {
    this.#endpoint = endpointOf(settings);
    this.#role = settings.role;
    this.#mounts = mountsOf(settings);
    this.#token = token;
  }

  /** Logs in with AppRole. @throws VaultError */
  static async login(settings: VaultSettings, secretId: string, context: RequestContext): Promise<VaultSession> {
    const client = await vaultClient(endpointOf(settings), "", context);
    const answer = await answered(
      client.write("auth/approle/login", { role_id: settings.role_id, secret_id: secretId }),
      (refusal) => {
        const hint = "are role_id and secret_id right, and is the secret-id neither used up nor expired?";
        return new VaultError("vault-login-failed", `Vault refuses the login: ${refusal.text}`, { hint });
      },
    );
    const token = member(member(answer, "auth"), "client_token");
    if (typeof token !== "string" || token === "") throw invalidAnswer("the login gave no token");
    context.log.addSecret(token);
    return new VaultSession(settings, token);
  }

  /** The data at a path below the role. @throws VaultError */
  read(engine: "kv1" | "kv2", path: string, context: RequestContext): Promise<SecretData> {
    requirePath(path);
    const below = `${this.#role}/${path}`;
    const api = encodePath(engine === "kv1" ? `${this.#mounts.kv1}/${below}` : `${this.#mounts.kv2}/data/${below}`);
    const known = this.#reads.get(api);
    if (known !== undefined) return known;
    const reading = this.#limiter.run(() => this.#read(engine, api, context));
    this.#reads.set(api, reading);
    // What failed is asked again when somebody else needs it: the reason may be over by then.
    reading.catch(() => this.#reads.delete(api));
    return reading;
  }

  async #read(engine: "kv1" | "kv2", api: string, context: RequestContext): Promise<SecretData> {
    const client = await this.#client(context);
    const answer = await answered(client.read(api), (refusal) => readRefused(engine, api, refusal));
    const data = engine === "kv1" ? member(answer, "data") : member(member(answer, "data"), "data");
    if (!isMapping(data)) throw wrongEngine(engine, api, answer);
    return data;
  }

  /** Has a certificate issued. @throws VaultError */
  async issue(request: CertificateRequest, context: RequestContext): Promise<IssuedCertificate> {
    const api = encodePath(`${this.#mounts.pki}/issue/${request.role ?? this.#role}`);
    const body = {
      common_name: request.name,
      ...(request.ip === undefined ? {} : { ip_sans: request.ip.join(",") }),
      ...(request.alt_names === undefined ? {} : { alt_names: request.alt_names.join(",") }),
    };
    const client = await this.#client(context);
    const answer = await this.#limiter.run(() =>
      answered(client.write(api, body), (refusal) => {
        const message = `Vault does not issue the certificate ${request.name} (${api}): ${refusal.text}`;
        return new VaultError("vault-issue-failed", message);
      }),
    );
    return issuedCertificate(member(answer, "data"));
  }

  /** The certificates of the PKI engine's authority and those above it, PEM. @throws VaultError */
  async authorities(context: RequestContext): Promise<string> {
    const client = await this.#client(context);
    const api = encodePath(`${this.#mounts.pki}/ca_chain`);
    const answer = await this.#limiter.run(() =>
      answered(client.read(api), (refusal) => readRefused("pki", api, refusal)),
    );
    if (typeof answer !== "string" || !answer.includes("-----BEGIN CERTIFICATE-----")) {
      throw new VaultError("vault-path-missing", `the PKI engine of Vault has no certificate authority (${api})`);
    }
    return answer;
  }

  /** Ends the session at Vault's side too. @throws VaultError */
  async revoke(context: RequestContext): Promise<void> {
    const client = await this.#client(context);
    try {
      await answered(client.write("auth/token/revoke-self", {}), ({ status, text }) => {
        const code = status === 403 ? "vault-denied" : "vault-request-failed";
        return new VaultError(code, `Vault does not revoke the token: ${text}`);
      });
    } catch (error) {
      // It is no token any more: it expired, or a first request was carried out whose answer got lost.
      if (!(error instanceof VaultError) || error.code !== "vault-denied") throw error;
    }
  }

  #client(context: RequestContext): Promise<NodeVault.client> {
    return vaultClient(this.#endpoint, this.#token, context);
  }
}

/**
 * The secret-id behind a wrapping token (Vault's "response wrapping"), which can be had once.
 *
 * @throws VaultError `vault-wrapping-token-used` when somebody had it before, or it expired
 */
export async function unwrapSecretId(settings: VaultSettings, token: string, context: RequestContext): Promise<string> {
  const client = await vaultClient(endpointOf(settings), token, context);
  const answer = await answered(client.write("sys/wrapping/unwrap", {}), (refusal) => {
    const message =
      "the wrapping token of the secret-id was used already, or it expired: " +
      `SOMEBODY ELSE MAY HAVE READ THE SECRET-ID (Vault: ${refusal.text})`;
    const hint =
      "look for the token in Vault's audit log, destroy the secret-id, and give the machine a new one. A first " +
      "answer that was lost on the network, or an earlier run of this machine, use the token up too";
    return new VaultError("vault-wrapping-token-used", message, { hint });
  });
  const secretId = member(member(answer, "data"), "secret_id");
  if (typeof secretId !== "string" || secretId === "")
    throw invalidAnswer("there is no secret-id behind the wrapping token");
  return secretId;
}

function endpointOf({ url, ca, namespace, proxyFor }: VaultSettings): Endpoint {
  return { name: "Vault", url, ca, namespace, proxy: proxyFor?.(url) };
}

/** What Vault says when it does not do what was asked. */
interface Refusal {
  status: number;
  /** One line, bounded. */
  text: string;
  body: unknown;
}

/** Waits for node-vault. Of its errors, which hold the whole request, only status and message are kept. */
async function answered(answer: Promise<unknown>, refused: (refusal: Refusal) => VaultError): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    const response = member(error, "response");
    const status = member(response, "statusCode");
    if (typeof status !== "number") throw error;
    const body = member(response, "body");
    const errors = member(body, "errors");
    const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
    const text = typeof first === "string" ? printableLine(first) : `status ${status}`;
    throw refused({ status, text, body });
  }
}

function readRefused(engine: "kv1" | "kv2" | "pki", api: string, refusal: Refusal): VaultError {
  const { status, text, body } = refusal;
  if (status === 403) {
    const hint = `the policies of the role must allow to read ${decodeURIComponent(api)}`;
    return new VaultError("vault-denied", `Vault denies access to ${api}`, { hint });
  }
  if (status !== 404) return new VaultError("vault-request-failed", `Vault does not read ${api}: ${text}`);
  if (engine === "kv2" && isMapping(member(member(body, "data"), "metadata"))) {
    const hint = "restore the version (`vault kv undelete`) or write a new one";
    return new VaultError("vault-secret-deleted", `the latest version of the secret ${api} was deleted`, { hint });
  }
  const warnings = member(body, "warnings");
  const isVersioned = Array.isArray(warnings) && warnings.some((warning) => String(warning).includes("versioned"));
  const hint = isVersioned ? { hint: "the mount is of version 2: use @vault:kv2:" } : {};
  return new VaultError("vault-path-missing", `there is nothing in Vault at ${api}`, hint);
}

function wrongEngine(engine: "kv1" | "kv2", api: string, answer: unknown): VaultError {
  if (engine === "kv2" && isMapping(member(answer, "data"))) {
    const hint = "the mount is of version 1: use @vault:kv1:";
    return new VaultError("vault-path-missing", `what is in Vault at ${api} has no versions`, { hint });
  }
  return invalidAnswer(`there is no data in the answer for ${api}`);
}

function issuedCertificate(data: unknown): IssuedCertificate {
  const certificate = member(data, "certificate");
  const privateKey = member(data, "private_key");
  const chain = member(data, "ca_chain") ?? [member(data, "issuing_ca")];
  const isChain = Array.isArray(chain) && chain.every((item) => typeof item === "string");
  if (typeof certificate !== "string" || typeof privateKey !== "string" || !isChain) {
    throw invalidAnswer("the answer to the request for a certificate lacks certificate, key or chain");
  }
  return { certificate, privateKey, caChain: chain as string[] };
}

function invalidAnswer(what: string): VaultError {
  const hint = "is the URL that of a Vault server, and no page of a proxy?";
  return new VaultError("vault-answer-invalid", `this is no answer of Vault: ${what}`, { hint });
}

/** Each segment of a path as it has to stand in a URL. */
function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** An own property of something that came over the network; undefined where it has none. */
function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
