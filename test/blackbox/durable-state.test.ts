import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { compiledAgent, runProgram, targetTree, writtenElement } from "../support/compiled-agent.ts";

/** What an agent of version 0.1 left on a target tree, and on a machine with a loop device. */
const former = fileURLToPath(new URL("../fixtures/state-0.1", import.meta.url));
const contributed = (name: string): string => fileURLToPath(new URL(`../../contributions/${name}`, import.meta.url));

/** The contributions of the marks in `former`, and one whose restart can be cut off. */
const elements = {
  "kanod/marks.ts": `import { register } from "kanod-configure";

register("once", 1, async ({ host }) => void (await host.writeFile("/etc/once", "")), { frequency: "once" });
register("instance", 2, async ({ host }) => void (await host.writeFile("/etc/instance", "")), {
  frequency: "per-instance",
});
`,
};
const service = {
  "kanod/service.ts": `import { type Host, register } from "kanod-configure";

const apply = async ({ host }: { host: Host }): Promise<void> => void (await host.writeFile("/etc/applied", (await host.readFile("/etc/wanted")) ?? ""));
register("service", 1, async (params) => {
  if (params.conf.name === "none" || (await params.host.readFile("/etc/wanted")) === params.conf.name) return;
  await params.store.owe("apply:it");
  await params.host.writeFile("/etc/wanted", params.conf.name);
  await apply(params);
  await params.store.settle("apply:it");
}, { owed: { apply } });
`,
};

const preload = new URL("../support/kill-at.mjs", import.meta.url).href;
let agent = "";
let owing = "";

beforeAll(() => {
  const names = ["proxy-certificates", "docker-engine", "registries", "kernel-parameters", "disks"].map(contributed);
  agent = compiledAgent([...names, writtenElement("marks", elements)], ["--runtime", "system"]);
  owing = compiledAgent([writtenElement("service", service)], ["--runtime", "system"]);
});

const text = (root: string, path: string): string => readFileSync(join(root, path), "utf8");

test("the state of version 0.1 is taken over, and its files go", () => {
  const root = targetTree("name: node-1\n");
  const state = join(root, "var/lib/kanod-configure");
  cpSync(former, state, { recursive: true });
  for (const folder of ["usr/bin", "etc/docker", "var/lib/cloud/data", "usr/lib/systemd/system"])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "usr/bin/dockerd"), "");
  writeFileSync(join(root, "usr/lib/systemd/system/docker.service"), "[Install]\nWantedBy=multi-user.target\n");
  writeFileSync(join(root, "var/lib/cloud/data/instance-id"), "i-1\n");
  const mirrors = ["https://of-the-image.example.com", "https://mirror.example.com:5000"];
  writeFileSync(join(root, "etc/docker/daemon.json"), JSON.stringify({ "registry-mirrors": mirrors }));
  const boot = runProgram(join(agent, "kanod-bootcmd"), ["--root", root], {
    input: 'kernel:\n  add: ["console=ttyS1"]\n  reboot: false\n',
  });
  expect(boot).toMatchObject({ exitCode: 0, err: "" });
  expect(boot.out).toContain("waiting for the next boot");
  expect(runProgram(join(agent, "kanod-runcmd"), ["--root", root])).toMatchObject({ exitCode: 0, err: "" });
  expect([existsSync(join(root, "etc/once")), existsSync(join(root, "etc/instance"))]).toEqual([false, false]);
  expect(JSON.parse(text(root, "etc/docker/daemon.json"))).toEqual({ "registry-mirrors": mirrors.slice(0, 1) });
  expect(text(root, "var/lib/kanod-configure/store/disks.jsonl")).toContain("disk /dev/loop0");
  expect(readdirSync(state).toSorted()).toEqual(["state.json", "store"]);
});

test("what a killed run owes is done by the next one, also when the configuration no longer asks for it", () => {
  const run = (root: string, env: Record<string, string> = {}, args: readonly string[] = []) =>
    runProgram(process.execPath, ["--import", preload, join(owing, "kanod-runcmd"), "--root", root, ...args], { env });
  const count = join(targetTree(), "count");
  expect(run(targetTree("name: new\n"), { COUNT_TO: count }).exitCode).toBe(0);
  for (let killAt = 1; killAt <= Number(readFileSync(count, "utf8")); killAt++) {
    const root = targetTree("name: new\n");
    expect(run(root, { KILL_AT: String(killAt) }).exitCode).toBeNull();
    const wasWritten = existsSync(join(root, "etc/wanted"));
    writeFileSync(join(root, "etc/kanod-configure/configuration.yaml"), "name: none\n");
    const before = existsSync(join(root, "etc/applied"));
    if (killAt % 8 === 0) expect(run(root, {}, ["--dry-run"]).exitCode).toBe(0);
    expect(existsSync(join(root, "etc/applied"))).toBe(before);
    expect(run(root), `after the kill at ${killAt}`).toMatchObject({ exitCode: 0, err: "" });
    if (wasWritten) expect(text(root, "etc/applied"), `after the kill at ${killAt}`).toBe("new");
  }
}, 300_000);

test("a plan shows what is owed", () => {
  const root = targetTree("name: none\n");
  mkdirSync(join(root, "var/lib/kanod-configure/store"), { recursive: true });
  const store = '{"version":1,"lines":1}\n{"owed":"apply:it","data":null}\n';
  writeFileSync(join(root, "var/lib/kanod-configure/store/service.jsonl"), store);
  writeFileSync(join(root, "etc/wanted"), "new");
  const { out } = runProgram(join(owing, "kanod-runcmd"), ["--root", root, "--dry-run"]);
  expect(out).toContain("service (element service, owed by an earlier run)\n  create file /etc/applied");
  expect(text(root, "var/lib/kanod-configure/store/service.jsonl")).toBe(store);
});
