import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BuildError } from "../../../src/compile/build-error.ts";
import { publish, type WriteFiles } from "../../../src/compile/publish.ts";
import { temporaryFolder } from "../../support/cli.ts";

const program: WriteFiles = async (folder) => writeFileSync(join(folder, "kanod-configure"), "new", { mode: 0o755 });

test("the files, and the links to the agent, are written", async () => {
  const output = join(temporaryFolder(), "a/b");
  await publish(output, { "schema.yaml": "s", "manifest.json": "m" }, program);
  expect(readdirSync(output).sort()).toEqual([
    "kanod-bootcmd",
    "kanod-configure",
    "kanod-runcmd",
    "manifest.json",
    "schema.yaml",
  ]);
  expect(readlinkSync(join(output, "kanod-bootcmd"))).toBe("kanod-configure");
  expect(readlinkSync(join(output, "kanod-runcmd"))).toBe("kanod-configure");
  expect(statSync(join(output, "kanod-configure")).mode & 0o777).toBe(0o755);
  expect(readFileSync(join(output, "schema.yaml"), "utf8")).toBe("s");
});

test("earlier output is replaced, what only it had is removed, and files of others stay", async () => {
  const output = temporaryFolder();
  mkdirSync(join(output, "kanod-configure.files/elements"), { recursive: true });
  for (const name of ["kanod-configure", "kanod-configure.cjs", "kanod-bootcmd", "schema.yaml", "notes.txt"]) {
    writeFileSync(join(output, name), "old");
  }
  symlinkSync("notes.txt", join(output, "kanod-runcmd"));
  await publish(output, { "schema.yaml": "s" }, program);
  expect(readdirSync(output).sort()).toEqual([
    "kanod-bootcmd",
    "kanod-configure",
    "kanod-runcmd",
    "notes.txt",
    "schema.yaml",
  ]);
  expect(readFileSync(join(output, "kanod-runcmd"), "utf8")).toBe("new");
  expect(lstatSync(join(output, "kanod-bootcmd")).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(output, "notes.txt"), "utf8")).toBe("old");
});

test("a folder of modules replaces an earlier one as a whole", async () => {
  const output = temporaryFolder();
  const modules =
    (name: string): WriteFiles =>
    async (folder) => {
      mkdirSync(join(folder, "kanod-configure.files"));
      writeFileSync(join(folder, "kanod-configure.files", name), name);
      await program(folder);
    };
  await publish(output, {}, modules("one"));
  await publish(output, {}, modules("two"));
  expect(readdirSync(join(output, "kanod-configure.files"))).toEqual(["two"]);
});

test("when writing fails, nothing is touched and nothing is left behind", async () => {
  const output = temporaryFolder();
  writeFileSync(join(output, "schema.yaml"), "old");
  const failing: WriteFiles = async (folder) => {
    await program(folder);
    throw new Error("no program today");
  };
  await expect(publish(output, { "schema.yaml": "new" }, failing)).rejects.toThrow("no program today");
  expect(readdirSync(output)).toEqual(["schema.yaml"]);
  expect(readFileSync(join(output, "schema.yaml"), "utf8")).toBe("old");
});

test("a folder where a file is to be written is not removed", async () => {
  const output = temporaryFolder();
  mkdirSync(join(output, "kanod-configure/kanod"), { recursive: true });
  writeFileSync(join(output, "schema.yaml"), "old");
  const failure = await publish(output, { "schema.yaml": "new" }, program).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(BuildError);
  expect((failure as BuildError).problems.map(({ code }) => code)).toEqual(["output-taken"]);
  expect(readdirSync(output).sort()).toEqual(["kanod-configure", "schema.yaml"]);
  expect(readFileSync(join(output, "schema.yaml"), "utf8")).toBe("old");
});

test("a file in the place of the output folder is reported", async () => {
  const output = join(temporaryFolder(), "file");
  writeFileSync(output, "mine");
  const failure = await publish(output, {}, program).catch((error: unknown) => error);
  expect((failure as BuildError).problems.map(({ code }) => code)).toEqual(["output-taken"]);
  expect(readFileSync(output, "utf8")).toBe("mine");
});

test("builds that write the same output at the same time do not disturb each other", async () => {
  const output = temporaryFolder();
  const texts = (build: number): Record<string, string> => ({ "kanod-configure.types/a.d.ts": String(build) });
  await Promise.all(Array.from({ length: 30 }, (_, build) => publish(output, texts(build), program)));
  expect(readdirSync(join(output, "kanod-configure.types"))).toEqual(["a.d.ts"]);
  expect(readdirSync(output).filter((name) => name.startsWith("."))).toEqual([]);
});
