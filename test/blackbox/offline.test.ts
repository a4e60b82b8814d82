/** docs/offline.md does what it says, and the examples of the reference are configurations. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageProgram, programFile } from "../support/compiled-agent.ts";
import { corpus, hasCorpus } from "../support/corpus.ts";

const docs = fileURLToPath(new URL("../../docs", import.meta.url));

/** The fenced blocks of a page: the language, what stands behind it, and the text. */
function blocksOf(page: string): { language: string; name: string; text: string }[] {
  const markdown = readFileSync(join(docs, page), "utf8");
  return [...markdown.matchAll(/^```(\w+) ?([^\n]*)\n(.*?)^```$/gms)].map(
    ([, language = "", name = "", text = ""]) => ({
      language,
      name,
      text,
    }),
  );
}

let folder = "";
let env: Record<string, string> = {};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kanod-offline-"));
  for (const name of ["bin", "home", "work"]) mkdirSync(join(folder, name));
  for (const name of ["kanod-configure", "kanod-runcmd"]) symlinkSync(packageProgram(name), join(folder, "bin", name));
  env = { PATH: `${join(folder, "bin")}:${process.env["PATH"]}`, HOME: join(folder, "home") };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the lines of a block, each of which ends as it says; returns what they print. */
function run(script: string): string {
  let out = "";
  for (const line of script.trimEnd().split("\n")) {
    const [, code = "0"] = /# exit code (\d)$/.exec(line) ?? [];
    const ended = spawnSync("bash", ["-c", line], { cwd: join(folder, "work"), env, encoding: "utf8" });
    expect({ line, exitCode: ended.status, err: ended.stderr }).toEqual({
      line,
      exitCode: Number(code),
      err: /^(kanod-runcmd|npm) /.test(line) ? expect.any(String) : "",
    });
    out += ended.stdout;
  }
  return out;
}

/** A line `…` stands for any lines. */
function pattern(shown: string): RegExp {
  const pieces = shown.split(/^…\n/m).map((piece) => piece.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  return new RegExp(`^${pieces.join("[^]*?")}$`);
}

test("all commands of the page work, and print what it shows", { timeout: 300_000 }, () => {
  let out = "";
  const ran: string[] = [];
  for (const { language, name, text } of blocksOf("offline.md")) {
    if (language === "yaml") writeFileSync(join(folder, "work", name), text);
    else if (language === "sh") {
      out = run(text);
      ran.push(text);
    } else expect(out).toMatch(pattern(text));
  }
  const help = execFileSync(programFile, ["--help"], { encoding: "utf8" });
  const [, commands = ""] = /Commands:\n(.*?)\n\n/s.exec(help) ?? [];
  const names = [...commands.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(9);
  const missing = names.filter((name) => !new RegExp(`kanod-configure ${name}\\b`).test(ran.join("")));
  expect(missing).toEqual(["compile"]);
});

describe("the reference", () => {
  const examples = blocksOf("configuration.md").filter(({ language }) => language === "yaml");

  test("has an example for each key, which is a configuration", () => {
    const markdown = readFileSync(join(docs, "configuration.md"), "utf8");
    const [, keys = ""] = /^Keys: (.*)$/m.exec(markdown) ?? [];
    expect(examples.length).toBeGreaterThanOrEqual(keys.split(", ").length - 2);
    const vault = examples.find(({ text }) => text.startsWith("vault:"))?.text ?? "";
    examples.forEach(({ text }, index) => {
      const name = /^name:/m.test(text) ? "" : "name: node1\n";
      const references = text.includes('"@vault:') && text !== vault ? vault : "";
      writeFileSync(join(folder, `example-${index}.yaml`), `${name}${text}${references}`);
    });
    const args = ["validate", "--exclude", "work", "."];
    const { status, stdout } = spawnSync(programFile, args, { cwd: folder, encoding: "utf8" });
    expect({ status, errors: stdout.match(/^.* error\[.*/gm) }).toEqual({ status: 0, errors: null });
    expect(stdout).toContain(`\n${examples.length} files checked`);
  });
});

test.skipIf(!hasCorpus)("files of public projects are checked without a false alarm", () => {
  const { status, stdout } = spawnSync(programFile, ["validate", "--strict", "--format", "json", corpus], {
    encoding: "utf8",
  });
  const { files } = JSON.parse(stdout) as {
    files: { file: string; documents: { kind: string }[]; problems: { severity: string }[] }[];
  };
  expect(files.filter(({ problems }) => problems.length > 0)).toEqual([]);
  expect(status).toBe(0);
  const kinds = (path: string) =>
    new Set(
      files.filter(({ file }) => file.includes(path)).flatMap(({ documents }) => documents.map(({ kind }) => kind)),
    );
  expect([...kinds("/netplan-examples/")]).toEqual(["network"]);
  expect([...kinds("/metal3/")]).toEqual(["kubernetes"]);
  expect([...kinds("/kanod-image-builder/")].sort()).toEqual(["module", "other"]);
  expect(files.length).toBeGreaterThan(50);
});
