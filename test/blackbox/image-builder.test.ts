import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { imageBuilderCommand } from "../../src/cli/image-builder.ts";
import type { CliIo } from "../../src/cli/io.ts";
import { temporaryFolder, testIo } from "../support/cli.ts";
import { packageProgram, programFile } from "../support/compiled-agent.ts";
import { corpus, hasCorpus } from "../support/corpus.ts";
import { testImage } from "../support/image.ts";

/** A folder with modules, by the text of their `config.yaml`. */
function folderOf(modules: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(modules)) {
    mkdirSync(join(folder, name, "elements/some-element"), { recursive: true });
    writeFileSync(join(folder, name, "config.yaml"), text);
  }
  return folder;
}

async function run(
  args: readonly string[],
  folder: string,
  given: Partial<CliIo> = {},
): Promise<{ exitCode: number; out: string; err: string }> {
  const { io, out, err } = testIo(["kanod-image-builder", ...args], { workingDirectory: folder, ...given });
  return { exitCode: await imageBuilderCommand(io, testImage({})), out: out(), err: err() };
}

const simple = "recipes: [{ elements: [debian-minimal], packages: [less] }]";

describe("dry run", () => {
  test("is a script of exports and one call, which runs", async () => {
    const module = `
options: [{ name: greeting, kind: var }]
env: [{ name: DIB_GREETING, value: "{{ greeting }}" }]
recipes: [{ elements: [debian-minimal] }]
`;
    const folder = folderOf({ m: module });
    const args = [
      "--no-core",
      "--dry-run",
      "./m",
      "-s",
      "greeting = it's $HOME; ",
      "-o",
      "out/x",
      "-t",
      "tar",
      "-p",
      "a,b",
      "-p",
      "c",
    ];
    const { exitCode, out, err } = await run(args, folder, { environment: { ELEMENTS_PATH: "/elsewhere" } });
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    const lines = out.trimEnd().split("\n");
    expect(lines[1]).toBe("export DIB_GREETING='it'\\''s $HOME;'");
    expect(lines[2]).toMatch(/^export ELEMENTS_PATH='[^:]*\/m\/elements:\/elsewhere:[^:]*:[^:]*\/contributions'$/);
    expect(lines.at(-1)).toBe("disk-image-create -a amd64 -t tar -o out/x.tar -p a,b,c debian-minimal");
    // The script itself, with another program of that name.
    writeFileSync(join(folder, "disk-image-create"), '#!/bin/sh\nprintf "%s|" "$DIB_GREETING" "$@"', { mode: 0o755 });
    writeFileSync(join(folder, "script"), out, { mode: 0o755 });
    const shown = execFileSync(join(folder, "script"), { env: { PATH: `${folder}:/usr/bin:/bin` }, encoding: "utf8" });
    expect(shown).toBe("it's $HOME;|-a|amd64|-t|tar|-o|out/x.tar|-p|a,b,c|debian-minimal|");
  });

  test("of our own modules", async () => {
    const { exitCode, out } = await run(["demo", "--dry-run", "-s", "release=bookworm", "-b", "no-motd-news"], "/");
    expect(exitCode).toBe(0);
    expect(out).toContain("export DIB_RELEASE='bookworm'\n");
    expect(out).toContain("export DIB_NO_MOTD_NEWS='1'\n");
    expect(out.trimEnd().split("\n").at(-1)).toMatch(
      /^disk-image-create -a amd64 -t qcow2 -o img.qcow2 .*kanod-greeter$/,
    );
  });

  test("core is loaded once, also when it is named", async () => {
    const named = await run(["core", "demo", "--dry-run"], "/");
    expect(named.out).toBe((await run(["demo", "--dry-run"], "/")).out);
    expect((await run(["core", "--no-core", "--dry-run"], "/")).exitCode).toBe(0);
  });

  test.skipIf(!hasCorpus)("of the ancestor's own modules (skipped where the corpus is missing)", async () => {
    const folder = join(corpus, "kanod-image-builder");
    const { exitCode, out } = await run(["--no-core", folder, join(folder, "demo"), "--dry-run"], "/");
    expect(exitCode).toBe(0);
    expect(out.trimEnd().split("\n").at(-1)).toMatch(
      /^disk-image-create -a amd64 -t qcow2 -o img\.qcow2 -p initramfs-tools,/,
    );
    expect(out).toContain("export DIB_RELEASE='bionic'\n");
  });
});

