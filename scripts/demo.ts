/**
 * `npm run demo`: compiles the greeter element into an agent, boots a target tree with it and shows what it did. Nothing
 * outside a temporary folder is touched.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const repository = new URL("..", import.meta.url).pathname;
const element = join(repository, "packaging/modules/demo/elements/kanod-greeter");
const work = mkdtempSync(join(tmpdir(), "kanod-demo-"));
const agent = join(work, "agent");
const tree = join(work, "tree");

function show(program: string, args: readonly string[], input = ""): void {
  const name = program.startsWith(work) ? program.slice(work.length + 1) : program.split("/").at(-1);
  console.log(`\n$ ${name} ${args.map((word) => word.replace(work, "").replace(repository, "")).join(" ")}`);
  const { status, error } = spawnSync(program, args, { input, stdio: ["pipe", "inherit", "inherit"] });
  if (error !== undefined || status !== 0)
    throw new Error(`${name} ended with ${error?.message ?? `exit code ${status}`}`);
}

try {
  show(process.execPath, [
    join(repository, "dist/bin/kanod-configure.js"),
    "compile",
    "--element",
    element,
    "-o",
    agent,
  ]);

  mkdirSync(join(tree, "etc/kanod-configure"), { recursive: true });
  cpSync(join(element, "example.yaml"), join(tree, "etc/kanod-configure/configuration.yaml"));
  writeFileSync(join(tree, "etc/os-release"), 'ID=demo\nPRETTY_NAME="A demo tree"\n');

  show(join(agent, "kanod-bootcmd"), ["--root", tree]);
  show(join(agent, "kanod-runcmd"), ["--root", tree, "--dry-run"]);
  show(join(agent, "kanod-runcmd"), ["--root", tree]);
  show(join(agent, "kanod-configure"), ["status", "--root", tree]);
  console.log("\nThe tree's console now says:");
  console.log(readFileSync(join(tree, "etc/issue"), "utf8"));
} finally {
  rmSync(work, { recursive: true, force: true });
}
