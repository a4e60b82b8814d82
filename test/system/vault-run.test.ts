import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tpmFolder } from "../../contributions/vault/kanod/vault/gatekeeper.ts";
import { compiledAgent, startProgram, targetTree, writtenElement } from "../support/compiled-agent.ts";
import { Gatekeeper } from "../support/gatekeeper.ts";
import { privateFiles } from "../support/private-files.ts";
import { describeWith } from "../support/requirements.ts";
import { SlowProxy } from "../support/slow-proxy.ts";
import { enroll, startTpm, tpmObstacle } from "../support/tpm.ts";
import { makeRole, startVault, type TestRole, type VaultServer, vaultObstacle } from "../support/vault-server.ts";

/** Writes what it is given to files, says it in the log, gives it to a command, and fails with it: like a careless author. */
const careless = {
  "schema.yaml": `properties:
  secrets:
    type: object
    description: Values by name; each is written to a file.
    additionalProperties: { type: string }
    examples: [{ one: "@vault:kv2:a:b" }]
  typed:
    type: string
    description: A secret that stands in the configuration itself.
    x-kanod-secret: true
    examples: [hunter2]
  ending:
    type: string
    description: How the run ends.
    examples: [fails]
`,
  "kanod/careless.ts": `import { register } from "kanod-configure";

register("Careless", 80, async ({ conf, host, log, vault }) => {
  const secrets = conf.secrets ?? {};
  for (const [name, value] of Object.entries(secrets)) {
    log.info("writing " + value);
    await host.writeFile("/etc/secrets/" + name, value, { secret: true });
  }
  const all = Object.values(secrets).join("\\n");
  log.info(JSON.stringify({ all }));
  log.info(Buffer.from("prefix:" + all).toString("base64"));
  log.info("https://example.com/?q=" + encodeURIComponent(all));
  if (conf.typed !== undefined) log.info("typed " + conf.typed);
  await host.run(["cat"], { input: all, secret: true, onTree: () => ["cat"] });
  if (vault !== undefined) log.info(JSON.stringify(await vault.read("kv2", "extra")));
  if (conf.ending === "waits") await host.run(["sleep", "60"], { onTree: () => ["sleep", "60"] });
  if (conf.ending === "fails") throw new Error("it was " + all + " and " + (conf.typed ?? ""));
});
`,
};

const element = (name: string): string => fileURLToPath(new URL(`../../contributions/${name}`, import.meta.url));
const obstacle = vaultObstacle();

