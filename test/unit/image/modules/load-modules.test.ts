import { existsSync, realpathSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BuildError } from "../../../../src/compile/build-error.ts";
import { packageFolder } from "../../../../src/compile/workspace.ts";
import type { AgentError } from "../../../../src/config/agent-error.ts";
import { loadModules } from "../../../../src/image/modules/load-modules.ts";
import { remaining, resolveBuild } from "../../../../src/image/modules/resolve.ts";

let folder: string;

beforeAll(async () => {
  folder = realpathSync(await mkdtemp(join(tmpdir(), "kanod-modules-")));
  await write("own/config.yaml", "recipes: [{ elements: [own] }]");
  await write("node_modules/@team/pack/config.yaml", "recipes: [{ elements: [packed] }]");
  await write("work/deep/demo/config.yaml", "recipes: [{ elements: [mine] }]");
  await mkdir(join(folder, "empty"));
});

afterAll(() => rm(folder, { recursive: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(folder, path, ".."), { recursive: true });
  await writeFile(join(folder, path), text);
}

async function elements(names: readonly string[], from = "."): Promise<string[]> {
  return remaining(resolveBuild({ modules: await loadModules(names, join(folder, from)) }).elements);
}

/** Code and place of all problems with a `config.yaml` of this text. */
async function problemsOf(text: string): Promise<string[]> {
  await write("broken/config.yaml", text);
  const error: unknown = await loadModules(["./broken"], folder).catch((reason: unknown) => reason);
  if (!(error instanceof BuildError)) return ["no problem"];
  return error.problems.map(({ code, source }) => `${code} ${source?.file}:${source?.line}:${source?.column}`);
}

describe("finds", () => {
  test.each<[string, string, string]>([
    ["a folder", "./own", "own"],
    ["a folder by its bare name", "own", "own"],
    ["an npm package", "@team/pack", "packed"],
  ])("%s", async (_, name, element) => {
    expect(await elements([name])).toEqual([element]);
  });

  test("an npm package in a folder above, and a folder of the user before a module of ours", async () => {
    expect(await elements(["@team/pack", "demo"], "work/deep")).toEqual(["packed", "mine"]);
  });

  test("a module that is named twice once", async () => {
    expect(await elements(["own", "./own/", "@team/pack", join(folder, "own")])).toEqual(["own", "packed"]);
  });

  test.each([["empty"], ["./empty"], ["nowhere"], ["/nonexistent"]])(
    "no module in %s: a usage error with the places",
    async (name) => {
      const error: unknown = await loadModules(["own", name], folder).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "unknown-module", exitCode: 2 });
      expect((error as AgentError).hint).toContain("config.yaml in /");
    },
  );

  test("the near one of ours", async () => {
    const error: unknown = await loadModules(["dmeo"], folder).catch((reason: unknown) => reason);
    expect((error as AgentError).hint).toMatch(/^did you mean `demo`\?/);
  });
});

describe("refuses, with the place in config.yaml", () => {
  test.each<[string, string[]]>([
    ["", ["not-a-mapping broken/config.yaml:1:1"]],
    ["options: []\noptions: []", ["duplicate-key broken/config.yaml:2:1"]],
    ["recipe: []", ["unknown-key broken/config.yaml:1:1"]],
    ["env:\n  - name: A\n    value: 1", ["wrong-type broken/config.yaml:3:12"]],
    ["env:\n  - name: A", ["missing-key broken/config.yaml:2:5"]],
    ["options:\n  - name: a\n    kind: bool", ["not-in-enum broken/config.yaml:3:11"]],
    ["recipes:\n  - when: ['!!a', '']", ["pattern broken/config.yaml:2:12", "pattern broken/config.yaml:2:19"]],
    ["recipes: [", ["yaml-syntax broken/config.yaml:1:10"]],
  ])("%j", async (text, expected) => {
    expect(await problemsOf(text)).toEqual(expected);
  });
});

const corpus = join(packageFolder, "../shared/corpus/kanod-image-builder");

describe.skipIf(!existsSync(corpus))("the ancestor's own modules (skipped where ../shared/corpus is missing)", () => {
  test("resolve as the ancestor resolves them", async () => {
    await cp(corpus, join(folder, "corpus"), { recursive: true });
    const modules = await loadModules(["./corpus", "./corpus/demo"], folder);
    const set = { release: "jammy", image: "-", debug: "pw" };
    const resolution = resolveBuild({ modules, set, flags: ["lvm", "kubeadm", "no-motd-news"], packages: ["zsh"] });
    expect(resolution.moduleProblems).toEqual([]);
    expect(resolution.requestProblems).toEqual([]);
    expect(remaining(resolution.elements)).toEqual([
      ...["kanod-mirror", "kanod-cloud-init", "kanod-admin", "vm", "openssh-server", "runtime-ssh-host-keys"],
      ...["bootloader", "grub-init", "kanod-configure", "chrony", "build-info", "fix-secureboot", "gtp5g"],
      ...["disks-udev-rules", "ubuntu", "ubuntu-fix", "klvm", "devuser", "kubeadm", "block-device-kubeadm-lvm"],
      ...["kanod-greeter"],
    ]);
    const values = Object.fromEntries(resolution.variables.map(({ name, value }) => [name, value]));
    expect(values).toMatchObject({ DIB_RELEASE: "jammy", DIB_DEV_USER_PASSWORD: "pw", DIB_NO_MOTD_NEWS: "1" });
    expect(values).not.toHaveProperty("DIB_LOCAL_IMAGE");
    expect(remaining(resolution.packages).slice(-4)).toEqual(["tcpdump", "nmap", "python3-setuptools", "zsh"]);
  });
});
