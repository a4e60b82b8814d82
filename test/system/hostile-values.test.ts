/**
 * Hostile values in each string of the examples of each section that we ship: such a value is refused at its place, or
 * whoever it is written for reads the very same value back.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { expect, onTestFinished, test } from "vitest";
import { openVault } from "../../contributions/vault/kanod/vault/open.ts";
import type { VaultSettings } from "../../contributions/vault/kanod/vault/settings.ts";
import { findings } from "../../src/agent/configuration.ts";
import type { BootConfiguration, Configuration } from "../../src/agent/contribution.ts";
import { registered } from "../../src/agent/registry.ts";
import { collectContributions } from "../../src/compile/collect.ts";
import { elementOfFolder } from "../../src/compile/elements.ts";
import { loadSchemas } from "../../src/compile/schemas.ts";
import { compileValidator } from "../../src/config/compile-validator.ts";
import type { Finding } from "../../src/config/problem.ts";
import { validateDocument } from "../../src/config/validate.ts";
import { parseYaml } from "../../src/config/yaml.ts";
import { createHost } from "../../src/host/create-host.ts";
import { storeOn } from "../support/contributions.ts";
import { keptLog, temporaryFolder } from "../support/host.ts";
import { readmeExamples } from "../support/readme.ts";

const contributions = fileURLToPath(new URL("../../contributions", import.meta.url));
const names = readdirSync(contributions).filter((name) => existsSync(join(contributions, name, "kanod")));
for (const name of names) {
  const folder = join(contributions, name, "kanod");
  for (const file of readdirSync(folder)) if (file.endsWith(".ts")) await import(join(folder, file));
}
const elements = names.map((name) => elementOfFolder(join(contributions, name)));
const { schema } = await loadSchemas(await collectContributions(elements));
const validator = await compileValidator(schema);

const hostile = {
  "a line feed": "a\nb: c",
  "double quotes": 'a"b',
  quotes: "a'b",
  "a command after it": "a;reboot",
  "a command in it": "$(reboot)",
  backticks: "`reboot`",
  "other alphabets": "é鍵🔑",
  "a space that is none": "a\u00a0b",
  "10,000 characters": "x".repeat(10_000),
  "an option": "--help",
  "a template": "{{ name }}",
  "a path that climbs": "../../etc/shadow",
  "a terminal's escapes": "a\u001b[2Jb",
  "a comment": "a #b",
  backslashes: "a\\nb\\",
  "percent signs": "%i%s%",
};

type Path = readonly string[];
type Tree = { [key: string]: unknown };

/** The paths of all texts in a value. */
function places(value: unknown, path: Path = []): Path[] {
  if (typeof value === "string") return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]));
}

const textsIn = (value: unknown): string[] =>
  places(value).map((path) => path.reduce((at, key) => (at as Tree)[key], value) as string);

function withText(example: object, path: Path, text: string): Configuration {
  const copy = structuredClone(example) as Tree;
  const parent = path.slice(0, -1).reduce((at, key) => at[key] as Tree, copy);
  parent[path.at(-1) ?? ""] = text;
  return copy as unknown as Configuration;
}

interface Refusal {
  pointer: string;
  code: string;
  message: string;
}

/** What the agent finds before it changes anything. */
function refusals(conf: Configuration): Refusal[] {
  const document = parseYaml(JSON.stringify(conf), "configuration.yaml");
  const problems = [...document.problems, ...validateDocument(document, { schema, validator })];
  const bySchema = problems.filter(({ severity }) => severity === "error");
  if (bySchema.length > 0) return bySchema;
  const boot = (conf as { boot?: BootConfiguration }).boot ?? {};
  const errors = (found: readonly Finding[], prefix: string): Refusal[] =>
    found
      .filter(({ severity }) => severity === "error")
      .map((finding) => ({ ...finding, pointer: prefix + finding.pointer }));
  return [
    ...errors(findings({ conf: boot as never, system: {} }, registered("boot")), "/boot"),
    ...errors(findings({ conf, system: {} }, registered("run")), ""),
  ];
}

const active = [
  { argv: ["systemctl", "is-enabled"], prefix: true, stdout: "enabled" },
  { argv: ["systemctl", "is-active"], prefix: true, stdout: "active" },
  { argv: ["containerd", "--version"], stdout: "containerd github.com/containerd/containerd 1.7.24 1" },
];

async function runEngine(conf: Configuration, engine: string, program: string): Promise<ContributionRun> {
  await runContribution(`${engine} engine`, { conf });
  const run = await runContribution("Container engine", {
    conf,
    files: { [program]: "" },
    commands: active,
  } as ContributionTest);
  expect(run.error).toBeUndefined();
  return run;
}

