/** The rules of diskimage-builder, and of shells, for all elements that we ship. */
import { execFileSync, spawnSync } from "node:child_process";
import { globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { imageBuilderCommand } from "../../src/cli/image-builder.ts";
import { expandElements } from "../../src/image/diskimage-builder.ts";
import { testIo } from "../support/cli.ts";
import { dibEnvironment, dibObstacle, installedDib, isInstalled } from "../support/dib.ts";
import { testImage } from "../support/image.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const obstacle = dibObstacle() ?? (isInstalled("shellcheck") ? undefined : "needs the package shellcheck");
const folders = [
  "packaging/elements",
  "packaging/modules/core/elements",
  "packaging/modules/demo/elements",
  "contributions",
];
const elements = folders.flatMap((folder) =>
  readdirSync(join(repository, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name)),
);

beforeEach(({ skip }) => {
  if (obstacle !== undefined && !process.env["CI"]) skip(obstacle);
});

test("no element has the name of one of diskimage-builder's, whose place it would take", () => {
  const [own = ""] = globSync("lib/python*/site-packages/diskimage_builder/elements", { cwd: installedDib() });
  const taken = new Set(readdirSync(join(installedDib(), own)));
  expect(elements.map((path) => basename(path)).filter((name) => taken.has(name))).toEqual([]);
});

test("elements have names and hooks of their own, as they share one folder during a build", () => {
  const hooks = elements.flatMap((path) =>
    globSync("{*.d,kanod,bin,static}/**", { cwd: join(repository, path) }).filter((file) =>
      statSync(join(repository, path, file)).isFile(),
    ),
  );
  const seen = new Set<string>();
  const twice = hooks.filter((hook) => seen.size === seen.add(hook).size);
  expect(twice).toEqual([]);
});

test.each(elements.filter((path) => path.startsWith("packaging/")))("%s has a README", (path) => {
  expect(readFileSync(join(repository, path, "README.md"), "utf8")).toMatch(/^# \S/);
});

describe("the module core, for", () => {
  const layouts = [[], ["-b", "lvm"], ["-s", "firmware=bios"], ["-b", "lvm", "-s", "firmware=bios"], ["-s", "image=-"]];
  const more = ["-b", "tpm", "-b", "grub_config", "-s", "debug=a-password"];

  /** The elements of a call of diskimage-builder in a script, and the folders that it is told to look in. */
  function inScript(script: string): { elements: string[]; folders: string[] } {
    const words = script.trimEnd().split("\n").at(-1)?.split(" ") ?? [];
    const [, path = ""] = /^export ELEMENTS_PATH=(.*)$/m.exec(script) ?? [];
    return { elements: words.slice(words.lastIndexOf("-p") + 2), folders: path.replaceAll("'", "").split(":") };
  }

  test.each("debian ubuntu centos almalinux rocky fedora opensuse".split(" "))(
    "%s has elements that diskimage-builder has, and that fit together",
    async (target) => {
      for (const layout of layouts) {
        const { io, out } = testIo([
          "kanod-image-builder",
          "core",
          "--dry-run",
          "-s",
          `target=${target}`,
          ...layout,
          ...more,
        ]);
        expect(await imageBuilderCommand(io, testImage({}))).toBe(0);
        const { elements, folders } = inScript(out());
        const found = await expandElements(join(installedDib(), "bin/disk-image-create"), elements, folders);
        expect(found).not.toHaveProperty("fault");
        const names = found !== undefined && "elements" in found ? found.elements.map(({ name }) => name) : [];
        expect(names).toEqual(expect.arrayContaining(["kanod-configure", "kanod-cloud-init", "bootloader", "vm"]));
      }
    },
  );
});

describe("dib-lint", () => {
  /** Our documentation is Markdown, and its rule against the program `which` finds the word in any text. */
  const notOurs = /lacks a README\.rst|\.md docs found|\.(md|ts|yaml) : potential use of which/;

  test.each(folders)("finds nothing in %s", (folder) => {
    const { stdout } = spawnSync(join(installedDib(), "bin/dib-lint"), {
      cwd: repository,
      env: { ...dibEnvironment(), ELEMENTS_DIR: folder, LIB_DIR: folder },
      encoding: "utf8",
    });
    expect(stdout).toContain("Checking pkg-map files...");
    expect(stdout.split("\n").filter((line) => line.startsWith("ERROR") && !notOurs.test(line))).toEqual([]);
  });
});

test("shellcheck finds nothing in their scripts", () => {
  const files = elements.flatMap((path) => globSync(`${path}/**`, { cwd: repository }));
  const isFile = (file: string): boolean => statSync(join(repository, file)).isFile();
  const isScript = (file: string): boolean => /^#!\/bin\/(ba)?sh/.test(readFileSync(join(repository, file), "utf8"));
  const scripts = files.filter((file) => isFile(file) && isScript(file));
  const sourced = files.filter((file) => isFile(file) && file.includes("/environment.d/"));
  expect(scripts.length).toBeGreaterThan(5);
  expect(sourced.length).toBeGreaterThan(1);
  const check = (args: readonly string[]): string =>
    execFileSync("shellcheck", ["--external-sources", ...args], { cwd: repository, encoding: "utf8" });
  expect(check(scripts)).toBe("");
  expect(check(["--shell=bash", ...sourced])).toBe("");
});
