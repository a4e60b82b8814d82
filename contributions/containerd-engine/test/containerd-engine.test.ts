import { parseToml } from "kanod-configure";
import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { readmeExamples } from "../../../test/support/readme.ts";
import "../../registries/kanod/container-engine.ts";
import "../kanod/containerd-engine.ts";

const config = "/etc/containerd/config.toml";
const files = { "/usr/bin/containerd": "", [config]: 'version = 2\n[plugins."io.containerd.grpc.v1.cri".cni]\n' };
const commands = [
  { argv: ["systemctl", "is-enabled"], prefix: true, stdout: "enabled" },
  { argv: ["systemctl", "is-active"], prefix: true, stdout: "active" },
  { argv: ["containerd", "--version"], stdout: "containerd github.com/containerd/containerd 1.7.24~ds1 1.7.24~ds1-6" },
];
const container_registries = {
  map: [{ name: "docker.io", mirrors: ["https://mirror.example.com:5000"] }],
  servers: [
    {
      url: "https://mirror.example.com:5000",
      username: "u",
      password: "hidden word",
      override_path: true,
      insecure: true,
    },
    { url: "http://plain.example.com:5000" },
  ],
  default_mirrors: ["https://default.example.com"],
};

const runEngine = (conf: object, more: object = {}): Promise<ContributionRun> =>
  runContribution("Container engine", {
    conf: { name: "node", ...conf },
    files,
    commands,
    ...more,
  } as ContributionTest);

const commandsOf = (run: ContributionRun): string[] =>
  run.steps.flatMap((step) => (step.kind === "run" ? [step.argv.join(" ")] : []));

beforeAll(async () => {
  await runContribution("containerd engine", { conf: { name: "node" } } as ContributionTest);
});

describe("containerd", () => {
  test("gets a hosts.toml for each registry, one for all others, and credentials", async () => {
    const run = await runEngine({ container_registries });
    expect(run.error).toBeUndefined();
    const text = (name: string): string[] | undefined =>
      run.files[`/etc/containerd/certs.d/${name}/hosts.toml`]?.split("\n").slice(2, -1);
    expect(text("docker.io")).toEqual([
      'server = "https://registry-1.docker.io"',
      "",
      '[host."https://mirror.example.com:5000"]',
      'capabilities = ["pull", "resolve"]',
      "skip_verify = true",
      "override_path = true",
      "",
      '[host."https://default.example.com"]',
      'capabilities = ["pull", "resolve"]',
    ]);
    expect(text("plain.example.com:5000")?.[0]).toBe('server = "http://plain.example.com:5000"');
    // What has to be known of a server stands in a table of its own, also where images are asked for by its name.
    expect(text("mirror.example.com:5000")?.slice(-5)).toEqual([
      "",
      '[host."https://mirror.example.com:5000"]',
      'capabilities = ["pull", "resolve"]',
      "skip_verify = true",
      "override_path = true",
    ]);
    expect(text("_default")?.[0]).toBe('[host."https://default.example.com"]');
    expect(run.files[config]).toContain('config_path = "/etc/containerd/certs.d"\n');
    expect(run.files[config]).toContain(
      'configs."mirror.example.com:5000".auth]\nusername = "u"\npassword = "hidden word"\n',
    );
    expect(commandsOf(run)).toEqual(["systemctl restart containerd.service"]);
  });

  test("shows no password in steps and log, and lets nobody else read it", async () => {
    const run = await runEngine({ container_registries });
    expect(JSON.stringify([run.steps, run.log])).not.toContain("hidden word");
    expect(run.steps).toContainEqual(expect.objectContaining({ path: config, mode: 0o600 }));
  });

  test("is left alone by a second run, and not restarted for a hosts.toml", async () => {
    const first = await runEngine({ container_registries });
    const after = { ...files, ...first.files, [config]: { content: first.files[config], mode: 0o600 } };
    const second = await runEngine({ container_registries }, { files: after, store: first.store });
    expect(second.steps).toEqual([]);
    expect(second.log.map(({ message }) => message)).toContain("containerd: nothing changed");
    const { default_mirrors: _, ...fewer } = container_registries;
    const third = await runEngine({ container_registries: fewer }, { files: after, store: first.store });
    expect(third.steps).toContainEqual({ kind: "remove", path: "/etc/containerd/certs.d/_default/hosts.toml" });
    expect(commandsOf(third)).toEqual([]);
  });

  test("whose file disables the plugin for Kubernetes is warned about", async () => {
    const disabled = { ...files, [config]: 'version = 2\ndisabled_plugins = ["cri"]\n' };
    const run = await runEngine({ container_registries }, { files: disabled });
    expect(run.log.filter(({ level }) => level === "warn").map(({ message }) => message)[0]).toContain(
      "disables the plugin",
    );
  });

  test.each([undefined, 'version = 2\n[plugins."io.containerd.grpc.v1.cri".cni]\n', "version = 1\n"])(
    "for which nothing is asked is neither configured nor restarted: %j",
    async (text) => {
      const bare = { "/usr/bin/containerd": "", ...(text === undefined ? {} : { [config]: text }) };
      expect((await runEngine({}, { files: bare })).steps).toEqual([]);
    },
  );

  test.each([undefined, files[config]])(
    "for which nothing is asked any more has its own file back: %j",
    async (text) => {
      const bare = { "/usr/bin/containerd": "", ...(text === undefined ? {} : { [config]: text }) };
      const first = await runEngine({ container_registries }, { files: bare });
      const second = await runEngine({}, { files: { ...bare, ...first.files } });
      expect(second.files[config]).toBe(text);
      expect(commandsOf(second)).toEqual(["systemctl restart containerd.service"]);
      expect((await runEngine({}, { files: { ...bare, ...second.files } })).steps).toEqual([]);
    },
  );

  test("comes after docker, which brings it along", async () => {
    const run = await runEngine({ container_registries }, { system: { container_engine: "containerd" } });
    expect(run.files[config]).toBeDefined();
  });
});

