import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createHost } from "../../../src/host/create-host.ts";
import { type RecordingHost, recordingHost } from "../../../src/host/recording-host.ts";
import { keptLog, temporaryFolder } from "../../support/host.ts";
import { snapshot } from "../../support/snapshot.ts";

const nobody = { uid: 0, gid: 0 };

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error: { code: string }) => error.code,
  );

describe("files", () => {
  test("that are written are steps, and are there for later reads", async () => {
    const host = recordingHost();
    expect(await host.writeFile("/etc/a/b", "text")).toBe("created");
    expect(await host.writeFile("/etc/a/b", "text")).toBe("same");
    expect(await host.writeFile("/etc/a/b", "more", { mode: 0o600, owner: { uid: 1, gid: 2 } })).toBe("changed");
    expect(await host.readFile("/etc/a/b")).toBe("more");
    expect(await host.readBytes("/etc/a/b")).toEqual(Buffer.from("more"));
    expect(await host.stat("/etc/a/b")).toEqual({ kind: "file", mode: 0o600, uid: 1, gid: 2, size: 4 });
    expect(await host.stat("/etc/a")).toMatchObject({ kind: "directory", mode: 0o755 });
    expect(await host.list("/etc")).toEqual(["a"]);
    const common = { kind: "write", path: "/etc/a/b", secret: false };
    expect(host.steps).toEqual([
      { ...common, change: "created", content: "text", previous: undefined, mode: 0o644, owner: nobody },
      { ...common, change: "changed", content: "more", previous: "text", mode: 0o600, owner: { uid: 1, gid: 2 } },
    ]);
  });

  test("that are secret are masked in steps, before and after", async () => {
    const host = recordingHost({
      files: { "/etc/wide": "hidden-before", "/etc/narrow": { content: "hidden-narrow", mode: 0o640 } },
    });
    await host.writeFile("/etc/wide", "hidden-words", { secret: true });
    await host.writeFile("/etc/wide", "open", { mode: 0o644 });
    await host.writeFile("/etc/wide", "open again");
    await host.writeFile("/etc/narrow", "open");
    expect(JSON.stringify(host.steps)).not.toContain("hidden");
    expect(host.steps).toMatchObject([
      { change: "changed", content: "***", previous: "***", mode: 0o600, secret: true },
      { content: "open", previous: "***", secret: false },
      { content: "open again", previous: "open" },
      { content: "open", previous: "***", mode: 0o640 },
    ]);
    expect(await host.readFile("/etc/wide")).toBe("open again");
  });

  test("that are no text are told by their length", async () => {
    const host = recordingHost();
    await host.writeFile("/a", Buffer.from([0xff, 0xfe, 0]));
    expect(host.steps).toMatchObject([{ content: "(3 bytes that are no text)" }]);
    expect(await host.readBytes("/a")).toEqual(Buffer.from([0xff, 0xfe, 0]));
  });

  test("can be given, with links and folders", async () => {
    const files = {
      "/usr/lib/os-release": "ID=debian\n",
      "/etc/os-release": { link: "../usr/lib/os-release" },
      "/srv/data": { directory: true, mode: 0o700, owner: { uid: 5, gid: 6 } },
      "/etc/shadow": { content: "x", mode: 0o640, owner: { uid: 0, gid: 42 } },
    } as const;
    const host = recordingHost({ files });
    expect(await host.readFile("/etc/os-release")).toBe("ID=debian\n");
    expect(await host.stat("/etc/os-release")).toMatchObject({ kind: "symlink", target: "../usr/lib/os-release" });
    expect(await host.stat("/srv/data")).toMatchObject({ kind: "directory", mode: 0o700, uid: 5, gid: 6 });
    expect(await host.stat("/etc/shadow")).toMatchObject({ mode: 0o640, gid: 42 });
    expect(await host.list("/")).toEqual(["etc", "srv", "usr"]);
    expect(host.steps).toEqual([]);
    expect(await host.writeFile("/etc/os-release", "ID=x\n")).toBe("changed");
    expect(await host.readFile("/usr/lib/os-release")).toBe("ID=x\n");
  });

  test("that cannot be given are told to whoever comes first", async () => {
    const host = recordingHost({ files: { "not/absolute": "" } });
    expect(await codeOf(host.readFile("/a"))).toBe("bad-path");
    expect(await host.readFile("/a")).toBeUndefined();
  });

  test("folders, links and removals are steps", async () => {
    const host = recordingHost({ files: { "/etc/a": "x" } });
    expect(await host.makeDirectory("/etc/dir", { mode: 0o700 })).toBe("created");
    expect(await host.makeDirectory("/etc/dir")).toBe("same");
    expect(await host.makeDirectory("/etc/dir", { owner: { uid: 7, gid: 7 } })).toBe("changed");
    expect(await host.symlink("../a", "/etc/dir/link")).toBe("created");
    expect(await host.symlink("../a", "/etc/dir/link")).toBe("same");
    expect(await host.readFile("/etc/dir/link")).toBe("x");
    expect(await host.remove("/etc/a")).toBe(true);
    expect(await host.remove("/etc/a")).toBe(false);
    expect(await host.readFile("/etc/dir/link")).toBeUndefined();
    expect(await host.symlink("b", "/etc/dir/link")).toBe("changed");
    expect(host.steps).toEqual([
      { kind: "directory", path: "/etc/dir", change: "created", mode: 0o700, owner: nobody },
      { kind: "directory", path: "/etc/dir", change: "changed", mode: 0o700, owner: { uid: 7, gid: 7 } },
      { kind: "symlink", path: "/etc/dir/link", change: "created", target: "../a" },
      { kind: "remove", path: "/etc/a" },
      { kind: "symlink", path: "/etc/dir/link", change: "changed", target: "b" },
    ]);
  });

  test("of the base are seen, and never changed", async () => {
    const root = temporaryFolder();
    mkdirSync(join(root, "etc/dir/sub"), { recursive: true });
    writeFileSync(join(root, "etc/a"), "base");
    writeFileSync(join(root, "etc/dir/b"), "base");
    writeFileSync(join(root, "etc/narrow"), "hidden", { mode: 0o600 });
    const before = snapshot(root, { times: true });
    const base = createHost({ log: keptLog().log, root });
    const host = recordingHost({ base, files: { "/etc/c": "canned" } });
    expect(await host.list("/etc")).toEqual(["a", "c", "dir", "narrow"]);
    expect(await host.writeFile("/etc/narrow", "open")).toBe("changed");
    expect(await host.writeFile("/etc/a", "base")).toBe("same");
    expect(await host.writeFile("/etc/a", "new")).toBe("changed");
    expect(await host.makeDirectory("/etc/dir", { mode: 0o700 })).toBe("changed");
    expect(await host.list("/etc/dir")).toEqual(["b", "sub"]);
    expect(await host.remove("/etc/dir")).toBe(true);
    expect(await host.list("/etc/dir")).toBeUndefined();
    expect(await host.readFile("/etc/dir/b")).toBeUndefined();
    expect(await host.makeDirectory("/etc/dir/sub")).toBe("created");
    expect(await host.list("/etc/dir")).toEqual(["sub"]);
    expect(await host.makeDirectory("/etc/dir", { mode: 0o700 })).toBe("changed");
    expect(await host.list("/etc/dir")).toEqual(["sub"]);
    expect(await host.list("/etc")).toEqual(["a", "c", "dir", "narrow"]);
    expect(host.steps).toMatchObject([
      { previous: "***", content: "open", mode: 0o600 },
      { previous: "base", content: "new" },
      {},
      { kind: "remove" },
      {},
      {},
    ]);
    expect(snapshot(root, { times: true })).toEqual(before);
  });

  test("several at once are done one after the other", async () => {
    const host = recordingHost();
    const changes = await Promise.all(["1", "2", "2"].map((text) => host.writeFile("/a/b", text)));
    expect(changes).toEqual(["created", "changed", "same"]);
    expect(host.steps).toHaveLength(2);
  });
});

