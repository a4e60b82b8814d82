import { withNexus } from "kanod-configure";
import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { readmeExamples } from "../../../test/support/readme.ts";
import "../../registries/kanod/container-engine.ts";
import "../kanod/docker-engine.ts";

const files = { "/usr/sbin/dockerd": "", "/etc/docker/daemon.json": '{"storage-driver":"overlay2"}' };
const running = [
  { argv: ["systemctl", "is-enabled"], prefix: true, stdout: "enabled" },
  { argv: ["systemctl", "is-active"], prefix: true, stdout: "active" },
];
const container_registries = {
  map: [
    { name: "docker.io", server: "https://hub.example.com", mirrors: ["https://mirror.example.com:5000"] },
    { name: "quay.io", mirrors: ["https://mirror.example.com:5000"] },
  ],
  servers: [
    {
      url: "https://mirror.example.com:5000",
      username: "u",
      password: "hidden word",
      ca: "CA",
      client_cert: "CERT",
      client_key: "KEY",
    },
    { url: "http://plain.example.com" },
    { url: "https://registry-1.docker.io", username: "hub", password: "other hidden" },
  ],
  default_mirrors: ["https://default.example.com"],
};

const runEngine = (conf: object, more: object = {}): Promise<ContributionRun> =>
  runContribution("Container engine", {
    conf: { name: "node", ...conf },
    files,
    commands: running,
    ...more,
  } as ContributionTest);

const commandsOf = (run: ContributionRun): string[] =>
  run.steps.flatMap((step) => (step.kind === "run" ? [step.argv.join(" ")] : []));

beforeAll(async () => {
  const registered = await runContribution("Docker engine", { conf: { name: "node" } } as ContributionTest);
  expect(registered.state).toBe("done");
});

/** Real certificates are checked elsewhere: here they only have to come out where docker looks for them. */
const unchecked = {
  ...container_registries,
  servers: container_registries.servers.map(({ ca: _, client_cert: __, client_key: ___, ...rest }) => rest),
};