test("hosts.toml has each server once, also where a mirror is a default one as well", async () => {
  const examples = readmeExamples(new URL("../../registries/", import.meta.url)).slice(0, 1);
  for (const conf of examples) {
    const { files: written } = await runEngine(conf);
    const hosts = Object.entries(written).filter(([path]) => path.endsWith("/hosts.toml"));
    expect(hosts.length).toBeGreaterThan(3);
    for (const [path, text] of hosts) await parseToml(path, text);
  }
});

describe("the plugin for Kubernetes", () => {
  const plugins = (status: string): object => ({
    argv: ["ctr", "plugins", "ls"],
    stdout: `TYPE ID PLATFORMS STATUS\nio.containerd.grpc.v1    cri    linux/amd64    ${status}`,
  });

  test.each([
    ["ok", "done", undefined],
    ["skip", "done", undefined],
    ["error", "failed", { code: "engine-not-ready" }],
  ])("that is %s after the restart: %s", async (status, state, error) => {
    const run = await runEngine({ container_registries }, { commands: [...commands, plugins(status)] });
    expect(run).toMatchObject({ state, ...(error === undefined ? {} : { error }) });
  });
});

test("what cannot be edited is refused before anything is changed", async () => {
  const mirrors = '[plugins."io.containerd.grpc.v1.cri".registry.mirrors."quay.io"]\nendpoint = ["https://old"]\n';
  const own = { ...files, [config]: `version = 2\n${mirrors}` };
  const run = await runEngine({ container_registries }, { files: own });
  expect(run).toMatchObject({ state: "failed", error: { code: "containerd-config" }, steps: [] });
  const imports = { ...files, [config]: 'version = 2\nimports = ["conf.d/*.toml"]\n' };
  const imported = { ...imports, "/etc/containerd/conf.d/b.toml": `version = 2\n${mirrors}` };
  const replaced = await runEngine({ container_registries }, { files: imported });
  expect(replaced).toMatchObject({ state: "failed", error: { code: "containerd-config" }, steps: [] });
});

test("the README's example runs", async () => {
  for (const conf of readmeExamples(new URL("../", import.meta.url))) {
    expect(await runEngine(conf)).toMatchObject({ state: "done" });
  }
});
