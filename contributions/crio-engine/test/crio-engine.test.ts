import {
  type ContributionRun,
  type ContributionTest,
  runContribution,
  type StoredState,
} from "kanod-configure/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { readmeExamples } from "../../../test/support/readme.ts";
import "../../registries/kanod/container-engine.ts";
import "../kanod/crio-engine.ts";

const registries = "/etc/containers/registries.conf.d/90-kanod-configure.conf";
const crio = { "/usr/bin/crio": "" };
const podman = { "/usr/bin/podman": "" };
const commands = [
  { argv: ["systemctl", "is-enabled"], prefix: true, stdout: "enabled" },
  { argv: ["systemctl", "is-active"], prefix: true, stdout: "active" },
];
const container_registries = {
  map: [
    { name: "docker.io", mirrors: ["https://mirror.example.com:5000/v2/hub"] },
    { name: "quay.io", server: "http://plain.example.com/quay" },
  ],
  servers: [
    { url: "https://mirror.example.com:5000/v2/hub", username: "u", password: "hidden word", override_path: true },
  ],
  default_mirrors: ["https://default.example.com"],
};

const runEngine = (
  files: object,
  conf: object = { container_registries },
  store: StoredState = {},
): Promise<ContributionRun> =>
  runContribution("Container engine", { conf: { name: "node", ...conf }, files, store, commands } as ContributionTest);

const commandsOf = (run: ContributionRun): string[] =>
  run.steps.flatMap((step) => (step.kind === "run" ? [step.argv.join(" ")] : []));

beforeAll(async () => {
  await runContribution("CRI-O engine", { conf: { name: "node" } } as ContributionTest);
});

describe("CRI-O", () => {
  test("gets a table for each registry, and credentials", async () => {
    const run = await runEngine(crio);
    expect(run.error).toBeUndefined();
    expect(run.files[registries]?.split("\n").slice(2)).toEqual([
      "[[registry]]",
      'prefix = "docker.io"',
      'location = "docker.io"',
      "",
      "[[registry.mirror]]",
      'location = "mirror.example.com:5000/hub"',
      "",
      "[[registry.mirror]]",
      'location = "default.example.com"',
      "",
      "[[registry]]",
      'prefix = "quay.io"',
      'location = "plain.example.com/quay"',
      "insecure = true",
      "",
      "[[registry.mirror]]",
      'location = "default.example.com"',
      "",
    ]);
    const auth = Buffer.from("u:hidden word").toString("base64");
    expect(JSON.parse(run.files["/etc/containers/auth.json"] ?? "")).toEqual({
      auths: { "mirror.example.com:5000/hub": { auth } },
    });
    expect(run.files["/etc/crio/crio.conf.d/90-kanod-configure.conf"]).toBe(
      '[crio.image]\nglobal_auth_file = "/etc/containers/auth.json"\n',
    );
    expect(commandsOf(run)).toEqual(["systemctl restart crio.service"]);
    expect(JSON.stringify([run.steps, run.log])).not.toContain(auth);
  });
});

describe("podman", () => {
  test("gets the same, its credentials where it looks for them, and no service", async () => {
    const run = await runEngine(podman);
    expect(Object.keys(run.files).toSorted()).toEqual([registries, "/root/.config/containers/auth.json"]);
    expect(commandsOf(run)).toEqual([]);
  });

  test("is left alone by a second run, which says so", async () => {
    const first = await runEngine(podman);
    const auth = { content: first.files["/root/.config/containers/auth.json"], mode: 0o600 };
    const files = { ...podman, ...first.files, "/root/.config/containers/auth.json": auth };
    const second = await runEngine(files, undefined, first.store);
    expect(second.steps).toEqual([]);
    expect(second.log.map(({ message }) => message)).toContain("podman: nothing changed");
  });

  test("loses what is no longer configured", async () => {
    const first = await runEngine(podman);
    const second = await runEngine({ ...podman, ...first.files }, {}, first.store);
    expect(second.steps).toContainEqual({ kind: "remove", path: registries });
    expect(JSON.parse(second.files["/root/.config/containers/auth.json"] ?? "")).toEqual({});
  });
});

test("the README's example runs", async () => {
  for (const conf of readmeExamples(new URL("../", import.meta.url))) {
    expect(await runEngine(crio, conf)).toMatchObject({ state: "done" });
  }
});