describe("docker", () => {
  test("refuses what dockerd does not start with, before anything is changed", async () => {
    const withPath = { map: [{ name: "docker.io", mirrors: ["https://mirror.example.com/hub"] }] };
    const run = await runEngine({ container_registries: withPath });
    expect(run).toMatchObject({ state: "failed", error: { code: "bad-registry" }, steps: [] });
    const servers = ["one", "two"].map((password) => ({ url: `https://harbor/${password}`, username: "u", password }));
    const twice = await runEngine({ container_registries: { servers } });
    expect(twice).toMatchObject({ state: "failed", error: { code: "bad-registry" }, steps: [] });
    expect(JSON.stringify([twice.error, twice.log])).not.toContain('"two"');
  });

  test.each(["https://docker.io", "index.docker.io/v1/", "https://registry-1.docker.io/"])(
    "has the credentials of %s where docker login puts those of docker.io",
    async (url) => {
      const run = await runEngine({ container_registries: { servers: [{ url, username: "u", password: "p" }] } });
      const auths = { "https://index.docker.io/v1/": { auth: Buffer.from("u:p").toString("base64") } };
      expect(JSON.parse(run.files["/root/.docker/config.json"] ?? "")).toEqual({ auths });
      expect(JSON.parse(run.files["/etc/docker/daemon.json"] ?? "{}")).not.toHaveProperty("registry-mirrors");
    },
  );

  test("does not warn of a mapping that the user did not write", async () => {
    const { steps, log } = await runEngine({
      container_registries: withNexus({ map: [{ name: "quay.io" }] }, { docker: "nexus:8443" }),
    });
    expect(steps).not.toEqual([]);
    const warnings = log.filter(({ level }) => level === "warn").map(({ message }) => message);
    expect(warnings).toEqual(["docker has mirrors for docker.io only: the mapping of quay.io has no effect"]);
  });

  test("that does not answer after its restart fails the run, once it was waited for", async () => {
    const broken = { argv: ["docker", "info"], prefix: true, exitCode: 1, stderr: "Cannot connect\nmore" };
    const run = await runEngine({ container_registries: unchecked }, { commands: [...running, broken] });
    expect(run).toMatchObject({ state: "failed", error: { code: "engine-not-ready" } });
    expect(String(run.error)).toContain("Cannot connect");
    expect(run.steps.filter(({ kind }) => kind === "sleep").length).toBeGreaterThan(30);
  });

  test("gets mirrors and insecure registries among what the image says, and credentials for itself", async () => {
    const run = await runEngine({ container_registries: unchecked });
    expect(run.error).toBeUndefined();
    expect(JSON.parse(run.files["/etc/docker/daemon.json"] ?? "")).toEqual({
      "storage-driver": "overlay2",
      "registry-mirrors": ["https://mirror.example.com:5000", "https://default.example.com", "https://hub.example.com"],
      "insecure-registries": ["plain.example.com"],
    });
    expect(JSON.parse(run.files["/root/.docker/config.json"] ?? "")).toEqual({
      auths: {
        "mirror.example.com:5000": { auth: Buffer.from("u:hidden word").toString("base64") },
        "https://index.docker.io/v1/": { auth: Buffer.from("hub:other hidden").toString("base64") },
      },
    });
    expect(commandsOf(run)).toEqual(["systemctl restart docker.service"]);
    expect(run.log.map(({ message }) => message)).toContain(
      "docker has mirrors for docker.io only: the mapping of quay.io has no effect",
    );
  });

  test("shows no password in steps and log, and lets nobody else read them", async () => {
    const run = await runEngine({ container_registries: unchecked });
    const encoded = Buffer.from("u:hidden word").toString("base64");
    for (const text of ["hidden word", encoded]) expect(JSON.stringify([run.steps, run.log])).not.toContain(text);
    expect(run.steps).toContainEqual(expect.objectContaining({ path: "/root/.docker/config.json", mode: 0o600 }));
  });

  test("leaves credentials to the kubelet where there is one", async () => {
    const run = await runEngine({ container_registries: unchecked, kubernetes: {} });
    expect(run.files["/var/lib/kubelet/config.json"]).toContain("auths");
    expect(run.files["/root/.docker/config.json"]).toBeUndefined();
  });

  test("is left alone by a second run, which says so", async () => {
    const first = await runEngine({ container_registries: unchecked });
    const secret = { content: first.files["/root/.docker/config.json"], mode: 0o600 };
    const second = await runEngine(
      { container_registries: unchecked },
      {
        files: { ...files, ...first.files, "/root/.docker/config.json": secret },
      },
    );
    expect(second.steps).toEqual([]);
    expect(second.log.map(({ message }) => message)).toContain("docker: nothing changed");
  });

  test("gets the proxy, completed, and is restarted for it", async () => {
    const proxy = { http: "http://u:p%20w@proxy:3128", no_proxy: "a" };
    const run = await runEngine({ proxy }, { system: { no_proxy: "b" } });
    const dropIn = run.files["/etc/systemd/system/docker.service.d/50-kanod-configure-proxy.conf"];
    expect(dropIn).toContain('Environment="HTTP_PROXY=http://u:p%%20w@proxy:3128"');
    expect(dropIn).toContain('Environment="NO_PROXY=a,localhost,127.0.0.1,::1,b"');
    expect(commandsOf(run)).toEqual(["systemctl daemon-reload", "systemctl restart docker.service"]);
  });

  test("is started where nothing is configured", async () => {
    const stopped = [running[0], { argv: ["systemctl", "is-active"], prefix: true, stdout: "inactive", exitCode: 3 }];
    expect(commandsOf(await runEngine({}, { commands: stopped }))).toEqual(["systemctl start docker.service"]);
  });
});

test("the README's example runs", async () => {
  for (const conf of readmeExamples(new URL("../", import.meta.url))) {
    expect(await runEngine(conf)).toMatchObject({ state: "done" });
  }
});