describe("queries", () => {
  test("are answered by the first that matches", async () => {
    const host = recordingHost({
      commands: [
        { argv: ["lsblk", "--json"], stdout: "{}\n" },
        { argv: ["lsblk"], prefix: true, stdout: "prefix" },
        { argv: (argv) => argv.includes("x"), stderr: "odd\n", exitCode: 3 },
        { argv: ["flaky"], exitCode: 1, times: 2 },
        { argv: ["flaky"], stdout: "fine" },
      ],
    });
    expect(await host.query(["lsblk", "--json"])).toEqual({ exitCode: 0, stdout: "{}", stderr: "", skipped: false });
    expect((await host.query(["lsblk", "--json", "-b"])).stdout).toBe("prefix");
    expect((await host.query(["lsblk"])).stdout).toBe("prefix");
    expect(await host.query(["a", "x"], { okExitCodes: [3] })).toMatchObject({ exitCode: 3, stderr: "odd" });
    await expect(host.query(["a", "x"])).rejects.toMatchObject({
      code: "command-failed",
      exitCodeOfCommand: 3,
      stderr: "odd\n",
    });
    await expect(host.query(["a", "x"], { secret: true })).rejects.toMatchObject({ stderr: "" });
    const flaky = { okExitCodes: [0, 1] };
    const codes = [];
    for (let round = 0; round < 4; round++) codes.push((await host.query(["flaky"], flaky)).exitCode);
    expect(codes).toEqual([1, 1, 0, 0]);
    expect(host.steps).toEqual([]);
  });

  test("that nobody answers go to the base, or are of a command that is not there", async () => {
    expect(await codeOf(recordingHost().query(["true"]))).toBe("command-not-found");
    const base = createHost({ log: keptLog().log });
    expect((await recordingHost({ base }).query(["echo", "real"])).stdout).toBe("real");
    expect(await codeOf(recordingHost().query([]))).toBe("bad-command");
  });
});

