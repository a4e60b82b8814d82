import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";

/** Which modules a fresh process has loaded after it has imported one of `src/host`. */
function loadedBy(file: string): { builtin: string[]; files: string[] } {
  const source = new URL(`../../../src/host/${file}`, import.meta.url).href;
  const script = `
    import { registerHooks } from "node:module";
    const files = [];
    registerHooks({ load(url, context, next) { files.push(url); return next(url, context); } });
    await import(${JSON.stringify(source)});
    console.log(JSON.stringify({ builtin: process.moduleLoadList, files }));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  return JSON.parse(output);
}

describe.each(["create-host.ts", "recording-host.ts", "log-file.ts", "lock-port.ts"])("importing %s", (file) => {
  test("loads nothing that a run may not need", () => {
    const { files } = loadedBy(file);
    const heavy = [
      "node:http",
      "node:https",
      "node:net",
      "node:tls",
      "node:dns",
      "node:dns/promises",
      "node:child_process",
    ];
    expect(files.filter((url) => heavy.includes(url) || url.includes("/node_modules/"))).toEqual([]);
    expect(files.some((url) => url.endsWith(file))).toBe(true);
  });
});

test("node:child_process is loaded by the first command, and not by files", () => {
  const source = new URL("../../../src/host/create-host.ts", import.meta.url).href;
  const script = `
    import { registerHooks } from "node:module";
    const files = [];
    registerHooks({ load(url, context, next) { files.push(url); return next(url, context); } });
    const { createHost } = await import(${JSON.stringify(source)});
    const nothing = () => {};
    const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
    const host = createHost({ log });
    await host.readFile("/etc/hostname");
    await host.list("/etc");
    const before = files.includes("node:child_process");
    await host.query(["true"]);
    console.log(before, files.includes("node:child_process"));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(output).toBe("false true\n");
});
