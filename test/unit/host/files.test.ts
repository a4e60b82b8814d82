import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { createHost } from "../../../src/host/create-host.ts";
import type { Host } from "../../../src/host/host.ts";
import { temporaryName } from "../../../src/host/temporary-file.ts";
import type { LogEvent } from "../../../src/log/logger.ts";
import { keptLog, nameOfKilled, temporaryFolder } from "../../support/host.ts";

const mode = (path: string): number => statSync(path).mode & 0o7777;

/** What both forms do alike: on the machine in a folder of it, on a target tree at its root. */
describe.each(["machine", "target tree"] as const)("files of the %s", (form) => {
  let folder: string;
  let host: Host;
  let events: LogEvent[];
  /** A path as the host takes it. */
  let at: (path: string) => string;

  beforeEach(() => {
    folder = temporaryFolder();
    const kept = keptLog();
    events = kept.events;
    host = createHost(form === "machine" ? { log: kept.log } : { log: kept.log, root: folder });
    at = (path) => (form === "machine" ? folder + path : path);
  });

  const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => "no error",
      (error: { name: string; code: string }) => (error.name === "HostError" ? error.code : error),
    );

  describe("readFile and readBytes", () => {
    test("give the text and the bytes", async () => {
      writeFileSync(join(folder, "a"), "grüß\n");
      expect(await host.readFile(at("/a"))).toBe("grüß\n");
      writeFileSync(join(folder, "b"), Buffer.from([0xff, 0, 1]));
      expect(await host.readBytes(at("/b"))).toEqual(Buffer.from([0xff, 0, 1]));
    });

    test("give undefined where nothing is", async () => {
      writeFileSync(join(folder, "file"), "");
      symlinkSync("nowhere", join(folder, "dangling"));
      for (const path of ["/a", "/a/b/c", "/file/below", "/dangling", "/dangling/below"]) {
        expect(await host.readFile(at(path)), path).toBeUndefined();
        expect(await host.readBytes(at(path)), path).toBeUndefined();
      }
    });

    test("follow links, relative and on the way", async () => {
      mkdirSync(join(folder, "a/b"), { recursive: true });
      writeFileSync(join(folder, "a/b/c"), "content");
      symlinkSync("../a/b", join(folder, "a/link"));
      symlinkSync("./link/../b/c", join(folder, "a/last"));
      expect(await host.readFile(at("/a/link/c"))).toBe("content");
      expect(await host.readFile(at("/a/last"))).toBe("content");
      expect(await host.readFile(at("//a/./last/"))).toBe("content");
    });

    test("`..` after a link leaves the folder that the link leads to", async () => {
      mkdirSync(join(folder, "deep/er"), { recursive: true });
      writeFileSync(join(folder, "deep/here"), "yes");
      writeFileSync(join(folder, "here"), "no");
      symlinkSync("deep/er", join(folder, "link"));
      expect(await host.readFile(at("/link/../here"))).toBe("yes");
    });

    test("refuse what is no file", async () => {
      mkdirSync(join(folder, "a"));
      expect(await codeOf(host.readFile(at("/a")))).toBe("not-a-file");
      expect(await codeOf(host.readFile(at("/a/.")))).toBe("not-a-file");
      expect(await codeOf(host.readFile(at("/a/..")))).toBe("not-a-file");
    });

    test("end with an error on links that go round", async () => {
      symlinkSync("two", join(folder, "one"));
      symlinkSync("one", join(folder, "two"));
      const reading = host.readFile(at("/one"));
      await expect(reading).rejects.toThrow(`cannot read ${at("/one")}: too many symbolic links`);
      expect(await codeOf(host.readFile(at("/one")))).toBe("symlink-loop");
      expect(await codeOf(host.list(at("/one/x")))).toBe("symlink-loop");
    });

    test("follow as many links as the kernel does", async () => {
      writeFileSync(join(folder, "l0"), "end");
      for (let index = 1; index <= 41; index++) symlinkSync(`l${index - 1}`, join(folder, `l${index}`));
      expect(readFileSync(join(folder, "l40"), "utf8")).toBe("end");
      expect(() => readFileSync(join(folder, "l41"))).toThrow("ELOOP");
      expect(await host.readFile(at("/l40"))).toBe("end");
      expect(await codeOf(host.readFile(at("/l41")))).toBe("symlink-loop");
    });
  });

  test.each([
    ["relative/path", "is not absolute"],
    ["", "is not absolute"],
    ["/with\0nul", "NUL"],
  ])("refuses the path %j", async (path, reason) => {
    const calls = [
      host.readFile(path),
      host.stat(path),
      host.list(path),
      host.writeFile(path, ""),
      host.makeDirectory(path),
      host.symlink("x", path),
      host.remove(path),
    ];
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({ name: "HostError", code: "bad-path" });
      await expect(call).rejects.toThrow(reason);
    }
  });

  test("a name that is too long is a bad path", async () => {
    expect(await codeOf(host.writeFile(at(`/${"x".repeat(256)}`), ""))).toBe("bad-path");
    expect(await host.writeFile(at(`/${"x".repeat(255)}`), "")).toBe("created");
  });

  test("control characters of a path cannot drive the terminal", async () => {
    mkdirSync(join(folder, "\u001b[31m\n"));
    await expect(host.readFile(at("/\u001b[31m\n"))).rejects.toThrow("\\u001b[31m\\n: it is a folder");
    await host.writeFile(at("/\u001b[31m\n/x"), "");
    expect(events.at(-1)?.message).toContain("\\u001b[31m\\n/x");
  });

  describe("stat", () => {
    test("tells kind, mode, owner, size and target, and follows no link", async () => {
      writeFileSync(join(folder, "file"), "12345", { mode: 0o640 });
      mkdirSync(join(folder, "folder"), { mode: 0o750 });
      symlinkSync("file", join(folder, "link"));
      const { uid, gid } = lstatSync(join(folder, "file"));
      expect(await host.stat(at("/file"))).toEqual({ kind: "file", mode: 0o640, uid, gid, size: 5 });
      expect(await host.stat(at("/folder"))).toMatchObject({ kind: "directory", mode: 0o750 });
      expect(await host.stat(at("/link"))).toMatchObject({ kind: "symlink", target: "file" });
      expect(await host.stat(at("/folder/.."))).toMatchObject({ kind: "directory" });
      expect(await host.stat(at("/nothing"))).toBeUndefined();
      expect(await host.stat(at("/file/below"))).toBeUndefined();
    });
  });

  describe("list", () => {
    test("gives sorted names, of a folder or through a link to one", async () => {
      mkdirSync(join(folder, "a/b"), { recursive: true });
      for (const name of ["z", "B", "é", ".hidden"]) writeFileSync(join(folder, "a", name), "");
      symlinkSync("a", join(folder, "link"));
      expect(await host.list(at("/a"))).toEqual([".hidden", "B", "b", "z", "é"]);
      expect(await host.list(at("/link"))).toEqual([".hidden", "B", "b", "z", "é"]);
    });

    test("gives undefined where nothing is, and refuses a file", async () => {
      writeFileSync(join(folder, "file"), "");
      expect(await host.list(at("/nothing"))).toBeUndefined();
      expect(await codeOf(host.list(at("/file")))).toBe("not-a-folder");
    });
  });

  describe("writeFile", () => {
    test("makes file and missing folders, whatever the umask", async () => {
      const before = process.umask(0o077);
      try {
        expect(await host.writeFile(at("/a/b/c"), "text")).toBe("created");
      } finally {
        process.umask(before);
      }
      expect(readFileSync(join(folder, "a/b/c"), "utf8")).toBe("text");
      expect([mode(join(folder, "a")), mode(join(folder, "a/b")), mode(join(folder, "a/b/c"))]).toEqual([
        0o755, 0o755, 0o644,
      ]);
      expect(readdirSync(join(folder, "a/b"))).toEqual(["c"]);
    });

    test("keeps mode and inode of other links: it replaces, it does not overwrite", async () => {
      writeFileSync(join(folder, "a"), "old", { mode: 0o600 });
      chmodSync(join(folder, "a"), 0o4751);
      const before = statSync(join(folder, "a")).ino;
      expect(await host.writeFile(at("/a"), "new")).toBe("changed");
      expect(readFileSync(join(folder, "a"), "utf8")).toBe("new");
      expect(mode(join(folder, "a"))).toBe(0o4751);
      expect(statSync(join(folder, "a")).ino).not.toBe(before);
    });

    test("takes a mode, also when the content is right already", async () => {
      writeFileSync(join(folder, "a"), "same");
      chmodSync(join(folder, "a"), 0o644);
      expect(await host.writeFile(at("/a"), "same", { mode: 0o600 })).toBe("changed");
      expect(mode(join(folder, "a"))).toBe(0o600);
      expect(await host.writeFile(at("/a"), "same", { mode: 0o600 })).toBe("same");
    });

    test("touches nothing when all is right", async () => {
      writeFileSync(join(folder, "a"), "same");
      const long = new Date("2001-01-01T00:00:00Z");
      utimesSync(join(folder, "a"), long, long);
      utimesSync(folder, long, long);
      const before = statSync(join(folder, "a"));
      expect(await host.writeFile(at("/a"), Buffer.from("same"))).toBe("same");
      expect(statSync(join(folder, "a"))).toMatchObject({
        ino: before.ino,
        mtimeMs: before.mtimeMs,
        ctimeMs: before.ctimeMs,
      });
      expect(statSync(folder).mtime).toEqual(long);
      expect(events.at(-1)).toMatchObject({ level: "debug", event: "same", path: at("/a") });
    });

    test("tells content of the same length apart", async () => {
      writeFileSync(join(folder, "a"), "abc");
      expect(await host.writeFile(at("/a"), "abd")).toBe("changed");
      expect(readFileSync(join(folder, "a"), "utf8")).toBe("abd");
    });

    test("gives a secret 0600, also where a wider file was, and logs no content", async () => {
      writeFileSync(join(folder, "wide"), "old", { mode: 0o644 });
      await host.writeFile(at("/wide"), "hidden-words", { secret: true });
      await host.writeFile(at("/new"), "hidden-words", { secret: true });
      await host.writeFile(at("/group"), "hidden-words", { secret: true, mode: 0o640 });
      expect(["wide", "new", "group"].map((name) => mode(join(folder, name)))).toEqual([0o600, 0o600, 0o640]);
      expect(JSON.stringify(events)).not.toContain("hidden-words");
      expect(events).toMatchObject([
        { level: "info", event: "changed", path: at("/wide") },
        { level: "info", event: "created", path: at("/new") },
        { level: "info", event: "created", path: at("/group") },
      ]);
    });

    test("writes through a link, also one that leads nowhere yet", async () => {
      mkdirSync(join(folder, "etc"));
      writeFileSync(join(folder, "target"), "old");
      symlinkSync("../target", join(folder, "etc/link"));
      symlinkSync("../run/dir/new", join(folder, "etc/dangling"));
      expect(await host.writeFile(at("/etc/link"), "new")).toBe("changed");
      expect(await host.writeFile(at("/etc/dangling"), "made")).toBe("created");
      expect(readlinkSync(join(folder, "etc/link"))).toBe("../target");
      expect(readFileSync(join(folder, "target"), "utf8")).toBe("new");
      expect(readFileSync(join(folder, "run/dir/new"), "utf8")).toBe("made");
    });

    test("makes the folders that a link on the way is waiting for", async () => {
      symlinkSync("run", join(folder, "var"));
      await host.writeFile(at("/var/lock/x"), "");
      expect(existsSync(join(folder, "run/lock/x"))).toBe(true);
    });

    test("refuses a folder, and a file on the way", async () => {
      mkdirSync(join(folder, "dir"));
      writeFileSync(join(folder, "file"), "");
      expect(await codeOf(host.writeFile(at("/dir"), ""))).toBe("not-a-file");
      expect(await codeOf(host.writeFile(at("/file/below"), ""))).toBe("not-a-folder");
      expect(await codeOf(host.writeFile(at("/dir/.."), ""))).toBe("not-a-file");
      expect(readdirSync(folder).sort()).toEqual(["dir", "file"]);
    });

    test("takes the rest of a killed run away, and leaves a living one's file alone", async () => {
      const reused = temporaryName().replace(/-\d+-(?=[0-9a-f]+\.tmp$)/, "-99999999999-");
      const rests = [nameOfKilled(), reused];
      const living = [temporaryName(), ".kanod-nobody.tmp", ".kanod.tmp"];
      for (const name of [...rests, ...living]) writeFileSync(join(folder, name), "");
      writeFileSync(join(folder, "a"), "same");
      expect(await host.writeFile(at("/a"), "same")).toBe("same");
      expect(readdirSync(folder).sort()).toEqual([...living, "a"].sort());
    });

    test("several at once end as the last one wants it", async () => {
      const changes = await Promise.all(["1", "2", "3", "3"].map((text) => host.writeFile(at("/a/b"), text)));
      expect(changes).toEqual(["created", "changed", "changed", "same"]);
      expect(readFileSync(join(folder, "a/b"), "utf8")).toBe("3");
      expect(readdirSync(join(folder, "a"))).toEqual(["b"]);
    });
  });

  describe("makeDirectory", () => {
    test("makes it with its parents", async () => {
      expect(await host.makeDirectory(at("/a/b"), { mode: 0o2700 })).toBe("created");
      expect([mode(join(folder, "a")), mode(join(folder, "a/b"))]).toEqual([0o755, 0o2700]);
      expect(await host.makeDirectory(at("/a/b"), { mode: 0o2700 })).toBe("same");
      expect(await host.makeDirectory(at("/a/b"))).toBe("same");
      expect(mode(join(folder, "a/b"))).toBe(0o2700);
    });

    test("puts the mode of an existing one right, also behind a link", async () => {
      mkdirSync(join(folder, "a"), { mode: 0o777 });
      symlinkSync("a", join(folder, "link"));
      expect(await host.makeDirectory(at("/link"), { mode: 0o711 })).toBe("changed");
      expect(mode(join(folder, "a"))).toBe(0o711);
      expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
    });

    test("refuses a file", async () => {
      writeFileSync(join(folder, "file"), "");
      expect(await codeOf(host.makeDirectory(at("/file")))).toBe("not-a-folder");
      expect(await codeOf(host.makeDirectory(at("/file/below")))).toBe("not-a-folder");
    });

    test("takes the folder itself for there", async () => {
      expect(await host.makeDirectory(at("/."))).toBe("same");
    });
  });

  describe("symlink", () => {
    test("makes, replaces and leaves alone", async () => {
      expect(await host.symlink("/etc/target", at("/a/link"))).toBe("created");
      expect(await host.symlink("/etc/target", at("/a/link"))).toBe("same");
      expect(await host.symlink("../other", at("/a/link"))).toBe("changed");
      expect(readlinkSync(join(folder, "a/link"))).toBe("../other");
      writeFileSync(join(folder, "a/file"), "");
      expect(await host.symlink("x", at("/a/file"))).toBe("changed");
      expect(readdirSync(join(folder, "a")).sort()).toEqual(["file", "link"]);
    });

    test("refuses to replace a folder, and a target that is none", async () => {
      mkdirSync(join(folder, "dir"));
      expect(await codeOf(host.symlink("x", at("/dir")))).toBe("not-a-file");
      expect(await codeOf(host.symlink("", at("/a")))).toBe("bad-path");
      expect(await codeOf(host.symlink("a\0b", at("/a")))).toBe("bad-path");
      expect(await codeOf(host.symlink("x".repeat(5000), at("/a")))).toBe("bad-path");
      expect(readdirSync(folder)).toEqual(["dir"]);
    });
  });

  describe("remove", () => {
    test("removes a file, a link and not what it leads to, a folder with all in it", async () => {
      mkdirSync(join(folder, "dir/sub/deep"), { recursive: true });
      writeFileSync(join(folder, "keep"), "");
      writeFileSync(join(folder, "file"), "");
      symlinkSync("keep", join(folder, "link"));
      symlinkSync("../../..", join(folder, "dir/sub/up"));
      writeFileSync(join(folder, "dir/sub/deep/x"), "");
      writeFileSync(Buffer.concat([Buffer.from(join(folder, "dir/")), Buffer.from([0xff, 0xfe])]), "");
      expect(await host.remove(at("/file"))).toBe(true);
      expect(await host.remove(at("/link"))).toBe(true);
      expect(await host.remove(at("/dir"))).toBe(true);
      expect(readdirSync(folder)).toEqual(["keep"]);
      expect(events).toMatchObject([
        { event: "removed", path: at("/file") },
        { path: at("/link") },
        { path: at("/dir") },
      ]);
    });

    test("says where there was nothing", async () => {
      expect(await host.remove(at("/a"))).toBe(false);
      expect(await host.remove(at("/a/b"))).toBe(false);
      expect(events).toEqual([]);
    });

    test("removes a folder of many levels", async () => {
      mkdirSync(join(folder, "d/".repeat(200)), { recursive: true });
      expect(await host.remove(at("/d"))).toBe(true);
      expect(readdirSync(folder)).toEqual([]);
    });

    test("refuses what has no name of its own", async () => {
      mkdirSync(join(folder, "a"));
      expect(await codeOf(host.remove(at("/a/..")))).toBe("bad-path");
      if (form === "target tree") expect(await codeOf(host.remove("/"))).toBe("bad-path");
      expect(existsSync(join(folder, "a"))).toBe(true);
    });
  });

  test("no descriptor stays open", async () => {
    const open = (): number => readdirSync("/proc/self/fd").length;
    symlinkSync("loop", join(folder, "loop"));
    await host.list(at("/a"));
    const before = open();
    for (let round = 0; round < 20; round++) {
      await host.writeFile(at("/a/b/c"), `${round}`);
      await host.symlink("x", at("/a/link"));
      await host.readFile(at("/loop")).catch(() => {});
      await host.readFile(at("/a")).catch(() => {});
      await host.remove(at("/a"));
    }
    expect(open()).toBe(before);
  });
});