describe("runs", () => {
  test("are steps, and run nothing", async () => {
    const folder = temporaryFolder();
    const base = createHost({ log: keptLog().log });
    const host = recordingHost({ base, commands: [{ argv: ["known"], stdout: "out" }] });
    const skipped = { exitCode: 0, stdout: "", stderr: "", skipped: true };
    expect(await host.run(["touch", `${folder}/x`], { why: "a reason", input: "text" })).toEqual(skipped);
    expect(await host.run(["known"], { input: "hidden", secret: true })).toMatchObject({
      stdout: "out",
      skipped: false,
    });
    expect(await codeOf(host.run([""]))).toBe("bad-command");
    expect(snapshot(folder)).toHaveLength(1);
    const common = { kind: "run", skipped: false };
    expect(host.steps).toEqual([
      { ...common, argv: ["touch", `${folder}/x`], why: "a reason", input: "text", secret: false },
      { ...common, argv: ["known"], why: undefined, input: "***", secret: true },
    ]);
  });

  test("that fail in a test fail as on a machine", async () => {
    const host = recordingHost({ commands: [{ argv: ["mkfs"], prefix: true, exitCode: 1, stderr: "busy" }] });
    await expect(host.run(["mkfs", "/dev/x"])).rejects.toMatchObject({
      name: "CommandError",
      code: "command-failed",
      stderr: "busy",
    });
    expect(host.steps).toHaveLength(1);
  });

  test("on a target tree are told as they are run there", async () => {
    const root = temporaryFolder();
    const host = recordingHost({ base: createHost({ log: keptLog().log, root }) });
    await host.run(["one"]);
    await host.run(["two", "x"], { onTree: "chroot" });
    await host.run(["three"], { onTree: (tree) => ["three", "--root", tree] });
    expect(host.steps).toMatchObject([
      { argv: ["one"], skipped: true },
      { argv: ["chroot", root, "two", "x"], skipped: false },
      { argv: ["three", "--root", root], skipped: false },
    ]);
  });
});

