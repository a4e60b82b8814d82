import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openVault } from "../../contributions/vault/kanod/vault/open.ts";
import { createHost } from "../../src/host/create-host.ts";
import { createLog } from "../../src/log/log.ts";
import { Redactor } from "../../src/log/redactor.ts";
import { storeOn } from "../support/contributions.ts";
import { makeRole, startVault, type TestRole, type VaultServer, vaultObstacle } from "../support/vault-server.ts";
import type { Figure } from "./measure.ts";

const machines = 1000;
/** Of each machine: this many references to the keys of this many secrets. */
const references = 30;
const secrets = 3;
/** Secret-ids that are made at the same time, before anything is measured. */
const parallel = 50;

/** A rack boots: a thousand sessions with one Vault, begun at the same moment. Nothing is measured where there is no Vault. */
export async function benchVault(): Promise<Figure[]> {
  if (vaultObstacle() !== undefined) return [];
  const folder = mkdtempSync(join(tmpdir(), "kanod-bench-"));
  const vault = await startVault();
  try {
    const role = await makeRole(vault, "node-1");
    for (let secret = 0; secret < secrets; secret++) {
      const keys = Array.from({ length: references / secrets }, (_, key) => [`key${key}`, `value ${secret} ${key}`]);
      await vault.write(`kv/data/node-1/secret${secret}`, { data: Object.fromEntries(keys) });
    }
    const ids = await secretIds(role);
    await vault.takeRequests();
    const begin = performance.now();
    const results = await Promise.allSettled(ids.map((id) => session(vault, role, id, folder)));
    const total = (performance.now() - begin) / 1000;
    return figures(results, total, (await vault.takeRequests()).length);
  } finally {
    await vault[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function secretIds(role: TestRole): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < machines)
    ids.push(...(await Promise.all(Array.from({ length: parallel }, () => role.secretId()))));
  return ids;
}

/** What the contribution does with Vault in one run. Returns its time in seconds. */
async function session(vault: VaultServer, role: TestRole, secretId: string, root: string): Promise<number> {
  const begin = performance.now();
  const log = createLog({ sinks: [], redactor: new Redactor(), now: () => new Date() });
  const host = createHost({ root, log });
  const use = { host, log, init: { instanceId: "i-1" }, store: storeOn(host, log) };
  const settings = { url: vault.url, role: role.role, role_id: role.role_id, secret_id: secretId, timeout: 300 };
  const opened = await openVault(settings, "node-1", use);
  const wanted = Array.from({ length: references }, (_, index) => {
    return `@vault:kv2:secret${index % secrets}:key${Math.floor(index / secrets)}`;
  });
  const resolved = await opened.client(use).resolve(wanted);
  if (resolved.some((value) => !value.startsWith("value "))) throw new Error("a reference was not resolved");
  await opened.revoke(use);
  return (performance.now() - begin) / 1000;
}

function figures(results: readonly PromiseSettledResult<number>[], total: number, requests: number): Figure[] {
  const times = results
    .flatMap((result) => (result.status === "fulfilled" ? [result.value] : []))
    .sort((a, b) => a - b);
  const part = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  const failed = results.length - times.length;
  return [
    { name: `${machines} Vault sessions at once: failed`, goal: "<= 0", unit: "count", value: failed },
    { name: `${machines} Vault sessions at once: all done`, unit: "s", value: total },
    { name: `${machines} Vault sessions at once: half of them`, unit: "s", value: part(0.5) },
    { name: `${machines} Vault sessions at once: 99 % of them`, unit: "s", value: part(0.99) },
    { name: `${machines} Vault sessions at once: the last`, unit: "s", value: part(1) },
    {
      name: `requests to Vault for ${references} references to ${secrets} secrets (least: ${secrets + 2})`,
      goal: `<= ${secrets + 2}`,
      unit: "count",
      value: requests / machines,
    },
    // The ancestor: a login, one request for each reference, and no revocation.
    {
      name: "requests to Vault / the ancestor's",
      goal: "<= 1",
      unit: "ratio",
      value: requests / machines / (references + 1),
    },
  ];
}
