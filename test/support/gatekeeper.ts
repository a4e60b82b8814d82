import { randomBytes, verify } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { KeyPair } from "./authority.ts";
import type { EnrolledKey } from "./tpm.ts";

export interface GatekeeperOptions {
  /** A TLS listener with this certificate; without it plain HTTP. */
  tls?: KeyPair;
  /** The secret-id for a machine that has proved who it is. */
  secretId(name: string): Promise<string>;
}

/**
 * The server that hands out secret-ids for signatures of enrolled TPMs, with the ancestor's protocol: `challenge?name=NAME`
 * gives the key and a nonce, `secret_id?name=NAME&signature=BASE64` takes the signature of the nonce's SHA-256. A nonce is
 * good for one try.
 */
export class Gatekeeper implements AsyncDisposable {
  readonly #options: GatekeeperOptions;
  readonly #server: Server;
  readonly #keys = new Map<string, EnrolledKey>();
  readonly #nonces = new Map<string, string>();
  /** Path and query of all requests. */
  readonly requests: string[] = [];
  /** Changes a challenge on its way to the machine. */
  tamper: (challenge: Record<string, string>) => Record<string, string> = (challenge) => challenge;

  private constructor(options: GatekeeperOptions) {
    this.#options = options;
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      this.#answer(request.url ?? "").then(
        ({ status, body }) => {
          response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
        },
        (error) => response.writeHead(500).end(String(error)),
      );
    };
    this.#server = options.tls === undefined ? createServer(answer) : createTlsServer(options.tls, answer);
  }

  static async start(options: GatekeeperOptions): Promise<Gatekeeper> {
    const gatekeeper = new Gatekeeper(options);
    await new Promise<void>((resolve) => gatekeeper.#server.listen(0, "127.0.0.1", resolve));
    return gatekeeper;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  }

  enroll(name: string, key: EnrolledKey): void {
    this.#keys.set(name, key);
  }

  async #answer(target: string): Promise<{ status: number; body: object }> {
    this.requests.push(target);
    const { pathname, searchParams } = new URL(target, "http://gatekeeper");
    const name = searchParams.get("name") ?? "";
    const key = this.#keys.get(name);
    if (key === undefined) return { status: 404, body: { error: "unknown machine" } };
    if (pathname === "/challenge") return { status: 200, body: this.tamper(this.#challenge(name, key)) };
    if (pathname !== "/secret_id") return { status: 404, body: { error: "unknown path" } };
    const nonce = this.#nonces.get(name);
    this.#nonces.delete(name);
    const signature = Buffer.from(searchParams.get("signature") ?? "", "base64");
    if (nonce === undefined || !verify("sha256", Buffer.from(nonce), key.publicKey, signature)) {
      return { status: 403, body: { error: "wrong signature" } };
    }
    return { status: 200, body: { data: await this.#options.secretId(name) } };
  }

  #challenge(name: string, key: EnrolledKey): Record<string, string> {
    const nonce = randomBytes(24).toString("hex");
    this.#nonces.set(name, nonce);
    return {
      "key.ctxt": Buffer.from("the machine makes its own").toString("base64"),
      "key.priv": key.priv.toString("base64"),
      "key.pub": key.pub.toString("base64"),
      nonce,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
