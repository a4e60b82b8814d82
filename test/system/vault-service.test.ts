import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from "vitest";
import { openVault } from "../../contributions/vault/kanod/vault/open.ts";
import type { VaultSettings } from "../../contributions/vault/kanod/vault/settings.ts";
import type { VaultUse } from "../../contributions/vault/kanod/vault/vault.ts";
import { storePath } from "../../src/agent/store.ts";
import { createHost } from "../../src/host/create-host.ts";
import type { Host } from "../../src/host/host.ts";
import { VaultError } from "../../src/kit/references/errors.ts";
import type { LogEvent } from "../../src/log/logger.ts";
import { TestAuthority } from "../support/authority.ts";
import { temporaryFolder } from "../support/cli.ts";
import { memoryLog, storeOn } from "../support/contributions.ts";
import { describeWith } from "../support/requirements.ts";
import { SlowProxy } from "../support/slow-proxy.ts";
import {
  freePort,
  makeRole,
  startVault,
  type TestRole,
  type VaultServer,
  vaultObstacle,
} from "../support/vault-server.ts";

let server: VaultServer;
let role: TestRole;

beforeAll(async () => {
  if (vaultObstacle() !== undefined) return;
  server = await startVault();
  role = await makeRole(server, "node-1");
  await server.write("kv/data/node-1/db", { data: { password: "kv2 secret", port: 5432, tls: true, none: null } });
  await server.write("kv/data/node-1/db", {
    data: { password: "kv2 newer secret", port: 5432, tls: true, none: null },
  });
  await server.write("kv/data/node-1/denied/x", { data: { key: "nobody" } });
  await server.write("kv/data/node-1/gone", { data: { key: "old" } });
  await server.request("DELETE", "kv/data/node-1/gone");
  await server.write("kv/data/node-1/apps/a%20b%25c", { data: { "a:b c": "odd" } });
  await server.write("kv/data/node-2/db", { data: { password: "of another machine" } });
  await server.write("secret/node-1/db", { password: "kv1 secret" });
}, 600_000);

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

afterEach(async () => {
  await server?.takeRequests();
});

interface Machine extends VaultUse {
  host: Host;
  root: string;
  events: LogEvent[];
}

/** A machine as far as Vault is concerned: a tree for its files, the real network. */
function machine(root: string = temporaryFolder(), instanceId = "i-1"): Machine {
  const { log, events } = memoryLog();
  const host = createHost({ root, log });
  return { host, root, log, events, init: { instanceId }, store: storeOn(host, log) };
}

async function settings(given: Partial<VaultSettings> = {}): Promise<VaultSettings> {
  const { role_id } = role;
  const secretId = given.wrapped_secret_id === undefined ? { secret_id: await role.secretId() } : {};
  return { url: server.url, role: "node-1", role_id, ...secretId, timeout: 20, ...given };
}

async function failureOf(action: Promise<unknown>): Promise<VaultError> {
  const error = await action.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(VaultError);
  return error as VaultError;
}

async function resolve<T>(value: T, given: Partial<VaultSettings> = {}): Promise<T> {
  const its = machine();
  const vault = await openVault(await settings(given), "n", its);
  return vault.client(its).resolve(value);
}

const paths = async (): Promise<string[]> => (await server.takeRequests()).map(({ path }) => path).sort();