const credentials = (config: string | undefined): string[] =>
  Object.values(JSON.parse(config ?? "{}").auths as Record<string, { auth: string }>).flatMap(({ auth }) =>
    Buffer.from(auth, "base64").toString().split(/:(.*)/s),
  );

/** TOML as Python reads it, for want of one of the engines' own here. */
function textsOfToml(toml: string | undefined): string[] {
  const script = "import json, sys, tomllib; print(json.dumps(tomllib.loads(sys.stdin.read())))";
  const value = JSON.parse(execFileSync("python3", ["-c", script], { input: toml ?? "", encoding: "utf8" }));
  return textsIn(value);
}

async function readByEngines(conf: Configuration): Promise<string[][]> {
  const docker = await runEngine(conf, "Docker", "/usr/sbin/dockerd");
  const containerd = await runEngine(conf, "containerd", "/usr/bin/containerd");
  const crio = await runEngine(conf, "CRI-O", "/usr/bin/crio");
  return [
    credentials(docker.files["/root/.docker/config.json"]),
    textsOfToml(containerd.files["/etc/containerd/config.toml"]),
    credentials(crio.files["/etc/containers/auth.json"]),
  ];
}

function scratchFile(content: string): string {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, content);
  return file;
}

/** /etc/fstab as libmount reads it, which is what mount(8) and systemd use. */
async function readByMount(conf: Configuration): Promise<string[][]> {
  const commands = [
    { argv: ["findfs"], prefix: true, stdout: "/dev/vdb" },
    { argv: ["readlink"], prefix: true },
    { argv: ["findmnt"], prefix: true, stdout: "/data" },
  ];
  const { files } = await runContribution("Mounts", { conf, files: {}, commands } as ContributionTest);
  const file = scratchFile(files["/etc/fstab"] ?? "");
  const argv = ["--tab-file", file, "--json", "--notruncate", "--output", "SOURCE,TARGET,FSTYPE,OPTIONS"];
  const env = { ...process.env, LC_ALL: "C.UTF-8" };
  const { filesystems } = JSON.parse(execFileSync("findmnt", argv, { encoding: "utf8", env }));
  return [textsIn(filesystems)];
}

/** What GRUB's configuration says to the shell that sources it, and that to one with the same words as GRUB's. */
async function readByGrub(conf: Configuration): Promise<string[][]> {
  const { boot } = conf as { boot?: BootConfiguration };
  const run = await runContribution("Kernel parameters", {
    stage: "boot",
    conf: boot ?? {},
    files: {
      "/proc/cmdline": "root=UUID=1\n",
      "/proc/sys/kernel/random/boot_id": "1\n",
      "/etc/default/grub": "",
      "/usr/sbin/grub-mkconfig": "for x in $sysconfdir/default/grub.d/*.cfg",
      "/usr/sbin/update-grub": "",
    },
    commands: [
      { argv: ["sh"], prefix: true, stdout: "\0\0" },
      { argv: ["systemctl", "is-system-running"], stdout: "stopping", exitCode: 1 },
    ],
  } as ContributionTest);
  const file = scratchFile(run.files["/etc/default/grub.d/95-kanod-configure.cfg"] ?? "");
  const script = '. "$0"; eval "set -- $GRUB_CMDLINE_LINUX_DEFAULT"; printf "%s\\n" "$@"';
  return [execFileSync("sh", ["-c", script, file], { encoding: "utf8", env: { PATH: "/usr/bin" } }).split("\n")];
}

/** A login's environment, as pam_env(8) and systemd read /etc/environment: the value between double quotes. */
async function readByLogin(conf: Configuration): Promise<string[][]> {
  const files = { "/etc/os-release": "ID=debian\n" };
  const run = await runContribution("Proxy and certificates", { conf, files } as ContributionTest);
  const [, value = ""] = /^no_proxy="(.*)"$/m.exec(run.files["/etc/environment"] ?? "") ?? [];
  return [value.split(",")];
}

