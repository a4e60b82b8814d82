import { describe, expect, test } from "vitest";
import type { FetchResponse, Host } from "../../../src/host/host.ts";
import { recordingHost } from "../../../src/host/recording-host.ts";
import { memoryLog, storeOn } from "../../../test/support/contributions.ts";
import { selfSigned } from "../../../test/support/self-signed.ts";
import { CertificateStore } from "../kanod/vault/certificate-store.ts";
import { Deadline } from "../kanod/vault/retry.ts";
import { VaultSession } from "../kanod/vault/session.ts";
import type { RequestContext } from "../kanod/vault/transport.ts";

const settings = { url: "https://vault.example", role: "node-1", role_id: "r", secret_id: "s" };
const json = (status: number, body: object): FetchResponse => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
const secret = json(200, { data: { data: { key: "value" } } });

/** A session whose reads are answered by `read`. */
async function session(read: () => FetchResponse | Promise<FetchResponse>): Promise<{
  vault: VaultSession;
  context: RequestContext;
  log: ReturnType<typeof memoryLog>;
}> {
  const fetch: Host["fetch"] = async (url) =>
    url.endsWith("/login") ? json(200, { auth: { client_token: "hvs.the-token" } }) : read();
  const log = memoryLog();
  const context = { host: Object.assign(recordingHost(), { fetch }), log: log.log, deadline: new Deadline(10) };
  return { vault: await VaultSession.login(settings, "secret-id", context), context, log };
}

test("the token is hidden in all that is logged from the login on", async () => {
  const { log } = await session(() => secret);
  log.log.info("the header is X-Vault-Token: hvs.the-token");
  expect(JSON.stringify(log.events)).toContain("X-Vault-Token");
  expect(JSON.stringify(log.events)).not.toContain("hvs.the-token");
});

test("a machine has at most eight requests in Vault's hands", async () => {
  let now = 0;
  let most = 0;
  const { vault, context } = await session(async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now--;
    return secret;
  });
  await Promise.all(Array.from({ length: 30 }, (_, index) => vault.read("kv2", `secret${index}`, context)));
  expect(most).toBe(8);
});

test("what was read is not read again, what failed is", async () => {
  const answers = [json(403, { errors: ["permission denied"] }), secret];
  const { vault, context } = await session(() => answers.shift() ?? json(500, {}));
  await expect(vault.read("kv2", "a", context)).rejects.toMatchObject({ code: "vault-denied" });
  expect(await vault.read("kv2", "a", context)).toEqual({ key: "value" });
  expect(await vault.read("kv2", "a", context)).toEqual({ key: "value" });
  expect(answers).toEqual([]);
});

describe("a kept certificate", () => {
  /** It was valid from a day ago, and is for another day. */
  const { cert, key } = selfSigned();
  const request = { name: "server" };
  const hours = 3_600_000;

  test.each([
    ["with an eighth of its lifetime left is used", 18, true],
    ["with less than a tenth left is issued anew", 20, false],
    ["that is not valid yet is issued anew", -25, false],
  ])("%s", async (_, later, isUsed) => {
    const host = recordingHost({ now: () => new Date(Date.now() + later * hours) });
    const store = new CertificateStore({ host, store: storeOn(host) }, settings, "i-1");
    await store.keep(request, { certificate: cert, privateKey: key, caChain: [] });
    expect((await store.find(request)) !== undefined).toBe(isUsed);
  });
});
