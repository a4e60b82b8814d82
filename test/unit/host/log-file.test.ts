import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { type LogFileOptions, openLogFile } from "../../../src/host/log-file.ts";
import { isRoot, temporaryFolder } from "../../support/host.ts";

let root: string;
let errors: string[];
let options: LogFileOptions;

beforeEach(() => {
  root = temporaryFolder();
  errors = [];
  const onError = (message: string): void => void errors.push(message);
  options = { root, path: "/var/log/agent.log", maxBytes: 20, keep: 2, mode: 0o640, onError };
});

const content = (name: string): string => readFileSync(join(root, "var/log", name), "utf8");

describe("a log file", () => {
  test("gets lines, in a folder that is made for it, with its mode", () => {
    const before = process.umask(0o077);
    try {
      const file = openLogFile(options);
      file.write("one");
      file.write("zwölf");
      file.close();
    } finally {
      process.umask(before);
    }
    expect(content("agent.log")).toBe("one\nzwölf\n");
    expect(statSync(join(root, "var/log/agent.log")).mode & 0o777).toBe(0o640);
    expect(errors).toEqual([]);
  });

  test("is added to, and its mode is put right", () => {
    mkdirSync(join(root, "var/log"), { recursive: true });
    writeFileSync(join(root, "var/log/agent.log"), "before\n", { mode: 0o666 });
    chmodSync(join(root, "var/log/agent.log"), 0o666);
    const file = openLogFile(options);
    file.write("after");
    file.close();
    expect(content("agent.log")).toBe("before\nafter\n");
    expect(statSync(join(root, "var/log/agent.log")).mode & 0o777).toBe(0o640);
  });

  test("is exchanged before a line would make it too long, and as many older ones as asked are kept", () => {
    const file = openLogFile(options);
    for (let line = 0; line < 7; line++) file.write(`line ${line}.`);
    file.close();
    expect(readdirSync(join(root, "var/log")).sort()).toEqual(["agent.log", "agent.log.1", "agent.log.2"]);
    expect(["agent.log.2", "agent.log.1", "agent.log"].map(content)).toEqual([
      "line 2.\nline 3.\n",
      "line 4.\nline 5.\n",
      "line 6.\n",
    ]);
    expect(statSync(join(root, "var/log/agent.log")).mode & 0o777).toBe(0o640);
  });

  test("may be exactly as long as allowed, counted in bytes", () => {
    const file = openLogFile({ ...options, maxBytes: 8 });
    file.write("üü");
    file.write("ab");
    file.write("x");
    file.close();
    expect(["agent.log.1", "agent.log"].map(content)).toEqual(["üü\nab\n", "x\n"]);
  });

  test("that is too long already is exchanged at the first line", () => {
    openLogFile(options).write("x".repeat(30));
    const file = openLogFile(options);
    file.write("new");
    file.close();
    expect(content("agent.log")).toBe("new\n");
    expect(content("agent.log.1")).toBe(`${"x".repeat(30)}\n`);
  });

  test("without older ones begins anew", () => {
    const file = openLogFile({ ...options, keep: 0 });
    for (let line = 0; line < 5; line++) file.write(`line ${line}.`);
    file.close();
    expect(readdirSync(join(root, "var/log"))).toEqual(["agent.log"]);
    expect(content("agent.log")).toBe("line 4.\n");
  });

  test("of a target tree stays in the tree", () => {
    const outside = temporaryFolder();
    mkdirSync(join(root, "var"));
    symlinkSync(outside, join(root, "var/log"));
    const file = openLogFile(options);
    for (let line = 0; line < 5; line++) file.write(`line ${line}.`);
    file.close();
    expect(readdirSync(outside)).toEqual([]);
    expect(readdirSync(join(root, outside))).toHaveLength(3);
    expect(errors).toEqual([]);
  });
});

describe("a log file that cannot be written", () => {
  test("is told once, and the run goes on", () => {
    mkdirSync(join(root, "var/log/agent.log"), { recursive: true });
    const file = openLogFile(options);
    file.write("one");
    file.write("two");
    file.close();
    file.close();
    expect(errors).toEqual(["cannot write /var/log/agent.log: it is not a regular file"]);
  });

  test("because the tree is missing", () => {
    const file = openLogFile({ ...options, root: join(root, "none") });
    file.write("one");
    expect(errors).toEqual([`cannot use as root ${root}/none: no such file or directory`]);
  });

  test("because it cannot be exchanged", () => {
    mkdirSync(join(root, "var/log/agent.log.1"), { recursive: true });
    const file = openLogFile({ ...options, keep: 1 });
    for (let line = 0; line < 5; line++) file.write(`line ${line}.`);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/^cannot write \/var\/log\/agent\.log: /);
    expect(content("agent.log")).toBe("line 0.\nline 1.\n");
  });

  test("because only somebody else may, but root may everywhere", () => {
    chmodSync(root, 0o500);
    openLogFile(options).write("one");
    expect(errors).toEqual(isRoot ? [] : ["cannot write /var/log/agent.log: permission denied"]);
    chmodSync(root, 0o700);
  });
});
