import { beforeAll, expect, test } from "vitest";
import { recordingHost } from "../../../../src/host/recording-host.ts";
import { findContainerEngine, registerContainerEngine } from "../../../../src/kit/container-registries/engines.ts";

const programs = {
  lxd: "/usr/bin/lxd",
  containerd: "/usr/bin/containerd",
  crio: "/usr/bin/podman",
  docker: "/usr/sbin/dockerd",
};

beforeAll(() => {
  const before: Record<string, string[]> = { docker: ["containerd"], crio: ["containerd"] };
  registerContainerEngine("always there", () => {});
  for (const [name, path] of Object.entries(programs)) {
    registerContainerEngine(name, () => {}, {
      programs: [path.split("/").at(-1) ?? ""],
      ...(before[name] === undefined ? {} : { before: before[name] }),
    });
  }
});

test.each([
  ["docker before the containerd that it installs", ["containerd", "docker"], "docker"],
  ["podman before containerd", ["containerd", "crio"], "crio"],
  ["the first registered of two that do not need each other", ["lxd", "containerd"], "lxd"],
  ["the only one", ["lxd"], "lxd"],
  ["one without programs where none is installed", [], "always there"],
])("the engine that is found is %s", async (_, installed, expected) => {
  const files = Object.fromEntries(installed.map((name) => [programs[name as keyof typeof programs], ""]));
  expect((await findContainerEngine(recordingHost({ files }), {}))?.name).toBe(expected);
});
