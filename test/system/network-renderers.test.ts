import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { compiledAgent, runProgram, targetTree } from "../support/compiled-agent.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** The element as it is, with a folder more, and a line more in the list. */
function withPencil(): string {
  const folder = join(mkdtempSync(join(tmpdir(), "kanod-element-")), "network");
  afterAll(() => rmSync(join(folder, ".."), { recursive: true, force: true }));
  cpSync(join(repository, "contributions/network"), folder, { recursive: true });
  symlinkSync(join(repository, "node_modules"), join(folder, "../node_modules"));
  cpSync(join(repository, "test/fixtures/renderers/pencil"), join(folder, "kanod/renderers/pencil"), {
    recursive: true,
  });
  const path = join(folder, "kanod/renderers/list.ts");
  const list = readFileSync(path, "utf8");
  writeFileSync(path, `import { pencil } from "./pencil/pencil.ts";\n${list.replace("[eni,", "[pencil, eni,")}`);
  return folder;
}

test("a renderer is added by a folder and its name in the list", () => {
  const agent = compiledAgent([withPencil()], ["--runtime", "system"]);
  const network = { version: 2, ethernets: { eno1: { dhcp4: true } } };
  const tree = targetTree(JSON.stringify({ name: "node", network }));
  mkdirSync(join(tree, "usr/bin"), { recursive: true });
  writeFileSync(join(tree, "usr/bin/pencil"), "");
  const { exitCode, err } = runProgram(join(agent, "kanod-runcmd"), ["--root", tree]);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  expect(readFileSync(join(tree, "etc/paper/network"), "utf8")).toBe("eno1\n");

  // Another renderer takes its files away.
  writeFileSync(join(tree, "etc/kanod-configure/system.yaml"), "network: {renderer: netplan}\n");
  expect(runProgram(join(agent, "kanod-runcmd"), ["--root", tree])).toMatchObject({ exitCode: 0 });
  expect(existsSync(join(tree, "etc/paper/network"))).toBe(false);
});
