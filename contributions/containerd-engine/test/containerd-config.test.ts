import { registryModel, withMarkedBlock } from "kanod-configure";
import { describe, expect, test } from "vitest";
import { type ContainerdConfig, editContainerdConfig, withoutOurs } from "../kanod/containerd/containerd-config.ts";

const model = registryModel({ servers: [{ url: "https://a:5000", username: "u", password: 'p"\\\u007f' }] });
const nothing = registryModel({ map: [{ name: "quay.io" }] });
const block = (lines: string[]): string => withMarkedBlock("", lines);
const credentials = (plugin: string): string[] => [
  `[plugins."${plugin}".registry.configs."a:5000".auth]`,
  'username = "u"',
  String.raw`password = "p\"\\\u007f"`,
];
const v2 = "io.containerd.grpc.v1.cri";
const v3 = "io.containerd.cri.v1.images";
const table = `[plugins."${v2}".registry]`;
const path = 'config_path = "/etc/containerd/certs.d"';

const edit = (before: string, registries = nothing, imported = {}, major = 1): Promise<ContainerdConfig> =>
  editContainerdConfig(before, new Map(Object.entries(imported)), major, registries);

test.each([
  [1, 2, v2],
  [2, 3, v3],
])("an empty file of containerd %i becomes one of version %i", async (major, version, plugin) => {
  const { text, hostsFolder } = await edit("", model, {}, major);
  expect(text).toBe(block([`version = ${version}`, `[plugins."${plugin}".registry]`, path, ...credentials(plugin)]));
  expect(hostsFolder).toBe("/etc/containerd/certs.d");
  expect(withoutOurs(text)).toBe("");
});

test("a file of others is added to at its end", async () => {
  const before = `version = 2\n[plugins]\n  [plugins."${v2}"]\n    [plugins."${v2}".cni]\n      bin_dir = "/usr/lib/cni"`;
  expect((await edit(before)).text).toBe(`${before}\n${block([table, path])}`);
});

describe("a table of others", () => {
  const dump = `version = 2\n\n[plugins."${v2}"]\n\n    [plugins."${v2}".registry]\n      config_path = ""\n\n      [plugins."${v2}".registry.configs]\n`;

  test("that names no folder gets ours, and its own back when ours goes", async () => {
    const { text } = await edit(dump, model);
    expect(text).toContain(`.registry]\n${path} # kanod-configure\n      #kanod-configure# config_path = ""\n`);
    expect(text.endsWith(block(credentials(v2)))).toBe(true);
    expect(withoutOurs(text)).toBe(dump);
  });

  test("that names a folder keeps it", async () => {
    const named = dump
      .replace('config_path = ""', "config_path = '/opt/certs.d:/etc/docker/certs.d'")
      .replaceAll('"', "'");
    expect(await edit(named)).toMatchObject({ text: named, hostsFolder: "/opt/certs.d" });
  });

  test("that has our credentials already is not repeated", async () => {
    const own = `version = 2\n${table}\n${path}\n${credentials(v2).join("\n")}\n`;
    expect((await edit(own, model)).text).toBe(own);
  });
});

test.each([
  ["dotted keys", `version = 2\nplugins."${v2}".registry.${path}\n`, "/etc/containerd/certs.d"],
  ["a dotted key in a table", `version = 2\n[plugins."${v2}"]\nregistry.config_path = "/opt/hosts"\n`, "/opt/hosts"],
  ["an inline table", `version = 2\n[plugins."${v2}"]\nregistry = { config_path = "/opt/hosts" }\n`, "/opt/hosts"],
])("a folder that is named by %s is used", async (_, before, hostsFolder) => {
  expect(await edit(before)).toMatchObject({ text: before, hostsFolder });
});

test("a version within a string is none", async () => {
  const before = '# version = 1\nroot = """\nversion = 1\n"""\nversion = 2\n';
  expect((await edit(before)).text).toBe(`${before}${block([table, path])}`);
});

test.each([
  ["[plugins]\n", "old-containerd-config"],
  ["version = 1\n", "old-containerd-config"],
  ["[plugins.foo]\nversion = 2\n", "old-containerd-config"],
  ["version = 2\n[plugins\n", "bad-toml-file"],
  [`version = 2\n[plugins."${v2}".registry.mirrors."quay.io"]\nendpoint = ["https://m"]\n`, "containerd-config"],
  [`version = 2\n[plugins."${v2}".registry.configs."m".tls]\ninsecure_skip_verify = true\n`, "containerd-config"],
  [`version = 2\n[plugins."${v2}".registry.configs."a:5000".auth]\nusername = "image"\n`, "containerd-config"],
  [`version = 2\n[plugins."${v2}"]\nregistry.headers = {}\n`, "containerd-config"],
  [`version = 2\n[plugins."${v2}"]\nregistry = {}\n`, "containerd-config"],
  [`version = 2\nplugins."${v2}".registry.config_path = ""\n`, "containerd-config"],
  [`version = 2\nx = """\n${table}\n"""\n[plugins."${v2}".registry]\n`, "containerd-config"],
])("%j is refused: %s", async (text, code) => {
  await expect(edit(text, model)).rejects.toMatchObject({ code });
});

test("what an imported file would replace is refused, other imports are not", async () => {
  const other = { "/etc/containerd/conf.d/a.toml": { plugins: { other: {} } } };
  expect((await edit("version = 2\n", nothing, other)).text).toContain(path);
  const same = { "/etc/containerd/conf.d/a.toml": { plugins: { [v2]: { sandbox_image: "pause" } } } };
  await expect(edit("version = 2\n", nothing, same)).rejects.toMatchObject({ code: "containerd-config" });
});

test("no refusal holds a password", async () => {
  const text = 'version = 2\n[a]\npassword = "hidden word\n';
  await expect(edit(text, model)).rejects.toMatchObject({ message: expect.not.stringContaining("hidden") });
});