describe("the network", () => {
  test("answers what the test says, and is otherwise not reached", async () => {
    const host = recordingHost({
      responses: [
        { url: "http://a/x", method: "POST", status: 201, headers: { "X-A": "b" }, body: "made" },
        { url: /^http:\/\/b\//, failure: "fetch-timeout", times: 1 },
        { url: /^http:\/\/b\// },
      ],
    });
    expect(await host.fetch("http://a/x", { method: "POST" })).toEqual({
      status: 201,
      headers: { "x-a": "b" },
      body: "made",
    });
    expect(await host.fetch("http://u:p@a/x?token=t")).toEqual({ status: 200, headers: {}, body: "", skipped: true });
    expect(await codeOf(host.fetch("http://b/"))).toBe("fetch-timeout");
    expect(await host.fetch("http://b/")).toEqual({ status: 200, headers: {}, body: "" });
    expect(host.steps).toEqual([
      { kind: "fetch", method: "POST", url: "http://a/x" },
      { kind: "fetch", method: "GET", url: "http://a/x" },
      { kind: "fetch", method: "GET", url: "http://b/" },
      { kind: "fetch", method: "GET", url: "http://b/" },
    ]);
  });

  test("is asked by a fetch that only looks", async () => {
    const base = createHost({ log: keptLog().log });
    const host = recordingHost({ base });
    expect(await codeOf(host.fetch("http://127.0.0.1:1/", { query: true }))).toBe("fetch-failed");
    expect(await host.fetch("http://127.0.0.1:1/")).toMatchObject({ skipped: true });
  });

  test("connections and look-ups succeed unless the test says otherwise", async () => {
    const host = recordingHost({
      connections: (name, port) => name === "up" && port === 80,
      addresses: (name) => (name === "up" ? ["192.0.2.1"] : undefined),
    });
    await host.connect("up", 80);
    expect(await codeOf(host.connect("up", 81))).toBe("connect-failed");
    expect(await host.lookup("up")).toEqual(["192.0.2.1"]);
    expect(await codeOf(host.lookup("down"))).toBe("lookup-failed");
    const free = recordingHost();
    await free.connect("any", 1);
    expect(await free.lookup("any")).toEqual([]);
    expect(free.steps).toEqual([
      { kind: "connect", host: "any", port: 1 },
      { kind: "lookup", name: "any" },
    ]);
  });
});

describe("the environment, time and the log", () => {
  test("variables are steps, without the password of a proxy", () => {
    const host = recordingHost();
    host.setEnvironment("http_proxy", "http://user:hidden@proxy:3128/");
    host.setEnvironment("A", undefined);
    expect(() => host.setEnvironment("A=B", "")).toThrow("environment variable");
    expect(host.steps).toEqual([
      { kind: "environment", name: "http_proxy", value: "http://***@proxy:3128/" },
      { kind: "environment", name: "A", value: undefined },
    ]);
  });

  test("waiting takes no time, but the clock goes on", async () => {
    const host = recordingHost({ now: () => new Date("2030-01-01T00:00:00Z") });
    await host.sleep(3600);
    await host.sleep(0.5);
    expect(host.now().toISOString()).toBe("2030-01-01T01:00:00.500Z");
    expect(host.steps).toEqual([
      { kind: "sleep", seconds: 3600 },
      { kind: "sleep", seconds: 0.5 },
    ]);
  });

  test("without a clock of its own it has that of the base, or of the machine", () => {
    const base: RecordingHost = recordingHost({ now: () => new Date("2030-01-01T00:00:00Z") });
    expect(recordingHost({ base }).now().toISOString()).toBe("2030-01-01T00:00:00.000Z");
    expect(Math.abs(recordingHost().now().getTime() - Date.now())).toBeLessThan(1000);
  });

  test("each step is logged, without content", async () => {
    const { log, events } = keptLog();
    const host = recordingHost({ log });
    await host.writeFile("/a", "content-of-a");
    await host.run(["id"], { input: "input-of-id" });
    expect(events).toMatchObject([
      { level: "debug", event: "planned", path: "/a", message: "would write /a" },
      { level: "debug", event: "planned", argv: ["id"], message: "would run id" },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/content-of-a|input-of-id/);
  });
});
