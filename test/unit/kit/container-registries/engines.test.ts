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
  for (const [name, path] of Object.entries(programs)) {
    registerContainerEngine(name, () => {}, { programs: [path.split("/").at(-1) ?? ""] });
  }
  registerContainerEngine("brought along", () => {});
});

test.each([
  ["docker before the containerd that it brings along", ["containerd", "docker"], "docker"],
  ["podman before containerd", ["containerd", "crio"], "crio"],
  ["one of ours before others", ["lxd", "containerd"], "containerd"],
  ["another where there is none of ours", ["lxd"], "lxd"],
  ["one that its element brings where none is installed", [], "brought along"],
])("the engine that is found is %s", async (_, installed, expected) => {
  const files = Object.fromEntries(installed.map((name) => [programs[name as keyof typeof programs], ""]));
  expect((await findContainerEngine(recordingHost({ files }), {}))?.name).toBe(expected);
});
