import { afterEach, expect, test, vi } from "vitest";
import type { FetchOptions } from "../../../src/host/host.ts";
import { recordingHost } from "../../../src/host/recording-host.ts";
import { memoryLog } from "../../../test/support/contributions.ts";
import { vaultClient } from "../kanod/vault/client.ts";
import { Deadline } from "../kanod/vault/retry.ts";

afterEach(() => void vi.unstubAllEnvs());

/** The headers of a read, by their names in lower case. */
async function headersOf(endpoint: { namespace?: string }): Promise<Record<string, string>> {
  const sent: FetchOptions[] = [];
  const host = Object.assign(recordingHost(), {
    fetch: async (_url: string, options: FetchOptions = {}) => {
      sent.push(options);
      return { status: 200, headers: { "content-type": "application/json" }, body: "{}" };
    },
  });
  const context = { host, log: memoryLog().log, deadline: new Deadline(10) };
  const client = await vaultClient({ name: "Vault", url: "https://v", ...endpoint }, "the-token", context);
  await client.read("kv/data/a");
  return Object.fromEntries(Object.entries(sent[0]?.headers ?? {}).map(([name, text]) => [name.toLowerCase(), text]));
}

test("a namespace and the token are told with each request", async () => {
  expect(await headersOf({ namespace: "infrastructure/nodes" })).toMatchObject({
    "x-vault-namespace": "infrastructure/nodes",
    "x-vault-token": "the-token",
  });
});

test("without a namespace none is told, whatever the environment says", async () => {
  vi.stubEnv("VAULT_NAMESPACE", "somebody-elses");
  vi.stubEnv("VAULT_TOKEN", "another-token");
  const headers = await headersOf({});
  expect(headers["x-vault-namespace"] ?? "").toBe("");
  expect(headers["x-vault-token"]).toBe("the-token");
});
