import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const repository = fileURLToPath(new URL("../..", import.meta.url));
/** A folder with our rules, and nothing else. */
const elsewhere = mkdtempSync(join(tmpdir(), "kanod-layers-"));
for (const name of ["biome.json", "biome.layers.json"]) copyFileSync(join(repository, name), join(elsewhere, name));

afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

/** What lint says of a file with this text at this place in the repository. */
function lint(file: string, text: string): { exitCode: number | null; output: string } {
  const path = join(elsewhere, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  const { status, stdout, stderr } = spawnSync(
    join(repository, "node_modules/.bin/biome"),
    ["lint", "--vcs-enabled=false", file],
    { cwd: elsewhere, encoding: "utf8" },
  );
  rmSync(path);
  return { exitCode: status, output: stdout + stderr };
}

const use = (name: string, from: string): string =>
  `import { ${name} } from "${from}";\nexport const used = ${name};\n`;

test.each<[string, string, string]>([
  ["config knows the agent", "src/config/forbidden-import.ts", use("Runner", "../agent/runner.ts")],
  ["user-data knows the kit through two folders", "src/user-data/read/forbidden-import.ts", use("x", "../../kit/x.ts")],
  ["log knows the host", "src/log/forbidden-import.ts", use("createHost", "../host/create-host.ts")],
  ["host knows the agent", "src/host/forbidden-import.ts", use("Runner", "../agent/runner.ts")],
  ["agent knows the kit", "src/agent/forbidden-import.ts", use("b64", "../kit/common.ts")],
  ["agent knows the command line", "src/agent/forbidden-import.ts", use("main", "../cli/main.ts")],
  ["the kit knows the command line", "src/kit/forbidden-import.ts", use("main", "../cli/main.ts")],
  ["report knows the host", "src/report/forbidden-import.ts", use("createHost", "../host/create-host.ts")],
  ["compile knows the agent", "src/compile/forbidden-import.ts", use("Runner", "../agent/runner.ts")],
  ["compile knows image", "src/compile/forbidden-import.ts", use("x", "../image/build-image.ts")],
  ["report knows user-data", "src/report/forbidden-import.ts", use("x", "../user-data/read/check.ts")],
  ["the agent reads files", "src/agent/forbidden-import.ts", use("readFileSync", "node:fs")],
  ["the kit starts processes", "src/kit/forbidden-import.ts", use("spawn", "node:child_process")],
  ["the command line uses execa", "src/cli/forbidden-import.ts", use("execa", "execa")],
  ["image reads files outside the workspace", "src/image/forbidden-import.ts", use("readFileSync", "node:fs")],
  ["the agent knows the process", "src/agent/forbidden-import.ts", "export const used = process.pid;\n"],
  ["the kit writes to the console", "src/kit/forbidden-import.ts", "console.log('x');\nexport {};\n"],
  ["a contribution reads files", "contributions/forbidden/kanod/forbidden.ts", use("readFileSync", "node:fs")],
  [
    "a contribution knows another",
    "contributions/forbidden/kanod/forbidden.ts",
    use("x", "../../network/kanod/network.ts"),
  ],
  [
    "a folder of a contribution knows another contribution",
    "contributions/forbidden/kanod/folder/forbidden.ts",
    use("x", "../../../network/kanod/model/network.ts"),
  ],
  [
    "a contribution knows the sources of the agent",
    "contributions/forbidden/kanod/folder/forbidden.ts",
    use("x", "../../../../src/kit/address.ts"),
  ],
  [
    "a contribution knows the process",
    "contributions/forbidden/kanod/forbidden.ts",
    "export const used = process.env;\n",
  ],
])("lint refuses that %s", (_, file, text) => {
  const { exitCode, output } = lint(file, text);
  expect(output).toMatch(/lint\/style\/noRestricted(Imports|Globals)/);
  expect(exitCode).not.toBe(0);
});

test("lint refuses files that import each other, be it types alone", () => {
  const other = join(elsewhere, "src/host/circle-other.ts");
  mkdirSync(dirname(other), { recursive: true });
  writeFileSync(other, 'import type { One } from "./circle-one.ts";\nexport type Other = One[];\n');
  const one = 'import type { Other } from "./circle-other.ts";\nexport type One = string | Other;\n';
  const { exitCode, output } = lint("src/host/circle-one.ts", one);
  rmSync(other);
  expect(output).toContain("lint/suspicious/noImportCycles");
  expect(exitCode).not.toBe(0);
});

test.each<[string, string, string]>([
  ["agent knows the host", "src/agent/allowed-import.ts", use("createHost", "../host/create-host.ts")],
  ["the command line knows everything", "src/cli/allowed-import.ts", use("Runner", "../agent/runner.ts")],
  ["a contribution knows its own files", "contributions/allowed/kanod/a/b/c.ts", use("x", "../../d/e.ts")],
  ["image knows compile", "src/image/allowed-import.ts", use("compileAgent", "../compile/compile.ts")],
  ["host reads files", "src/host/allowed-import.ts", use("readFileSync", "node:fs")],
])("lint allows that %s", (_, file, text) => {
  expect(lint(file, text)).toMatchObject({ exitCode: 0 });
});
