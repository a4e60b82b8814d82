import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test, vi } from "vitest";
import { temporaryFolder } from "../support/cli.ts";
import { fixtureElement, programFile, writtenElement } from "../support/compiled-agent.ts";

// Many builds run at a time.
vi.setConfig({ testTimeout: 180_000 });

/** Compiles elements to a new folder; what it says, with paths relative to the fixtures. */
async function compile(
  elements: readonly string[],
  options: readonly string[] = ["--runtime", "system"],
  output: string = join(temporaryFolder(), "out"),
): Promise<{ exitCode: number | undefined; said: string; output: string }> {
  const args = ["compile", ...elements.flatMap((element) => ["--element", element]), "-o", output, ...options];
  const result = await execa(process.execPath, [programFile, ...args], { reject: false, timeout: 170_000 });
  return { exitCode: result.exitCode, said: result.stderr.replaceAll(fixtureElement("/"), ""), output };
}

/** The first line of each problem. */
function heads(said: string): string[] {
  return said.split("\n").filter((line) => /(?:^|: )(?:error|warning)\[/.test(line));
}

describe.concurrent("a mistake in an element is found, with its place, and nothing is written:", () => {
  test.each<[string, string[], string]>([
    ["a type error", ["bad-typescript"], "bad-typescript/kanod/bad-typescript.ts:5:20: error[type-error]"],
    ["one in a file it imports", ["bad-typescript"], "bad-typescript/kanod/lib/helper.ts:1:14: error[type-error]"],
    ["syntax beyond types", ["bad-enum"], "bad-enum/kanod/bad-enum.ts:3:6: error[syntax-error]"],
    [
      "a syntax error in JavaScript",
      ["bad-javascript"],
      "bad-javascript/kanod/bad-javascript.js:4:16: error[syntax-error]",
    ],
    ["a missing package", ["bad-package"], "bad-package/kanod/bad-package.ts:2:24: error[missing-package]"],
    [
      "a missing package in JavaScript",
      ["bad-package-javascript"],
      "bad-package-javascript/kanod/bad-package-javascript.js:4:35: error[missing-package]",
    ],
    [
      "a file of another element",
      ["bad-outside", "uses-package"],
      "bad-outside/kanod/bad-outside.ts:2:26: error[missing-import]",
    ],
    [
      "two templates of one name",
      ["bad-template-one", "bad-template-two"],
      "bad-template-two/kanod/templates/same.conf:1:1: error[duplicate-template]",
    ],
    [
      "two contributions of one name",
      ["bad-name-one", "bad-name-two"],
      "bad-name-two/kanod/bad-name-two.ts:3:10: error[duplicate-contribution]",
    ],
    [
      "a schema conflict",
      ["bad-conflict-one", "bad-conflict-two"],
      "bad-conflict-two/schema.yaml:4:11: error[schema-conflict]",
    ],
    ["a dangling $ref", ["bad-reference"], "bad-reference/schema.yaml:7:13: error[dangling-ref]"],
    ["a broken schema", ["bad-schema"], "bad-schema/schema.yaml:4:11: error[bad-schema]"],
    ["an error at import", ["bad-throw"], "bad-throw/kanod/bad-throw.ts:1:1: error[import-failed]"],
    ["process.exit at import", ["bad-exit"], "bad-exit/kanod/bad-exit.ts:1:1: error[process-exit]"],
    ["an import that never ends", ["bad-hang"], "bad-hang/kanod/bad-hang.ts:1:1: error[import-hangs]"],
    ["no registration", ["bad-nothing"], "bad-nothing/kanod/bad-nothing.ts:1:1: error[no-registration]"],
    ["a native addon", ["bad-addon"], "bad-addon/kanod/bad-addon.ts:2:24: error[native-addon]"],
    ["Python", ["bad-python"], "bad-python/kanod/greeter.py:1:1: error[python-contribution]"],
    ["neither contribution nor schema", ["bad-empty"], "error[empty-element]"],
    ["no folder", ["no-such-element"], "error[no-element]"],
  ])("%s", async (_, names, place) => {
    // The element that is well is the first one: the place is not just that of whatever comes first.
    const { exitCode, said, output } = await compile(["plain-javascript", ...names].map(fixtureElement));
    expect(exitCode).toBe(1);
    expect(heads(said)).toContainEqual(expect.stringContaining(place));
    expect(existsSync(output)).toBe(false);
  });

  test("several mistakes are all shown", async () => {
    const { said } = await compile([fixtureElement("bad-typescript"), fixtureElement("bad-enum")]);
    expect(heads(said)).toHaveLength(3);
    expect(said).toContain("3 errors");
  });

  test("an error at import shows what was thrown", async () => {
    expect((await compile([fixtureElement("bad-throw")])).said).toContain("not today");
  });

  test("a conflict names both values and the other file", async () => {
    const { said } = await compile(["bad-conflict-one", "bad-conflict-two"].map(fixtureElement));
    expect(said).toContain("`integer` conflicts with `string` in bad-conflict-one/schema.yaml:4:11");
  });

  test("the registration of JavaScript is checked by the agent, whose words come at the place of the name", async () => {
    const code = 'import { register } from "kanod-configure";\n\nregister("late", "high", () => {});\n';
    const { exitCode, said } = await compile([writtenElement("el", { "kanod/late.js": code })]);
    expect(exitCode).toBe(1);
    expect(heads(said)).toEqual([expect.stringContaining("el/kanod/late.js:3:10: error[bad-registration]")]);
  });

  test("what cannot be in a bundle is said of the file that has it", async () => {
    const code =
      'import { register } from "kanod-configure";\n\nregister("here", 1, () => void import.meta.dirname);\n';
    const { exitCode, said } = await compile([writtenElement("el", { "kanod/here.ts": code })]);
    expect(exitCode).toBe(1);
    expect(heads(said)).toEqual([expect.stringContaining("el/kanod/here.ts:1:1: error[bundle-failed]")]);
    expect(said).toContain("import.meta.url");
  });

  test("a package that reads a file beside it is warned of", async () => {
    const read =
      'exports.text = () => require("node:fs").readFileSync(require("node:path").join(__dirname, "text.txt"));';
    const code =
      'import { register } from "kanod-configure";\nimport { text } from "reads";\nregister("r", 1, () => text());\n';
    const element = writtenElement("el", {
      "kanod/r.js": code,
      "node_modules/reads/package.json": '{"name":"reads","version":"1.0.0"}',
      "node_modules/reads/index.js": read,
      "node_modules/reads/text.txt": "text",
    });
    const { exitCode, said } = await compile([element]);
    expect(exitCode).toBe(0);
    expect(heads(said)).toEqual([expect.stringContaining("el/kanod/r.js:2:22: warning[left-out-file]")]);
  });

  test("a contribution that registers something else on another machine is refused", async () => {
    const code = 'import { register } from "kanod-configure";\n\nregister(process.argv[1] ?? "", 1, () => {});\n';
    const { exitCode, said, output } = await compile([writtenElement("el", { "kanod/el.ts": code })]);
    expect(exitCode).toBe(1);
    expect(heads(said)).toEqual([expect.stringContaining("error[agent-does-not-start]")]);
    expect(existsSync(output)).toBe(false);
  });
});

test("an unknown package for Node is named, with the command that installs it", async () => {
  const arch = process.arch === "x64" ? "arm64" : "x64";
  const installed = existsSync(new URL(`../../node_modules/node-linux-${arch}`, import.meta.url));
  const { exitCode, said } = await compile([fixtureElement("plain-javascript")], ["--arch", arch]);
  if (installed) return expect([exitCode, said]).toEqual([0, expect.stringContaining("note: ")]);
  expect(exitCode).toBe(1);
  expect(heads(said)).toEqual([expect.stringContaining("error[no-runtime]")]);
  expect(said).toMatch(
    new RegExp(`npm install --no-save --force --no-bin-links node-linux-${arch}@\\d+\\.\\d+\\.\\d+`),
  );
});

test("an output folder that cannot be made is reported", async () => {
  const file = join(fixtureElement("plain-javascript"), "kanod/plain-javascript.js");
  const { exitCode, said } = await compile(
    [fixtureElement("plain-javascript")],
    ["--runtime", "system"],
    `${file}/out`,
  );
  expect(exitCode).toBe(1);
  expect(heads(said)).toEqual([expect.stringContaining("error[file-error]")]);
});
