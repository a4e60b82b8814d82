import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/host.ts";
import { partsObstacle, runHostScript } from "../support/namespace.ts";

const obstacle = partsObstacle("unshare", "mount", "chroot", "setpriv");

let root: string;
beforeEach(({ skip }) => {
  if (obstacle !== undefined) skip(obstacle);
  root = temporaryFolder();
  mkdirSync(join(root, "etc"));
  writeFileSync(join(root, "etc/marker"), "in the tree\n");
});

/** The machine's own programs, read-only, in the tree. */
const prepare = `for folder in usr bin sbin lib lib64; do
  [ -e "/$folder" ] || continue
  mkdir -p "$1/$folder"
  mount --bind "$(readlink -f "/$folder")" "$1/$folder"
  mount -o remount,bind,ro "$1/$folder"
done`;

const inTree = (script: string): unknown => runHostScript(script, { prepare, args: [root] }).result;

const host = `const host = createHost({ log, root: args[0], environment: { PATH: process.env.PATH, NODE_OPTIONS: "--bad" } });
  const inTree = { onTree: "chroot" };`;

describe("a command in the target tree, chroot(1)", () => {
  test("sees the tree as /, and works in it", () => {
    const script = `${host}
      const { stdout } = await host.query(["cat", "/etc/marker"], inTree);
      await host.run(["sh", "-c", "pwd > /etc/made; cat >> /etc/made; echo $LC_ALL $NODE_OPTIONS >> /etc/made"], { ...inTree, input: "input\\n" });
      report(stdout);`;
    expect(inTree(script)).toBe("in the tree");
    expect(readFileSync(join(root, "etc/made"), "utf8")).toBe("/\ninput\nC.UTF-8\n");
    expect(existsSync("/etc/made")).toBe(false);
  });

  test("that is not there is told by its own name", () => {
    const script = `${host} report([await outcome(host.run(["no-such-program", "x"], inTree)), await outcome(host.run(["/no/such"], inTree))]);`;
    expect(inTree(script)).toEqual([
      { code: "command-not-found", message: "no-such-program is not installed (looked for in PATH)" },
      { code: "command-not-found", message: "/no/such, or the interpreter that it asks for, does not exist" },
    ]);
  });

  test("that ends with 127 itself is a command that failed", () => {
    const script = `${host} report(await outcome(host.run(["sh", "-c", "exit 127"], inTree)));`;
    expect(inTree(script)).toMatchObject({ code: "command-failed" });
  });

  test("is ended in time, with all that it started", () => {
    const script = `${host}
      const result = await outcome(host.run(["sh", "-c", "sleep 4321 & sleep 4321"], { ...inTree, timeout: 0.5 }));
      const isLeft = (pid) => { try { return fs.readFileSync("/proc/" + pid + "/cmdline", "utf8").includes("4321"); } catch { return false; } };
      await new Promise((resolve) => setTimeout(resolve, 200));
      report([result.code, fs.readdirSync("/proc").filter((pid) => Number(pid) > 0 && Number(pid) !== process.pid && isLeft(pid))]);`;
    expect(inTree(script)).toEqual(["command-timeout", []]);
  });

  test("cannot be run by somebody who is not root, and the error says why", () => {
    const script = `${host} report(await host.run(["true"], inTree).catch((error) => [error.code, error.stderr]));`;
    const wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const { result } = runHostScript(script, { prepare: `chmod 755 "$1"`, wrapper, args: [root] });
    expect(result).toEqual(["command-failed", expect.stringMatching(/chroot/)]);
  });
});
