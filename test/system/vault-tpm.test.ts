import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { removeTpmFiles, tpmFolder } from "../../contributions/vault/kanod/vault/gatekeeper.ts";
import { openVault } from "../../contributions/vault/kanod/vault/open.ts";
import { createHost } from "../../src/host/create-host.ts";
import type { Host } from "../../src/host/host.ts";
import { VaultError } from "../../src/kit/references/errors.ts";
import type { LogEvent } from "../../src/log/logger.ts";
import { TestAuthority } from "../support/authority.ts";
import { temporaryFolder } from "../support/cli.ts";
import { memoryLog, storeOn } from "../support/contributions.ts";
import { Gatekeeper } from "../support/gatekeeper.ts";
import { describeWith } from "../support/requirements.ts";
import { type EnrolledKey, enroll, type SoftwareTpm, startTpm, tpmObstacle } from "../support/tpm.ts";
import { makeRole, startVault, type TestRole, type VaultServer, vaultObstacle } from "../support/vault-server.ts";

const obstacle = vaultObstacle() ?? tpmObstacle() ?? (process.getuid?.() === 0 ? undefined : "needs root");

describeWith(obstacle)("the TPM and its gatekeeper", () => {
  const authority = new TestAuthority();
  let vault: VaultServer;
  let role: TestRole;
  let tpm: SoftwareTpm;
  let key: EnrolledKey;
  let gatekeeper: Gatekeeper;

  beforeAll(async () => {
    vault = await startVault();
    role = await makeRole(vault, "node-1");
    await vault.write("secret/node-1/db", { password: "for this machine alone" });
    tpm = await startTpm();
    key = await enroll(tpm);
    gatekeeper = await Gatekeeper.start({ tls: authority.issue("IP:127.0.0.1"), secretId: () => role.secretId() });
    gatekeeper.enroll("machine one", key);
  }, 600_000);

  afterAll(async () => {
    await gatekeeper?.[Symbol.asyncDispose]();
    await tpm?.[Symbol.asyncDispose]();
    await vault?.[Symbol.asyncDispose]();
  });

  afterEach(() => {
    gatekeeper.tamper = (challenge) => challenge;
    gatekeeper.requests.length = 0;
    expect(existsSync(tpmFolder)).toBe(false);
  });

  function machine(its: SoftwareTpm): {
    host: Host;
    events: LogEvent[];
    ask(name?: string, url?: string): Promise<string>;
  } {
    const { log, events } = memoryLog();
    const host = createHost({ log, environment: { ...process.env, ...its.environment } });
    const use = { host, log, init: { instanceId: "i-1" }, store: storeOn(host) };
    const ask = async (name = "machine one", url = `${gatekeeper.url}/`): Promise<string> => {
      const settings = { url: vault.url, role: "node-1", role_id: role.role_id, timeout: 20 };
      const opened = await openVault({ ...settings, tpm_auth: url, tpm_auth_ca: authority.cert }, name, use);
      return opened.client(use).resolve("@vault:kv1:db:password");
    };
    return { host, events, ask };
  }

  async function failureOf(action: Promise<unknown>): Promise<VaultError> {
    const error = await action.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(VaultError);
    return error as VaultError;
  }

  test("the machine proves who it is and gets its secret", async () => {
    const { ask, events } = machine(tpm);
    expect(await ask()).toBe("for this machine alone");
    expect(gatekeeper.requests.map((request) => request.replace(/\?.*/, ""))).toEqual(["/challenge", "/secret_id"]);
    const signature = new URLSearchParams(gatekeeper.requests[1]?.split("?")[1]).get("signature") ?? "";
    expect(Buffer.from(signature, "base64")).toHaveLength(256);
    expect(JSON.stringify(events)).not.toContain(signature.slice(0, 40));
  });

  test("another TPM cannot load the key", async () => {
    await using other = await startTpm();
    const failure = await failureOf(machine(other).ask());
    expect(failure.code).toBe("vault-tpm");
    expect(failure.message).toContain("tpm2_load");
  });

  test("the signature of another nonce is refused", async () => {
    gatekeeper.tamper = (challenge) => ({ ...challenge, nonce: `${challenge["nonce"]}0` });
    expect((await failureOf(machine(tpm).ask())).code).toBe("vault-gatekeeper");
  });

  test("a signature that was used is refused", async () => {
    const { ask, host } = machine(tpm);
    await ask();
    const used = gatekeeper.requests.at(-1);
    const again = await host.fetch(`${gatekeeper.url}${used}`, { ca: authority.cert });
    expect(again.status).toBe(403);
    await host.fetch(`${gatekeeper.url}/challenge?name=machine%20one`, { ca: authority.cert });
    const later = await host.fetch(`${gatekeeper.url}${used}`, { ca: authority.cert });
    expect(later.status).toBe(403);
  });

  test("a machine that is not enrolled is refused", async () => {
    expect((await failureOf(machine(tpm).ask("another name"))).code).toBe("vault-gatekeeper");
  });

  test("a name that means something in a URL is only a name", async () => {
    gatekeeper.enroll("a&signature=x#/../b", key);
    expect(await machine(tpm).ask("a&signature=x#/../b")).toBe("for this machine alone");
  });

  test.each([
    ["no nonce", { nonce: "" }],
    ["no base64", { "key.priv": "%%%" }],
    ["half a key", { "key.pub": "AAAA" }],
  ])("a challenge with %s ends in an error that says whose it is", async (_name, wrong) => {
    gatekeeper.tamper = (challenge) => ({ ...challenge, ...wrong });
    expect((await failureOf(machine(tpm).ask())).code).toMatch(/^vault-(gatekeeper|tpm)$/);
  });

  test("a gatekeeper that the configuration does not trust is not asked", async () => {
    const url = gatekeeper.url.replace("127.0.0.1", "localhost");
    expect((await failureOf(machine(tpm).ask("machine one", url))).code).toBe("vault-tls");
    expect(gatekeeper.requests).toEqual([]);
  });

  test("the files of the exchange are in memory, for root alone, and never there for long", async () => {
    const { ask, host } = machine(tpm);
    const seen: { mode: number; files: Record<string, number> }[] = [];
    const run = host.run.bind(host);
    host.run = async (argv, options) => {
      const modes = readdirSync(tpmFolder).map((name) => [name, statSync(`${tpmFolder}/${name}`).mode & 0o777]);
      seen.push({ mode: statSync(tpmFolder).mode & 0o777, files: Object.fromEntries(modes) });
      return run(argv, options);
    };
    await ask();
    expect(seen.length).toBeGreaterThan(5);
    // file-hierarchy(7): /run is in memory.
    expect(tpmFolder).toMatch(/^\/run\//);
    for (const { mode, files } of seen) {
      expect(mode).toBe(0o700);
      for (const [name, fileMode] of Object.entries(files)) {
        if (["key.pub", "key.priv", "digest"].includes(name)) expect(fileMode).toBe(0o600);
      }
    }
  });

  test("what a killed run left is removed by the next", async () => {
    mkdirSync(tpmFolder, { recursive: true, mode: 0o755 });
    writeFileSync(`${tpmFolder}/key.priv`, "left");
    await machine(tpm).ask();
    expect(existsSync(tpmFolder)).toBe(false);
    mkdirSync(tpmFolder, { recursive: true });
    await removeTpmFiles(machine(tpm).host);
  });

  test("a target tree has no TPM", async () => {
    const { log } = memoryLog();
    const host = createHost({ root: temporaryFolder(), log });
    const use = { host, log, init: { instanceId: "i-1" }, store: storeOn(host) };
    const settings = { url: vault.url, role: "node-1", role_id: role.role_id, timeout: 20 };
    const opening = openVault(
      { ...settings, tpm_auth: gatekeeper.url, tpm_auth_ca: authority.cert },
      "machine one",
      use,
    );
    expect((await failureOf(opening)).code).toBe("vault-tpm");
  });
});
