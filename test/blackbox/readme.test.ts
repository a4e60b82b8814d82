import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { programFile, runProgram } from "../support/compiled-agent.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const tutorial = readme.slice(readme.indexOf("## From an empty folder"), readme.indexOf("## The commands"));

/** The fenced blocks of a language, in their order. */
function blocks(language: string): string[] {
  return [...tutorial.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, text]) => text ?? "");
}

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kanod-readme-"));
  mkdirSync(join(folder, "bin"));
  symlinkSync(programFile, join(folder, "bin/kanod-configure"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(new URL("../..", import.meta.url).pathname, join(folder, "node_modules/kanod-configure"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the way from an empty folder to a machine that greets works as printed", () => {
  const script = blocks("sh").join("\n");
  const env = { PATH: `${join(folder, "bin")}:${process.env["PATH"]}` };
  const { exitCode, out, err } = runProgram("/bin/sh", ["-eu", "-c", `cd "$1"\n${script}`, "sh", folder], { env });
  expect({ exitCode, err: err.replace(/^\d.*\n/gm, "") }).toEqual({ exitCode: 0, err: "" });
  expect(out).toContain("create file /etc/motd");
  expect(out).toContain("status: done");
  expect(out.trimEnd().endsWith("Hello world")).toBe(true);
});

test("its unit test says what the contribution writes", () => {
  const [code = ""] = blocks("ts").slice(-1);
  const [, expected = ""] = /^\/\/ files is (.*)$/m.exec(code) ?? [];
  const file = join(folder, "kanod-hello/test/hello.ts");
  mkdirSync(join(folder, "kanod-hello/test"), { recursive: true });
  writeFileSync(
    file,
    `${code}\nimport { deepStrictEqual } from "node:assert";\ndeepStrictEqual(files, ${expected});\n`,
  );
  expect(runProgram(process.execPath, [file])).toMatchObject({ exitCode: 0, err: "" });
});

test("its user-data hands the configuration of the tutorial to cloud-init", () => {
  const [userData = ""] = blocks("yaml");
  expect(userData.startsWith("#cloud-config\n")).toBe(true);
  const { bootcmd, write_files: files, runcmd } = parse(userData);
  expect(bootcmd).toEqual(["kanod-bootcmd <<'EOF'\n{}\nEOF\n"]);
  expect(files).toMatchObject([{ path: "/etc/kanod-configure/configuration.yaml", permissions: "0600" }]);
  expect(parse(files[0].content)).toEqual({ name: "machine-42", hello: "world" });
  expect(runcmd).toEqual(["kanod-runcmd || exit 1"]);
});
