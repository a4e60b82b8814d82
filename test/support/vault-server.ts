/**
 * Real Vault servers on 127.0.0.1.
 *
 * ```ts
 * await using vault = await startVault();
 * const role = await makeRole(vault, "node-1");
 * await vault.write("kv/data/node-1/db", { data: { password: "…" } });
 * ```
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { KeyPair } from "./authority.ts";
import { vaultBinary } from "./vault-binary.ts";

export { vaultObstacle } from "./vault-binary.ts";

export interface VaultServerOptions {
  /** A TLS listener with this certificate; without it plain HTTP. */
  tls?: KeyPair & { ca: string };
  /** `vault server -dev`: in memory, unsealed, with a kv2 engine at `secret`. It cannot be stopped and started again. */
  dev?: true;
}

/** A request as Vault's audit log has it. */
export interface AuditedRequest {
  operation: string;
  path: string;
}

export interface VaultAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the answers of some twenty different requests
  body: any;
}

export interface VaultServer extends AsyncDisposable {
  /** URL without a path. */
  readonly url: string;
  readonly port: number;
  readonly rootToken: string;
  /** A request of the administrator. Statuses of 400 and more reject, unless they are asked for. */
  request(method: string, path: string, body?: object, options?: RequestOptions): Promise<VaultAnswer>;
  write(path: string, body?: object): Promise<VaultAnswer>;
  seal(): Promise<void>;
  unseal(): Promise<void>;
  /** Ends the process; the storage stays. */
  stop(): Promise<void>;
  /** Starts the process again; it is sealed then. */
  start(): Promise<void>;
  /** What clients asked since the last call, without this object's own requests. */
  takeRequests(): Promise<AuditedRequest[]>;
}

interface RequestOptions {
  token?: string;
  headers?: Record<string, string>;
  anyStatus?: boolean;
}

/** The header by which the audit log tells the administrator's requests. */
const administrator = "x-test-administrator";