describeWith(vaultObstacle())("a real Vault", () => {
  test("resolves both key/value engines, below the role", async () => {
    const resolved = await resolve({
      one: "@vault:kv1:db:password",
      two: ["@vault:kv2:db:password", "@vault:kv2:db:port", "@vault:kv2:db:tls"],
      odd: "@vault:kv2:apps/a b%c:a:b c",
      yaml: "@vault:yaml:user: root\npassword: '@vault:kv2:db:password'\n",
    });
    expect(resolved).toEqual({
      one: "kv1 secret",
      two: ["kv2 newer secret", "5432", "true"],
      odd: "odd",
      yaml: 'user: root\npassword: "kv2 newer secret"\n',
    });
  });

  test("is asked once for each path, whatever refers to it", async () => {
    const its = machine();
    const vault = await openVault(await settings(), "n", its);
    const client = vault.client(its);
    await server.takeRequests();
    const value = { a: Array(50).fill("@vault:kv2:db:password"), b: "@vault:kv2:db:port", c: "@vault:kv1:db:password" };
    await client.resolve(value);
    await client.read("kv2", "db");
    await vault.client(its).read("kv1", "db");
    await vault.revoke(its);
    expect(await paths()).toEqual(["auth/token/revoke-self", "kv/data/node-1/db", "secret/node-1/db"]);
  });

  test.each([
    ["a path that is not there", "@vault:kv2:nothing:key", "vault-path-missing", undefined],
    ["a key that is not there", "@vault:kv2:db:nothing", "vault-key-missing", undefined],
    ["a key of JavaScript's own", "@vault:kv2:db:constructor", "vault-key-missing", undefined],
    ["what is no text", "@vault:kv2:db:none", "vault-secret-not-text", undefined],
    ["what a policy denies", "@vault:kv2:denied/x:key", "vault-denied", /kv\/data\/node-1\/denied\/x/],
    ["a deleted version", "@vault:kv2:gone:key", "vault-secret-deleted", /undelete/],
    ["kv1 that is not there", "@vault:kv1:nothing:key", "vault-path-missing", undefined],
  ])("refuses %s at its place", async (_name, reference, code, hint) => {
    const failure = await failureOf(resolve({ a: ["@vault:kv2:db:password", reference] }));
    expect(failure.findings).toMatchObject([{ pointer: "/a/1", code }]);
    if (hint !== undefined) expect(failure.findings[0]?.hint).toMatch(hint);
  });

  test("says which engine a mount is, when the other was meant", async () => {
    const swapped = { kv1_mount: "kv", kv2_mount: "secret" };
    await server.write("sys/policies/acl/node-1-swapped", {
      policy: 'path "kv/node-1/*" { capabilities = ["read"] }\npath "secret/data/node-1/*" { capabilities = ["read"] }',
    });
    await server.write("secret/data/node-1/db", { data: "x" });
    await server.write("auth/approle/role/node-1", { token_policies: "node-1,node-1-swapped" });
    const failure = await failureOf(resolve({ a: "@vault:kv1:db:password", b: "@vault:kv2:db:password" }, swapped));
    expect(failure.findings).toMatchObject([
      { pointer: "/a", code: "vault-path-missing", hint: expect.stringContaining("kv2") },
      { pointer: "/b", code: "vault-path-missing", hint: expect.stringContaining("kv1") },
    ]);
  });

  test("cannot be led out of the role", async () => {
    const its = machine();
    const client = (await openVault(await settings(), "n", its)).client(its);
    await expect(client.read("kv2", "../node-2/db")).rejects.toMatchObject({ code: "vault-reference-malformed" });
    // What is encoded already is encoded once more, and so is only a strange name.
    const failure = await failureOf(client.resolve({ a: "@vault:kv2:..%2fnode-2/db:password" }));
    expect(failure.findings[0]?.code).toBe("vault-path-missing");
  });

  test.each([
    ["role_id", { role_id: "not-this-id" }],
    ["secret_id", { secret_id: "not-this-id" }],
  ])("refuses a wrong %s without repeating it, also deep inside of the error", async (_name, given) => {
    const its = machine();
    const failure = await failureOf(openVault(await settings(given), "n", its));
    expect(failure.code).toBe("vault-login-failed");
    expect(inspect(failure, { depth: null, showHidden: true })).not.toMatch(/not-this-id|[0-9a-f]{8}-[0-9a-f]{4}-/);
  });

  test("unwraps a secret-id once, and calls a used or expired token what it may be", async () => {
    const wrapped_secret_id = await role.wrappedSecretId();
    await resolve("@vault:kv2:db:password", { wrapped_secret_id });
    for (const token of [wrapped_secret_id, await expired(), "hvs.invented"]) {
      const failure = await failureOf(resolve("x", { wrapped_secret_id: token }));
      expect(failure.code).toBe("vault-wrapping-token-used");
      expect(failure.message).toContain("SOMEBODY ELSE MAY HAVE READ");
      expect(failure.message + failure.hint).not.toContain(token);
    }
  });

  test("gets its token back: revoked it is worth nothing", async () => {
    const its = machine();
    const vault = await openVault(await settings(), "n", its);
    const client = vault.client(its);
    await client.read("kv2", "db");
    await vault.revoke(its);
    const failure = await failureOf(client.resolve("@vault:kv1:db:password"));
    expect(failure.findings[0]?.code).toBe("vault-denied");
  });

  test("masks everything that came from it", async () => {
    const its = machine();
    const config = await settings({ certificates: [{ name: "node-1" }] });
    const client = (await openVault(config, "n", its)).client(its);
    await client.read("kv2", "db");
    const key = await client.resolve("@vault:pki-key:node-1");
    await client.resolve("@vault:kv2:db:tls");
    its.log.info("it is true");
    expect(JSON.stringify(its.events)).toContain("it is true");
    its.log.info(`${config.secret_id} kv2 newer secret ${key}`);
    const text = JSON.stringify(its.events);
    for (const secret of [config.secret_id ?? "", "kv2 newer secret", ...key.split("\n").slice(1, -1)]) {
      expect(text).not.toContain(secret);
    }
  });

  test("works in no environment but the configured one", async () => {
    const hostile = {
      VAULT_TOKEN: server.rootToken,
      VAULT_ADDR: "http://127.0.0.1:1",
      VAULT_NAMESPACE: "other",
      VAULT_PREFIX: "/other",
      VAULT_SKIP_VERIFY: "1",
      http_proxy: "http://127.0.0.1:1",
      HTTP_PROXY: "http://127.0.0.1:1",
      https_proxy: "http://127.0.0.1:1",
      DEBUG: "*",
    };
    const before = { ...process.env };
    Object.assign(process.env, hostile);
    try {
      expect(await resolve("@vault:kv2:db:password")).toBe("kv2 newer secret");
      const failure = await failureOf(resolve("@vault:kv2:denied/x:key"));
      expect(failure.findings[0]?.code).toBe("vault-denied");
    } finally {
      process.env = before;
    }
  });
});