describeWith(obstacle)("a whole run with Vault", () => {
  /** Of all kinds: what looks like something else, binary noise, several lines, long. */
  const planted: Record<string, string> = {
    plain: "planted-correct-horse-battery",
    yaml: "planted: [not, yaml]\n- 'x",
    template: "planted {{ conf.name }} {% raw %}",
    shell: "planted $(reboot); `rm -rf /` && $HOME",
    reference: "@vault:kv2:planted-other:password",
    nested: '@vault:yaml:planted: "x"',
    path: "../../../planted/etc/shadow",
    unicode: "planted-ключ-鍵-🔑",
    quotes: `planted "double" 'single' \\back`,
    controls: "planted\u0001\u001b[31m\tred",
    percent: "planted%20%41+%%",
    base64: Buffer.from("planted binary \u0000\u00ff").toString("base64"),
    key: `-----BEGIN PRIVATE KEY-----\nplanted${randomBytes(40).toString("base64")}\n-----END PRIVATE KEY-----\n`,
    long: `planted${randomBytes(3000).toString("hex")}`,
    spaces: "  planted with spaces around  ",
    url: "https://user:planted@example.com/?a=b&c#d",
    json: '{"planted":"json"}',
    hash: "$6$planted$0cCfXEGGfA45xFTOA5a7uuSNYEGQjPiJR0BQWHJOT.FB6whpg21kYWF.gl02WC6VIyCXHKjssnEWcgITqRRFX0",
  };
  for (let index = Object.keys(planted).length; index < 27; index++) {
    planted[`random${index}`] = `planted-${randomBytes(12).toString("base64url")}`;
  }
  const typed = "planted-typed-into-the-configuration";
  const unreferenced = "planted-but-read-by-nobody-else";

  let agent: string;
  let vault: VaultServer;
  let role: TestRole;

  agent = compiledAgent(
    [element("proxy-certificates"), element("vault"), writtenElement("careless", careless)],
    ["--runtime", "system"],
  );

  beforeAll(async () => {
    vault = await startVault();
    role = await makeRole(vault, "node-1");
    await vault.write("kv/data/node-1/planted", { data: planted });
    await vault.write("kv/data/node-1/extra", { data: { unreferenced } });
  }, 600_000);

  afterAll(async () => {
    await vault?.[Symbol.asyncDispose]();
  });

  function configuration(secretId: string, given: object = {}): string {
    const secrets = Object.fromEntries(Object.keys(planted).map((name) => [name, `@vault:kv2:planted:${name}`]));
    const section = { url: vault.url, role: "node-1", role_id: role.role_id, secret_id: secretId, timeout: 20 };
    const certificates = [{ name: "node-1.example.com" }];
    const tls = { "tls-key": "@vault:pki-key:node-1.example.com", "tls-chain": "@vault:pki-chain:node-1.example.com" };
    const conf = { name: "node-1", typed, secrets: { ...secrets, ...tls }, vault: { ...section, certificates } };
    return JSON.stringify({ ...conf, ...given });
  }

  interface Run {
    root: string;
    exitCode: number | null;
    output: string;
    /** Command lines and environments of the agent and all that it started, sampled all the time. */
    processes: string;
  }

  async function run(text: string, options: readonly string[] = [], root = tree(text)): Promise<Run> {
    const { child, ended } = startProgram(join(agent, "kanod-runcmd"), ["--root", root, ...options]);
    let processes = "";
    let running = true;
    void ended.then(() => {
      running = false;
    });
    while (running) {
      processes += processTree(child.pid ?? 0);
      await sleep(10);
    }
    const { exitCode, out, err } = await ended;
    return { root, exitCode, output: out + err, processes };
  }

  function tree(text: string): string {
    const root = targetTree(text);
    mkdirSync(join(root, "usr/local/share/ca-certificates"), { recursive: true });
    return root;
  }

  /** Every form in which a secret may show up, of every planted one and of what Vault itself gave. */
  function forms(secret: string): string[] {
    const bytes = Buffer.from(secret);
    const encoded = [0, 1, 2].map((offset) => {
      const text = Buffer.concat([Buffer.alloc(offset, "x"), bytes]).toString("base64");
      return text.slice(Math.ceil((offset * 4) / 3), Math.floor(((offset + bytes.length) * 4) / 3));
    });
    const json = JSON.stringify(secret).slice(1, -1);
    const lines = secret.split("\n").filter((line) => line.trim().length >= 4 && !line.startsWith("-----"));
    const all = [secret, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(secret), ...encoded, ...lines];
    return [...new Set([...all, new URLSearchParams({ k: secret }).toString().slice(2)])];
  }

  /** Which secrets are in a text, by name. */
  function leaks(text: string, secrets: Readonly<Record<string, string>>): string[] {
    return Object.entries(secrets).flatMap(([name, secret]) =>
      forms(secret)
        .filter((form) => text.includes(form))
        .map((form) => `${name}: ${form.slice(0, 60)}`),
    );
  }

  const everything = (secretId: string): Record<string, string> => {
    return { ...planted, typed, unreferenced, secretId };
  };

  test("the scan finds every planted secret in every form", () => {
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    for (const [name, secret] of Object.entries(planted)) {
      const urls = [encodeURIComponent(secret), new URLSearchParams({ q: secret }).toString()];
      const json = [JSON.stringify({ secret }), JSON.stringify(JSON.stringify({ secret }))];
      const encoded = [base64(secret), base64(`x${secret}y`), base64(`xy${secret}z`)];
      for (const text of [`in ${secret} text`, ...urls, ...json, ...encoded]) {
        expect([name, text, leaks(text, { [name]: secret }).length > 0]).toEqual([name, text, true]);
      }
    }
    expect(leaks("nothing of it, not even @vault:kv2:planted:plain", planted)).toEqual([]);
  });

  test.each(["text", "json"])("leaves no secret where it does not belong (log as %s)", async (format) => {
    const secretId = await role.secretId();
    const result = await run(configuration(secretId), ["--log-level", "debug", "--log-format", format]);
    expect(result.output).toContain("5 of 5 contributions ran");
    expect(result.exitCode).toBe(0);

    const secrets = everything(secretId);
    expect(leaks(result.output, secrets)).toEqual([]);
    expect(result.processes).toContain("kanod-runcmd");
    expect(leaks(result.processes, secrets)).toEqual([]);
    expect(result.output + result.processes).not.toMatch(/hvs\.[A-Za-z0-9]{20}/);

    for (const command of [["status", "--format", format], ["analyze"], ["plan", "--format", format]]) {
      const program = join(agent, "kanod-configure");
      const { out, err, exitCode } = await startProgram(program, [...command, "--root", result.root]).ended;
      expect([command, exitCode]).toEqual([command, 0]);
      expect([command, leaks(out + err, secrets)]).toEqual([command, []]);
    }

    const allowed = /^(etc\/secrets\/|etc\/kanod-configure\/configuration\.yaml$)/;
    for (const file of files(result.root)) {
      const content = readFileSync(join(result.root, file), "utf8");
      if (!allowed.test(file)) expect([file, leaks(content, secrets)]).toEqual([file, []]);
      expect([file, /hvs\.[A-Za-z0-9]{20}/.test(content)]).toEqual([file, false]);
    }
    for (const [name, value] of Object.entries(planted)) {
      const path = join(result.root, "etc/secrets", name);
      expect(readFileSync(path, "utf8")).toBe(value);
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    const key = readFileSync(join(result.root, "etc/secrets/tls-key"), "utf8");
    expect(leaks(result.output, { key })).toEqual([]);
    const holders = files(result.root).filter((file) =>
      readFileSync(join(result.root, file), "utf8").includes(key.split("\n")[1] ?? ""),
    );
    expect(holders).toEqual(["etc/secrets/tls-key", "var/lib/kanod-configure/store/vault.jsonl"]);
    expect(statSync(join(result.root, holders[1] ?? "")).mode & 0o777).toBe(0o600);
  });

  test("leaves no secret when a contribution fails with all of them", async () => {
    const secretId = await role.secretId();
    const result = await run(configuration(secretId, { ending: "fails" }), ["--log-level", "debug"]);
    expect(result.exitCode).toBe(1);
    const state = readFileSync(join(result.root, "var/lib/kanod-configure/state.json"), "utf8");
    expect(state).toContain("it was ***");
    for (const text of [result.output, state]) expect(leaks(text, everything(secretId))).toEqual([]);
  });

  test("a plan shows no secret, asks Vault for nothing and changes nothing", async () => {
    const secretId = await role.secretId();
    await vault.takeRequests();
    const text = configuration(secretId);
    const root = tree(text);
    const before = files(root);
    const result = await run(text, ["--dry-run", "--log-level", "debug"], root);
    expect(result.exitCode).toBe(0);
    expect(result.output).toContain("/etc/secrets/plain");
    expect(leaks(result.output + result.processes, everything(secretId))).toEqual([]);
    expect(await vault.takeRequests()).toEqual([]);
    expect(files(root)).toEqual(before);
  });

  test("asks Vault for each secret once, and revokes its token in the end", async () => {
    const text = configuration(await role.secretId());
    await vault.takeRequests();
    const first = await run(text);
    const asked = (await vault.takeRequests()).map(({ path }) => path);
    expect(asked.sort()).toEqual([
      "auth/approle/login",
      "auth/token/revoke-self",
      "kv/data/node-1/extra",
      "kv/data/node-1/planted",
      "pki/issue/node-1",
    ]);
    await run(text, [], first.root);
    expect((await vault.takeRequests()).map(({ path }) => path)).not.toContain("pki/issue/node-1");
  });

  test.each(["fails", "waits"])("revokes the token when the run %s", async (ending) => {
    const root = tree(configuration(await role.secretId(), { ending }));
    await vault.takeRequests();
    const { child, ended } = startProgram(join(agent, "kanod-runcmd"), ["--root", root]);
    const before = await accessors();
    if (ending === "waits") {
      await until(() => processTree(child.pid ?? 0).includes("sleep"));
      expect((await accessors()).length).toBe(before.length + 1);
      child.kill("SIGTERM");
    }
    const { exitCode } = await ended;
    expect(exitCode).not.toBe(0);
    expect((await vault.takeRequests()).map(({ path }) => path)).toContain("auth/token/revoke-self");
    expect(await accessors()).toEqual(before);
  });

  test("fails at the place of what cannot be resolved, before any later contribution", async () => {
    const secrets = { good: "@vault:kv2:planted:plain", bad: "@vault:kv2:nowhere:key" };
    const text = `${configuration(await role.secretId(), { secrets }).replace('"secrets"', '\n"secrets"')}\n`;
    const result = await run(text);
    expect(result.exitCode).toBe(1);
    expect(result.output).toMatch(/configuration\.yaml:2:\d+: .*vault-path-missing/);
    expect(existsSync(join(result.root, "etc/secrets"))).toBe(false);
    for (const file of files(result.root)) {
      if (file.endsWith("configuration.yaml")) continue;
      expect(readFileSync(join(result.root, file), "utf8")).not.toContain("@vault:");
    }
  });

  test.each([
    ["malformed", { secrets: { bad: "@vault:kv2:x" } }, [], "vault-reference-malformed"],
    ["without Vault", { secrets: { bad: "@vault:ca" }, vault: undefined }, [], "vault-section-missing"],
    ["of no certificate", { secrets: { bad: "@vault:pki-key:other" } }, [], "vault-certificate-unknown"],
    ["too early", { proxy: { http: "@vault:kv2:a:b" } }, [], "pattern"],
    ["left out", { secrets: { bad: "@vault:ca" } }, ["71"], "vault-left-out"],
  ])("changes nothing when a reference is %s", async (_name, given, options, code) => {
    const text = configuration("the-secret-id", given);
    const result = await run(text, options);
    expect(result.exitCode).toBe(3);
    expect(result.output).toContain(`[${code}]`);
    expect(existsSync(join(result.root, "etc/secrets"))).toBe(false);
  });

  test("a proxy of the configuration does not carry Vault's traffic", async () => {
    await using proxy = await SlowProxy.start(vault.port);
    const address = `http://user:planted-proxy-password@127.0.0.1:${proxy.port}`;
    const text = configuration(await role.secretId(), { proxy: { http: address, https: address } });
    const result = await run(text, ["--log-level", "debug"]);
    expect(result.exitCode).toBe(0);
    expect(proxy.connections).toBe(0);
    expect(leaks(result.output, { password: "planted-proxy-password" })).toEqual([]);
    for (const file of files(result.root)) {
      const path = join(result.root, file);
      if (!readFileSync(path, "utf8").includes("planted-proxy-password")) continue;
      if (!file.endsWith("configuration.yaml")) expect([file, statSync(path).mode & 0o007]).toEqual([file, 0]);
    }
  });

  test("removes the configuration after success, if that is asked for, and never after a failure", async () => {
    const cleanup = { configuration: true };
    const failed = await run(configuration(await role.secretId(), { cleanup, ending: "fails" }));
    expect(existsSync(join(failed.root, "etc/kanod-configure/configuration.yaml"))).toBe(true);
    const done = await run(configuration(await role.secretId(), { cleanup }));
    expect(done.exitCode).toBe(0);
    expect(existsSync(join(done.root, "etc/kanod-configure/configuration.yaml"))).toBe(false);
  });

  test("a resumed run gets its secrets again", async () => {
    const text = configuration(await role.secretId(), { ending: "waits" });
    const root = tree(text);
    const { child, ended } = startProgram(join(agent, "kanod-runcmd"), ["--root", root]);
    await until(() => processTree(child.pid ?? 0).includes("sleep"));
    child.kill("SIGTERM");
    await ended;
    writeFileSync(join(root, "etc/kanod-configure/configuration.yaml"), text.replace('"waits"', '"ends"'));
    const result = await run(text, ["--resume"], root);
    expect(result.exitCode).toBe(0);
    expect(readFileSync(join(root, "etc/secrets/plain"), "utf8")).toBe(planted["plain"]);
  });

  async function accessors(): Promise<string[]> {
    const { body } = await vault.request("LIST", "auth/token/accessors");
    return body.data.keys.sort();
  }
});

const tpmNeeds = tpmObstacle() ?? (process.getuid?.() === 0 ? undefined : "needs root");

describeWith(tpmNeeds)("a killed run with a TPM", () => {
  const agent = compiledAgent([element("proxy-certificates"), element("vault")], ["--runtime", "system"]);

  test.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)("leaves no file of the exchange after %s", async (signal) => {
    await using tpm = await startTpm();
    await using gatekeeper = await Gatekeeper.start({ secretId: async () => "x" });
    await using files = await privateFiles();
    gatekeeper.enroll("node-1", await enroll(tpm));
    const section = { url: "http://127.0.0.1:1", role: "n", role_id: "r", tpm_auth: gatekeeper.url, timeout: 1 };
    const folder = targetTree(JSON.stringify({ name: "node-1", vault: section }));
    const environment = Object.entries(tpm.environment).map(([name, value]) => `${name}=${value}`);
    const program = [
      join(agent, "kanod-runcmd"),
      "70",
      "--config",
      join(folder, "etc/kanod-configure/configuration.yaml"),
    ];
    const [file = "", ...args] = files.command(["env", ...environment, ...program]);
    const exchange = files.path(tpmFolder);
    const killed = async (): Promise<void> => {
      using _paused = tpm.pause();
      const { child, ended } = startProgram(file, args);
      await until(() => processTree(child.pid ?? 0).includes("tpm2_createprimary"));
      expect(readdirSync(exchange)).toContain("key.priv");
      child.kill(signal);
      expect((await ended).exitCode).not.toBe(0);
    };
    await killed();
    if (signal === "SIGKILL") {
      // Nothing can tidy up after that but the next run, or the end of the memory that they are in.
      expect(execFileSync("stat", ["-f", "-c", "%T", exchange], { encoding: "utf8" })).toBe("tmpfs\n");
      await startProgram(file, args).ended;
    }
    expect(existsSync(exchange)).toBe(false);
  });
});

/** All regular files below a folder, sorted. */
function files(root: string, folder = ""): string[] {
  return readdirSync(join(root, folder))
    .flatMap((name) => {
      const path = join(folder, name);
      const status = lstatSync(join(root, path));
      return status.isDirectory() ? files(root, path) : status.isFile() ? [path] : [];
    })
    .sort();
}

/** Command lines and environments of a process and all below it. */
function processTree(pid: number): string {
  try {
    const list = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" });
    const parents = new Map(
      list
        .trim()
        .split("\n")
        .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]),
    );
    const isBelow = (id: number | undefined): boolean =>
      id === pid || (id !== undefined && id > 1 && isBelow(parents.get(id)));
    return [...parents.keys()].filter(isBelow).map(describeProcess).join("");
  } catch {
    return "";
  }
}

function describeProcess(pid: number): string {
  try {
    return ["cmdline", "environ"]
      .map((file) => readFileSync(`/proc/${pid}/${file}`, "utf8").replaceAll("\0", "\n"))
      .join("\n");
  } catch {
    return "";
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (condition()) return;
    await sleep(50);
  }
  throw new Error("it did not happen");
}
