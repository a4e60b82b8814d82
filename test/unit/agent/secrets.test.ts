import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CheckParams } from "../../../src/agent/contribution.ts";
import { FindingsError } from "../../../src/agent/findings-error.ts";
import { register } from "../../../src/agent/registry.ts";
import { main } from "../../../src/cli/main.ts";
import { recordingHost } from "../../../src/host/recording-host.ts";
import type { VaultClient } from "../../../src/kit/references/vault-client.ts";
import { temporaryFolder, testIo } from "../../support/cli.ts";
import { contribution, runner } from "../../support/contributions.ts";
import { testImage } from "../../support/image.ts";

const noVault: VaultClient = {
  read: async () => ({}),
  issue: async () => ({ certificate: "", privateKey: "", caChain: [] }),
  resolve: async (value) => value,
};

test("each contribution gets a Vault client that uses its own host", async () => {
  const clients: VaultClient[] = [];
  const gives = contribution("gives", ({ provide }) => {
    provide({
      vault: ({ host }) => ({
        ...noVault,
        read: async (_, path) => {
          await host.writeFile("/read", path);
          return {};
        },
      }),
    });
  });
  const uses = contribution("uses", async ({ vault }) => {
    if (vault === undefined) throw new Error("no client");
    clients.push(vault);
    await vault.read("kv2", "one");
  });
  const host = recordingHost({});
  const { failures } = await runner([gives, uses, { ...uses, name: "uses again" }], { host: () => host }).run();
  expect(failures).toEqual([]);
  expect(clients).toHaveLength(2);
  expect(clients[0]).not.toBe(clients[1]);
  await expect(clients[0]?.read("kv2", "late")).rejects.toMatchObject({ code: "contribution-over" });
});

const checked: CheckParams[] = [];
const image = testImage({
  properties: { secret: { type: "string", "x-kanod-secret": true }, list: { type: "array" } },
  modules: [
    {
      element: "secrets",
      file: "kanod/secrets.ts",
      load: async () => {
        register(
          "tell",
          10,
          async ({ conf, host }) => {
            const { secret, list } = conf as unknown as { secret: string; list?: string[] };
            await host.writeFile("/etc/told", secret);
            if (list === undefined) throw new Error(`it is ${secret}`);
            throw new FindingsError("bad-entry", "an entry is bad", {
              findings: [{ severity: "error", code: "bad-entry", pointer: "/list/1", message: "this entry is bad" }],
            });
          },
          {
            check: (params) => {
              checked.push(params);
              return [];
            },
          },
        );
      },
    },
  ],
});

async function runcmd(
  configuration: string,
  ...options: string[]
): Promise<{ root: string; out: string; err: string }> {
  const root = temporaryFolder();
  const { io, out, err } = testIo(["kanod-runcmd", ...options, "--root", root, "--config", "-"], {
    stdin: configuration,
  });
  await main(io, image);
  return { root, out: out(), err: err() };
}

test("a secret in an error reaches neither the journal, nor the log, nor a plan", async () => {
  const { root, err } = await runcmd("name: n\nsecret: hunter2-hunter2\n");
  const journal = readFileSync(join(root, "var/lib/kanod-configure/state.json"), "utf8");
  expect(journal).toContain("it is ***");
  for (const text of [journal, err]) expect(text).not.toContain("hunter2");
  const plan = await runcmd("name: n\nsecret: hunter2-hunter2\n", "--dry-run");
  expect(plan.out).toContain("/etc/told");
  expect(plan.out + plan.err).not.toContain("hunter2");
});

test("a failure that is about a place in the configuration shows that place", async () => {
  const { err } = await runcmd("name: n\nsecret: hunter2-hunter2\nlist:\n  - good\n  - bad\n");
  expect(err).toContain("<stdin>:5:5");
  expect(err).toContain("[bad-entry]");
});

test("checks are told which contributions are left out", async () => {
  await runcmd("name: n\nsecret: hunter2-hunter2\n", "71");
  expect(checked.at(-1)?.minPriority).toBe(71);
  await runcmd("name: n\nsecret: hunter2-hunter2\n");
  expect(checked.at(-1)?.minPriority).toBeUndefined();
});