describe("mistakes in the command line are usage errors", () => {
  test.each<[string, readonly string[], string]>([
    ["no module", [], "[no-module]"],
    ["an unknown module", ["nowhere"], "[unknown-module]"],
    ["a folder without config.yaml", ["."], "[unknown-module]"],
    ["an unknown option", ["m", "-s", "sixe=1"], "did you mean `size`?"],
    ["an unknown flag", ["m", "-b", "debgu"], "did you mean `debug`?"],
    ["a flag that is set to a value", ["m", "-s", "debug=1"], "error[wrong-kind-of-option]"],
    ["a value that is no choice", ["m", "-s", "size=huge"], "error[not-a-choice]"],
    ["a setting without a value", ["m", "-s", "size"], "[bad-setting]"],
    ["a setting without a name", ["m", "-s", "=1"], "[bad-setting]"],
    ["an unknown format", ["m", "-t", "qcow"], "did you mean qcow2?"],
    ["formats that exclude each other", ["m", "-t", "qcow2,kernel"], "[lone-format]"],
    ["an unknown command line option", ["m", "--nonsense"], "unknown option '--nonsense'"],
  ])("%s", async (_, args, message) => {
    const folder = folderOf({
      m: "options: [{ name: size, kind: var, choices: [small] }, { name: debug, kind: flag }]",
    });
    const { exitCode, out, err } = await run(["--no-core", "--dry-run", ...args], folder);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
    expect(err).toContain(message);
  });
});

test("mistakes in modules are shown with their lines, all at once, and are no usage errors", async () => {
  const folder = folderOf({ m: 'env: [{ name: A, value: "{{ nothing }}" }]\nrecipes: [{ elements: ["!!x"] }]' });
  const { exitCode, out, err } = await run(["--no-core", "--dry-run", "m"], folder);
  expect({ exitCode, out }).toEqual({ exitCode: 1, out: "" });
  expect(err).toContain("m/config.yaml:1:25: error[undefined-variable]");
  expect(err).toContain('1 | env: [{ name: A, value: "{{ nothing }}" }]');
  expect(err).toContain("m/config.yaml:2:24: error[double-negation]");
  expect(err).toContain("2 errors");
});

test("what schema and YAML say of a module comes with its place too", async () => {
  const folder = folderOf({ m: "recipes:\n  - element: [x]\n", n: "env: {" });
  const { exitCode, err } = await run(["--no-core", "--dry-run", "m", "n"], folder);
  expect(exitCode).toBe(1);
  expect(err).toContain("m/config.yaml:2:5: error[unknown-key]");
  expect(err).toContain("did you mean `elements`?");
  expect(err).toContain("n/config.yaml:1:");
});

describe("help", () => {
  test("without modules", async () => {
    const { exitCode, out } = await run(["--help"], "/");
    expect(exitCode).toBe(0);
    expect(out).toContain("--dry-run");
    expect(out).not.toContain("Options and flags of the modules");
  });

  test("with modules lists their options, and builds nothing", async () => {
    const { exitCode, out } = await run(["--help", "demo"], "/");
    expect(exitCode).toBe(0);
    expect(out).toContain("Options and flags of the modules core, demo:");
    expect(out).toMatch(/--set release=VALUE\n {4}The release/);
    expect(out).toContain("--bool no-motd-news");
  });

  test("--version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await run(["--version"], "/")).toEqual({ exitCode: 0, out: `${version}\n`, err: "" });
  });
});

test("--explain names what brought an element in", async () => {
  const { exitCode, out } = await run(["demo", "--explain", "-s", "debug=hunter2"], "/");
  expect(exitCode).toBe(0);
  expect(out).toMatch(/ {2}kanod-greeter\n {4}demo \S*packaging\/modules\/demo\/config\.yaml:\d+:\d+, always/);
  expect(out).not.toContain("hunter2");
});

describe("before a build", () => {
  test("a missing diskimage-builder is named, and nothing is left behind", async () => {
    const folder = folderOf({ m: simple });
    const environment = { PATH: folder, KANOD_IMAGE_DEBUG: "script" };
    const argv = [programFile, "--no-core", "./m", "-o", "out/x"];
    const program = join(folder, "kanod-image-builder");
    symlinkSync(packageProgram("kanod-image-builder"), program);
    const { status, stderr } = spawnSync(process.execPath, [program, ...argv.slice(1)], {
      cwd: folder,
      env: environment,
      encoding: "utf8",
    });
    expect({ status, stderr }).toMatchObject({ status: 1 });
    expect(stderr).toContain("disk-image-create is not installed [missing-tool]");
    expect(existsSync(join(folder, "out"))).toBe(false);
    // The script for debugging is written first; it may hold secrets.
    expect(statSync(join(folder, "script")).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(folder, "script"), "utf8")).toContain(
      "disk-image-create -a amd64 -t qcow2 -o out/x.qcow2",
    );
  });

  test("a script for debugging that cannot be written is an error", async () => {
    const folder = folderOf({ m: simple });
    writeFileSync(join(folder, "file"), "");
    const { exitCode, err } = await run(["--no-core", "m", "--debug", "file/script"], folder);
    expect(exitCode).toBe(1);
    expect(err).toContain("[output-unwritable]");
  });
});