/** Starts an initialized and unsealed Vault with its own storage. */
export async function startVault(options: VaultServerOptions = {}): Promise<VaultServer> {
  const folder = await mkdtemp(join(tmpdir(), "kanod-vault-"));
  const server = new Server(await vaultBinary(), folder, await freePort(), options.tls);
  try {
    if (options.dev === true) {
      await server.startDeveloping();
      return server;
    }
    await server.configure();
    await server.start();
    await server.initialize();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

class Server implements VaultServer {
  readonly url: string;
  readonly port: number;
  rootToken = "";
  readonly #binary: string;
  readonly #folder: string;
  readonly #tls: (KeyPair & { ca: string }) | undefined;
  #child: ChildProcess | undefined;
  #output = "";
  #unsealKey = "";
  #audited = 0;

  constructor(binary: string, folder: string, port: number, tls: (KeyPair & { ca: string }) | undefined) {
    this.#binary = binary;
    this.#folder = folder;
    this.#tls = tls;
    this.port = port;
    this.url = `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  }

  async configure(): Promise<void> {
    await mkdir(join(this.#folder, "storage"));
    const clusterPort = await freePort();
    const file = (name: string): string => join(this.#folder, name);
    if (this.#tls !== undefined) {
      await writeFile(file("cert.pem"), this.#tls.cert);
      await writeFile(file("key.pem"), this.#tls.key, { mode: 0o600 });
    }
    const tls =
      this.#tls === undefined
        ? "tls_disable = true"
        : `tls_cert_file = "${file("cert.pem")}"\n  tls_key_file = "${file("key.pem")}"`;
    const text = `storage "raft" {\n  path = "${file("storage")}"\n  node_id = "test"\n  performance_multiplier = 1\n}
listener "tcp" {\n  address = "127.0.0.1:${this.port}"\n  ${tls}\n}
disable_mlock = true\napi_addr = "${this.url}"\ncluster_addr = "https://127.0.0.1:${clusterPort}"\nlog_level = "warn"\n`;
    await writeFile(file("vault.hcl"), text);
  }

  start(): Promise<void> {
    return this.#run([`-config=${join(this.#folder, "vault.hcl")}`]);
  }

  async startDeveloping(): Promise<void> {
    this.rootToken = "root";
    const options = [`-dev-root-token-id=${this.rootToken}`, `-dev-listen-address=127.0.0.1:${this.port}`];
    await this.#run(["-dev", "-dev-no-store-token", ...options]);
  }

  async #run(options: readonly string[]): Promise<void> {
    const child = spawn(this.#binary, ["server", ...options], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], HOME: this.#folder },
    });
    this.#child = child;
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline && child.exitCode === null) {
      const answer = await this.request("GET", "sys/seal-status", undefined, { anyStatus: true }).catch(
        () => undefined,
      );
      if (answer?.status === 200) return;
      await sleep(50);
    }
    throw new Error(`Vault did not start: ${this.#output}`);
  }

  async initialize(): Promise<void> {
    const { body } = await this.request("PUT", "sys/init", { secret_shares: 1, secret_threshold: 1 });
    this.#unsealKey = body.keys_base64[0];
    this.rootToken = body.root_token;
    await this.unseal();
    await this.write("sys/config/auditing/request-headers/x-test-administrator", { hmac: false });
    await this.write("sys/audit/file", { type: "file", options: { file_path: join(this.#folder, "audit.log") } });
  }

  async seal(): Promise<void> {
    await this.request("PUT", "sys/seal");
  }

  async unseal(): Promise<void> {
    await this.request("PUT", "sys/unseal", { key: this.#unsealKey });
    // Mounts become available a moment after the core is unsealed.
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline) {
      const { status } = await this.request("GET", "sys/health", undefined, { anyStatus: true });
      if (status === 200) return;
      await sleep(50);
    }
    throw new Error(`Vault did not become active: ${this.#output}`);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  async takeRequests(): Promise<AuditedRequest[]> {
    const text = await readFile(join(this.#folder, "audit.log"), "utf8");
    const entries = text.slice(this.#audited).split("\n").filter(Boolean);
    this.#audited = text.length;
    return entries
      .map((line) => JSON.parse(line))
      .filter(({ type, request }) => type === "request" && request.headers?.[administrator] === undefined)
      .map(({ request }) => ({ operation: request.operation, path: request.path }))
      .filter(({ path }) => path !== "sys/audit/test");
  }

  write(path: string, body: object = {}): Promise<VaultAnswer> {
    return this.request("POST", path, body);
  }

  request(method: string, path: string, body?: object, options: RequestOptions = {}): Promise<VaultAnswer> {
    const headers = {
      "x-vault-token": options.token ?? this.rootToken,
      [administrator]: "1",
      ...options.headers,
    };
    const send = this.#tls === undefined ? httpRequest : httpsRequest;
    const ca = this.#tls === undefined ? {} : { ca: this.#tls.ca };
    return new Promise((resolve, reject) => {
      const request = send(`${this.url}/v1/${path}`, { method, headers, agent: false, ...ca }, (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("error", reject);
        response.on("end", () => {
          const status = response.statusCode ?? 0;
          if (status < 400 || options.anyStatus === true) resolve({ status, body: parsed(text) });
          else reject(new Error(`${method} ${path}: status ${status} ${text}`));
        });
      });
      request.on("error", reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A machine's AppRole. */
export interface TestRole {
  role: string;
  role_id: string;
  /** A new secret-id, good for any number of logins. */
  secretId(): Promise<string>;
  /** A new response-wrapped secret-id: its wrapping token. `ttl` in seconds. */
  wrappedSecretId(ttl?: number): Promise<string>;
}

/**
 * Mounts kv1 (`secret`), kv2 (`kv`) and PKI (`pki`, an intermediate below `pki-root`), once, and makes an AppRole that may
 * read what is below its name (but not below `denied`) and have certificates issued.
 */
export async function makeRole(vault: VaultServer, role: string): Promise<TestRole> {
  await mountEngines(vault);
  const policy = `
path "secret/${role}/*" { capabilities = ["read"] }
path "kv/data/${role}/*" { capabilities = ["read"] }
path "kv/data/${role}/denied/*" { capabilities = ["deny"] }
path "pki/issue/${role}" { capabilities = ["update"] }
`;
  await vault.write(`sys/policies/acl/${role}`, { policy });
  await vault.write(`pki/roles/${role}`, { allow_any_name: true, ttl: "1h", max_ttl: "24h" });
  await vault.write(`auth/approle/role/${role}`, { token_policies: role, token_ttl: "20m", secret_id_ttl: "1h" });
  const { body } = await vault.request("GET", `auth/approle/role/${role}/role-id`);
  const path = `auth/approle/role/${role}/secret-id`;
  return {
    role,
    role_id: body.data.role_id,
    secretId: async () => (await vault.write(path)).body.data.secret_id,
    wrappedSecretId: async (ttl = 600) => {
      const headers = { "x-vault-wrap-ttl": `${ttl}s` };
      return (await vault.request("POST", path, {}, { headers })).body.wrap_info.token;
    },
  };
}

async function mountEngines(vault: VaultServer): Promise<void> {
  const { body } = await vault.request("GET", "sys/mounts");
  if (body.data["kv/"] !== undefined) return;
  await vault.write("sys/auth/approle", { type: "approle" });
  await vault.write("sys/mounts/secret", { type: "kv", options: { version: "1" } });
  await vault.write("sys/mounts/kv", { type: "kv", options: { version: "2" } });
  for (const mount of ["pki-root", "pki"]) {
    await vault.write(`sys/mounts/${mount}`, { type: "pki", config: { max_lease_ttl: "87600h" } });
  }
  await vault.write("pki-root/root/generate/internal", { common_name: "test root", ttl: "87600h", key_type: "ec" });
  const request = await vault.write("pki/intermediate/generate/internal", {
    common_name: "test intermediate",
    key_type: "ec",
  });
  const signed = await vault.write("pki-root/root/sign-intermediate", {
    csr: request.body.data.csr,
    format: "pem_bundle",
    ttl: "43800h",
  });
  await vault.write("pki/intermediate/set-signed", { certificate: signed.body.data.certificate });
  await waitForVersionedStore(vault);
}

/** A new kv2 mount is upgraded in the background, and refuses requests meanwhile. */
async function waitForVersionedStore(vault: VaultServer): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { status } = await vault.request("POST", "kv/data/ready", { data: {} }, { anyStatus: true });
    if (status === 200) return;
    await sleep(50);
  }
  throw new Error("the kv2 engine did not become ready");
}

/** A TCP port of 127.0.0.1 that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}