describeWith(vaultObstacle())("certificates of a real Vault", () => {
  const certificates = [{ name: "node-1.example.com", ip: ["192.0.2.1"], alt_names: ["www.example.com", "localhost"] }];

  test("are issued once for an instance and kept for root alone", async () => {
    const root = temporaryFolder();
    const config = await settings({ certificates });
    const references = {
      key: "@vault:pki-key:node-1.example.com",
      cert: "@vault:pki-cert:node-1.example.com",
      caChain: "@vault:pki-ca-chain:node-1.example.com",
      chain: "@vault:pki-chain:node-1.example.com",
      ca: "@vault:ca",
    };
    const run = async (instanceId: string): Promise<typeof references> => {
      const its = machine(root, instanceId);
      const vault = await openVault(config, "n", its);
      await vault.issueAll(its);
      return vault.client(its).resolve(references);
    };
    const first = await run("i-1");
    const certificate = new X509Certificate(first.cert);
    expect(certificate.subject).toBe("CN=node-1.example.com");
    expect(certificate.subjectAltName).toContain("DNS:www.example.com");
    expect(certificate.subjectAltName).toContain("IP Address:192.0.2.1");
    expect(first.chain.startsWith(first.cert)).toBe(true);
    const [issuer = ""] = first.caChain.split(/(?<=-----END CERTIFICATE-----)\n/);
    expect(certificate.verify(new X509Certificate(issuer).publicKey)).toBe(true);
    expect(first.ca).toContain(issuer.trim());
    expect(first.ca.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect((await paths()).filter((path) => path.startsWith("pki/issue"))).toHaveLength(1);

    expect(await run("i-1")).toEqual(first);
    expect((await paths()).filter((path) => path.startsWith("pki/issue"))).toEqual([]);
    const other = await run("i-2");
    expect(other.cert).not.toBe(first.cert);

    const folder = join(root, "var/lib/kanod-configure/store");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["damaged", (text: string) => text.slice(0, 100)],
    [
      "exchanged",
      (text: string) => text.replace(/"privateKey":"[^"]*"/, `"privateKey":${JSON.stringify(foreignKey())}`),
    ],
    ["for another request", (text: string) => text.replace("192.0.2.1", "192.0.2.2")],
  ])("are issued anew when what was kept is %s", async (_name, damage) => {
    const root = temporaryFolder();
    const config = await settings({ certificates });
    const issue = async (): Promise<string> => {
      const its = machine(root);
      const vault = await openVault(config, "n", its);
      return (await vault.client(its).issue("node-1.example.com")).certificate;
    };
    const first = await issue();
    expect(await issue()).toBe(first);
    const path = storePath("test");
    const { host } = machine(root);
    await host.writeFile(path, damage((await host.readFile(path)) ?? ""));
    expect(await issue()).not.toBe(first);
  });

  test("that version 0.1 kept are taken over", async () => {
    const root = temporaryFolder();
    const config = await settings({ certificates });
    const its = machine(root);
    const { certificate } = await (await openVault(config, "n", its)).client(its).issue("node-1.example.com");
    const folder = "/var/lib/kanod-configure/certificates";
    const stored = JSON.stringify(await its.store.get("certificate:node-1.example.com"));
    await its.host.remove(storePath("test"));
    await its.host.writeFile(`${folder}/node-1.example.com.json`, stored);
    await its.host.writeFile(`${folder}/other.json`, "{");
    const later = machine(root);
    const kept = await (await openVault(config, "n", later)).client(later).issue("node-1.example.com");
    expect(kept.certificate).toBe(certificate);
    expect(await later.host.stat(folder)).toBeUndefined();
    expect(await later.store.state()).toBe("ok");
  });

  test("are issued anew before they expire", async () => {
    const its = machine();
    const config = await settings({ certificates });
    const issue = async (): Promise<string> => {
      const vault = await openVault(config, "n", its);
      return (await vault.client(its).issue("node-1.example.com")).certificate;
    };
    const first = await issue();
    const late = new Date(Date.now() + 55 * 60 * 1000);
    Object.assign(its.host, { now: () => late });
    expect(await issue()).not.toBe(first);
  });

  test("that nobody configured are refused", async () => {
    const its = machine();
    const vault = await openVault(await settings(), "n", its);
    expect((await failureOf(vault.client(its).issue("other"))).code).toBe("vault-certificate-unknown");
  });

  test("that a role does not allow are refused", async () => {
    const its = machine();
    const config = await settings({ certificates: [{ name: "x", role: "nobody" }] });
    const vault = await openVault(config, "n", its);
    const failure = await failureOf(vault.issueAll(its));
    expect(failure.code).toBe("vault-issue-failed");
    expect(failure.message).toContain("permission denied");
  });
});

describeWith(vaultObstacle())("a Vault that is in trouble", () => {
  test("sealed: it is waited for, and its secrets come once it is unsealed", async () => {
    const its = machine();
    const vault = await openVault(await settings(), "n", its);
    await server.seal();
    const resolving = vault.client(its).resolve("@vault:kv2:db:password");
    setTimeout(() => void server.unseal(), 1500);
    expect(await resolving).toBe("kv2 newer secret");
    expect(its.events.some(({ message }) => message.includes("it is sealed; trying again"))).toBe(true);
  });

  test("sealed for good: the run ends in time, with the reason", async () => {
    const config = await settings({ timeout: 2 });
    await server.seal();
    const begin = performance.now();
    const failure = await failureOf(openVault(config, "n", machine()));
    expect(failure.code).toBe("vault-sealed");
    expect(performance.now() - begin).toBeLessThan(4000);
    await server.unseal();
  });

  test("restarted: the session goes on", async () => {
    const its = machine();
    const vault = await openVault(await settings({ timeout: 60 }), "n", its);
    await server.stop();
    const resolving = vault.client(its).resolve("@vault:kv1:db:password");
    await new Promise((done) => setTimeout(done, 500));
    await server.start();
    await server.unseal();
    expect(await resolving).toBe("kv1 secret");
    await vault.revoke(its);
  });

  test("unreachable: the run ends in time, with the reason", async () => {
    const config = await settings({ url: "http://127.0.0.1:1", timeout: 2 });
    const failure = await failureOf(openVault(config, "n", machine()));
    expect(failure.code).toBe("vault-unreachable");
  });

  test("behind a bad network: it is asked again until it answers", async () => {
    await using proxy = await SlowProxy.start(server.port);
    proxy.next.push(
      { kind: "cut" },
      { kind: "garbage" },
      { kind: "cut-answer", bytes: 40 },
      { kind: "delay", seconds: 1 },
      { kind: "cut-answer", bytes: 400 },
      { kind: "cut" },
    );
    const url = `http://127.0.0.1:${proxy.port}`;
    expect(await resolve("@vault:kv2:db:password", { url, timeout: 60 })).toBe("kv2 newer secret");
    expect(proxy.connections).toBe(7);
  });

  test("that loses the answer to a revocation: it is asked again, and the token is gone all the same", async () => {
    await using proxy = await SlowProxy.start(server.port);
    const its = machine();
    const vault = await openVault(await settings({ url: `http://127.0.0.1:${proxy.port}` }), "n", its);
    await server.takeRequests();
    proxy.next.push({ kind: "cut-answer", bytes: 1 });
    await vault.revoke(its);
    expect(await paths()).toEqual(["auth/token/revoke-self", "auth/token/revoke-self"]);
  });

  test("silent: no answer is waited for longer than the time that there is", async () => {
    await using proxy = await SlowProxy.start(server.port);
    proxy.otherwise = { kind: "silence" };
    const url = `http://127.0.0.1:${proxy.port}`;
    const begin = performance.now();
    const failure = await failureOf(resolve("x", { url, timeout: 1 }));
    expect(failure.code).toBe("vault-timeout");
    expect(performance.now() - begin).toBeLessThan(3000);
  });
});

describeWith(vaultObstacle())("somebody who only pretends to be Vault", () => {
  test("sends 100 MB: refused after the first", async () => {
    await using proxy = await SlowProxy.start(server.port);
    proxy.otherwise = { kind: "endless", bytes: 100 * 1024 * 1024 };
    const before = process.memoryUsage().rss;
    const failure = await failureOf(resolve("x", { url: `http://127.0.0.1:${proxy.port}` }));
    expect(failure.code).toBe("vault-answer-invalid");
    expect(proxy.connections).toBe(1);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  test("redirects: not followed, and no secret goes there", async () => {
    await using elsewhere = await SlowProxy.start(server.port);
    await using proxy = await SlowProxy.start(server.port);
    const location = `http://127.0.0.1:${elsewhere.port}/v1/auth/approle/login`;
    proxy.otherwise = {
      kind: "answer",
      text: `HTTP/1.1 307 Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`,
    };
    const failure = await failureOf(resolve("x", { url: `http://127.0.0.1:${proxy.port}` }));
    expect(failure.code).toBe("vault-redirected");
    expect(elsewhere.connections).toBe(0);
  });

  test.each([
    ["HTML", "Content-Type: text/html", "<html>welcome</html>"],
    ["broken JSON", "Content-Type: application/json", '{"auth":'],
    ["JSON that says nothing", "Content-Type: application/json", '{"auth":{"client_token":null}}'],
    ["JSON of JavaScript's own", "Content-Type: application/json", '{"__proto__":{"auth":{"client_token":"t"}}}'],
  ])("answers with %s: refused", async (_name, type, body) => {
    await using proxy = await SlowProxy.start(server.port);
    const head = `HTTP/1.1 200 OK\r\n${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
    proxy.otherwise = { kind: "answer", text: head + body };
    const failure = await failureOf(resolve("x", { url: `http://127.0.0.1:${proxy.port}` }));
    expect(failure.code).toBe("vault-answer-invalid");
  });

  test("says something to the terminal: it arrives there as text", async () => {
    await using proxy = await SlowProxy.start(server.port);
    const body = JSON.stringify({ errors: [`\u001b[2J\r\nfake line\u0007${"x".repeat(10_000)}`] });
    const head = `HTTP/1.1 400 Bad\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    proxy.otherwise = { kind: "answer", text: head + body };
    const failure = await failureOf(resolve("x", { url: `http://127.0.0.1:${proxy.port}` }));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(failure.message).not.toMatch(/[\u0000-\u001f\u007f]/);
    expect(failure.message.length).toBeLessThan(400);
  });
});

describeWith(vaultObstacle())("a Vault with TLS", () => {
  const authority = new TestAuthority();
  let secure: VaultServer;
  let secureRole: TestRole;

  beforeAll(async () => {
    secure = await startVault({ tls: { ...authority.issue("IP:127.0.0.1"), ca: authority.cert } });
    secureRole = await makeRole(secure, "node-1");
    await secure.write("secret/node-1/db", { password: "over TLS" });
  });

  afterAll(async () => {
    await secure?.[Symbol.asyncDispose]();
  });

  async function ask(given: Partial<VaultSettings>): Promise<string> {
    const { role_id } = secureRole;
    const config = { url: secure.url, role: "node-1", role_id, secret_id: await secureRole.secretId(), timeout: 10 };
    const its = machine();
    return (await openVault({ ...config, ...given }, "n", its)).client(its).resolve("@vault:kv1:db:password");
  }

  test("is trusted by the configured authority", async () => {
    expect(await ask({ ca: authority.cert })).toBe("over TLS");
  });

  test.each([
    ["without its authority", {}],
    ["with another authority", { ca: new TestAuthority().cert }],
  ])("is refused at once %s", async (_name, given) => {
    const begin = performance.now();
    const failure = await failureOf(ask(given));
    expect(failure.code).toBe("vault-tls");
    expect(performance.now() - begin).toBeLessThan(3000);
  });

  test("is refused when its certificate is for another name", async () => {
    const url = secure.url.replace("127.0.0.1", "localhost");
    const failure = await failureOf(ask({ url, ca: authority.cert }));
    expect(failure.code).toBe("vault-tls");
    expect(failure.message).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  test("is refused although the environment would skip the check", async () => {
    const before = { ...process.env };
    Object.assign(process.env, { VAULT_SKIP_VERIFY: "1", NODE_TLS_REJECT_UNAUTHORIZED: "0" });
    try {
      expect((await failureOf(ask({}))).code).toBe("vault-tls");
    } finally {
      process.env = before;
    }
  });

  test("is reached through a real proxy where the configuration says so, and still checked", async () => {
    const folder = temporaryFolder();
    const port = await freePort();
    const config = `Port ${port}\nListen 127.0.0.1\nBasicAuth operator word\nLogFile "${folder}/log"\nLogLevel Connect\n`;
    writeFileSync(join(folder, "conf"), config);
    const proxy = spawn("tinyproxy", ["-d", "-c", join(folder, "conf")], { stdio: "ignore" });
    onTestFinished(() => void proxy.kill());
    const proxyFor = (): string => `http://operator:w%6Frd@127.0.0.1:${port}`;
    expect(await ask({ ca: authority.cert, proxyFor })).toBe("over TLS");
    expect(readFileSync(join(folder, "log"), "utf8")).toContain(`CONNECT 127.0.0.1:${secure.port}`);
    expect((await failureOf(ask({ proxyFor }))).code).toBe("vault-tls");
  });

  test("is trusted by the system's authorities, once they are there", async () => {
    const its = machine();
    await its.host.writeFile("/etc/ssl/certs/ca-certificates.crt", authority.cert);
    const config = { url: secure.url, role: "node-1", role_id: secureRole.role_id, timeout: 10 };
    const vault = await openVault({ ...config, secret_id: await secureRole.secretId() }, "n", its);
    expect(await vault.client(its).resolve("@vault:kv1:db:password")).toBe("over TLS");
  });
});

describeWith(vaultObstacle())("a Vault in development mode", () => {
  test("works with the mounts that it has", async () => {
    await using dev = await startVault({ dev: true });
    await dev.write("sys/auth/approle", { type: "approle" });
    await dev.write("sys/policies/acl/n", { policy: 'path "secret/data/team/n/*" { capabilities = ["read"] }' });
    await dev.write("auth/approle/role/n", { token_policies: "n" });
    await dev.write("secret/data/team/n/db", { data: { password: "in memory" } });
    const { body } = await dev.request("GET", "auth/approle/role/n/role-id");
    const secret = await dev.write("auth/approle/role/n/secret-id");
    const its = machine();
    const config = { url: `${dev.url}/`, role: "team/n", role_id: body.data.role_id, kv2_mount: "secret" };
    const vault = await openVault({ ...config, secret_id: secret.body.data.secret_id }, "n", its);
    expect(await vault.client(its).resolve("@vault:kv2:db:password")).toBe("in memory");
    await vault.revoke(its);
  });
});

/** A wrapping token that was never used and has expired. */
async function expired(): Promise<string> {
  const token = await role.wrappedSecretId(1);
  await new Promise((done) => setTimeout(done, 2500));
  return token;
}

function foreignKey(): string {
  return readFileSync(new URL(import.meta.url), "utf8").slice(0, 100);
}
