import { withMarkedBlock } from "kanod-configure";
import { describe, expect, test } from "vitest";
import { registryModel } from "../../../src/kit/container-registries/model.ts";
import { editContainerdConfig, withoutOurs } from "../kanod/containerd/containerd-config.ts";

const { servers } = registryModel({ servers: [{ url: "https://a:5000", username: "u", password: 'p"\\\u007f' }] });
const block = (lines: string[]): string => withMarkedBlock("", lines);
const credentials = (plugin: string): string[] => [
  `[plugins."${plugin}".registry.configs."a:5000".auth]`,
  'username = "u"',
  String.raw`password = "p\"\\\u007f"`,
];
const v2 = "io.containerd.grpc.v1.cri";
const v3 = "io.containerd.cri.v1.images";

test.each([
  [1, 2, v2],
  [2, 3, v3],
])("an empty file of containerd %i becomes one of version %i", (major, version, plugin) => {
  const { text, hostsFolder } = editContainerdConfig("", major, servers);
  const path = [`[plugins."${plugin}".registry]`, 'config_path = "/etc/containerd/certs.d"'];
  expect(text).toBe(block([`version = ${version}`, ...path, ...credentials(plugin)]));
  expect(hostsFolder).toBe("/etc/containerd/certs.d");
  expect(withoutOurs(text)).toBe("");
});

test("a file of others is added to at its end", () => {
  const before = `version = 2\n[plugins]\n  [plugins."${v2}"]\n    [plugins."${v2}".cni]\n      bin_dir = "/usr/lib/cni"`;
  const { text } = editContainerdConfig(before, 1, []);
  expect(text).toBe(`${before}\n${block([`[plugins."${v2}".registry]`, 'config_path = "/etc/containerd/certs.d"'])}`);
});

describe("a table of others", () => {
  const dump = `version = 2\n\n[plugins."${v2}"]\n\n    [plugins."${v2}".registry]\n      config_path = ""\n\n      [plugins."${v2}".registry.configs]\n`;

  test("that names no folder gets ours, and its own back when ours goes", () => {
    const { text } = editContainerdConfig(dump, 1, servers);
    expect(text).toContain(
      `.registry]\nconfig_path = "/etc/containerd/certs.d" # kanod-configure\n      #kanod-configure# config_path = ""\n`,
    );
    expect(text.endsWith(block(credentials(v2)))).toBe(true);
    expect(withoutOurs(text)).toBe(dump);
  });

  test("that names a folder keeps it", () => {
    const named = dump
      .replace('config_path = ""', "config_path = '/opt/certs.d:/etc/docker/certs.d'")
      .replaceAll('"', "'");
    const { text, hostsFolder } = editContainerdConfig(named, 1, []);
    expect(text).toBe(named);
    expect(hostsFolder).toBe("/opt/certs.d");
  });
});

test.each(["[plugins]\n", "version = 1\n"])("a file of version 1 is refused: %j", (text) => {
  expect(() => editContainerdConfig(text, 1, [])).toThrow(expect.objectContaining({ code: "old-containerd-config" }));
});