/** Only standard input holds a password, of two commands: no argument list does. That it is the password, logins show: admin.test.ts. */
async function hiddenFromArguments(conf: Configuration): Promise<string[][]> {
  const { passwd = "" } = (conf as unknown as { admin: { passwd?: string } }).admin;
  const { error, steps } = await runContribution("Admin user", {
    conf,
    files: { "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "/etc/group": "root:x:0:\n" },
    commands: [{ argv: ["openssl", "passwd"], prefix: true, stdout: "$6$salt$hash" }],
  } as ContributionTest);
  const commands = steps.flatMap((step) => (step.kind === "run" ? [step.argv] : []));
  expect([error, commands.map(([program]) => program)]).toEqual([undefined, expect.arrayContaining(["chpasswd"])]);
  expect(commands.flat().filter((word) => word.includes(passwd))).toEqual([]);
  return [];
}

/** What arrives at a server that is asked for all that a configuration wants from Vault: paths, and texts in bodies. */
async function readByVault(conf: Configuration): Promise<string[][]> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    asked.push(...decodeURIComponent(request.url ?? "").split("/"), String(request.headers["x-vault-token"]));
    if (body !== "") asked.push(...textsIn(JSON.parse(body)));
    const data = { secret_id: "s", certificate: "c", private_key: "k", ca_chain: ["c"], data: { key: "value" } };
    response.setHeader("content-type", "application/json").end(JSON.stringify({ auth: { client_token: "t" }, data }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { tpm_auth, ...section } = (conf as unknown as { vault: VaultSettings }).vault;
  const credentials = tpm_auth === undefined ? {} : { secret_id: "s" };
  const settings = { ...section, ...credentials, url: `http://127.0.0.1:${port}` };
  const { log } = keptLog();
  const host = createHost({ root: temporaryFolder(), log });
  const use = { host, log, init: { instanceId: "i-1" }, store: storeOn(host) };
  const vault = (await openVault(settings, "node-1", use)).client(use);
  expect(await vault.resolve("@vault:kv2:path:key")).toBe("value");
  for (const { name } of settings.certificates ?? []) await vault.issue(name);
  return [asked];
}

/** Of texts that need not be refused: what whoever they are written for reads. The value has to be in each of the lists. */
const readers: [place: RegExp, read: (conf: Configuration) => Promise<string[][]>][] = [
  [/\/(servers|auths)\/\d+\/(username|password)$/, readByEngines],
  [/^\/mounts\//, readByMount],
  [/^\/boot\/kernel\/add\//, readByGrub],
  [/^\/vault\//, readByVault],
  [/^\/admin\/passwd$/, hiddenFromArguments],
  [/^\/report\/token$/, async ({ report }) => [[String(new Headers({ token: report?.token ?? "" }).get("token"))]]],
  [/^\/proxy\/no_proxy$/, readByLogin],
];

/** Of names that are only looked for: they are not there, and nothing is done with them. */
const lookedFor: [place: RegExp, contribution: string, stage: "boot" | "run"][] = [
  [/^\/timezone$/, "Locale and time zone", "run"],
  [/^\/network_checks\/\d+\/dns$/, "Network", "run"],
  [/^\/boot\/kernel\/remove\//, "Kernel parameters", "boot"],
];

async function isHarmless(conf: Configuration, pointer: string, value: string): Promise<void> {
  const reader = readers.find(([place]) => place.test(pointer));
  const search = lookedFor.find(([place]) => place.test(pointer));
  if (reader !== undefined) {
    for (const read of await reader[1](conf)) expect(read).toContain(value);
  } else if (search !== undefined) {
    const [, name, stage] = search;
    const settings = stage === "boot" ? (conf as { boot?: BootConfiguration }).boot : conf;
    const { files, steps } = await runContribution(name, { stage, conf: settings ?? {} } as ContributionTest);
    expect(JSON.stringify([files, steps.filter(({ kind }) => kind !== "lookup")])).not.toContain(JSON.stringify(value));
  } else throw new Error(`${pointer} takes ${JSON.stringify(value)}, and nobody reads it back`);
}

/** Each place once, though several READMEs show it. */
const examples = new Map(
  names.flatMap((name) =>
    readmeExamples(new URL(`../../contributions/${name}/`, import.meta.url)).flatMap((example) =>
      places(example).map((path) => [`/${path.join("/")}`, [example, path]] as const),
    ),
  ),
);

test.each([...examples])("%s", async (pointer, [example, path]) => {
  for (const value of Object.values(hostile)) {
    const conf = withText(example, path, value);
    const found = refusals(conf);
    if (found.length === 0) await isHarmless(conf, pointer, value);
    for (const refusal of found) {
      // A certificate of another name is missed where it is referred to.
      const isThere = pointer.startsWith(refusal.pointer) || refusal.code === "vault-certificate-unknown";
      expect({ pointer, value, refusal, isThere }).toMatchObject({ isThere: true });
      expect(refusal.message.length).toBeLessThan(500);
    }
  }
});
