import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { createHost } from "../../src/host/create-host.ts";
import type { Host } from "../../src/host/host.ts";
import { keptLog, temporaryFolder } from "../support/host.ts";
import { partsObstacle, runHostScript } from "../support/namespace.ts";
import { snapshot } from "../support/snapshot.ts";

const obstacle = partsObstacle("unshare", "setpriv", "strace", "python3", "mkfifo", "mount");
const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

let folder: string;
beforeEach(({ skip }) => {
  if (obstacle !== undefined) skip(obstacle);
  folder = temporaryFolder();
});

const ownerOf = (path: string): string => `${statSync(path).uid}:${statSync(path).gid}`;

describe.each(["machine", "target tree"] as const)("owners, %s", (form) => {
  let host: Host;
  let at: (path: string) => string;
  beforeEach(() => {
    host = createHost(form === "machine" ? { log: keptLog().log } : { log: keptLog().log, root: folder });
    at = (path) => (form === "machine" ? folder + path : path);
  });

  test("of what is replaced are kept, with the set-id bits", async () => {
    writeFileSync(join(folder, "a"), "old");
    chownSync(join(folder, "a"), 1234, 2345);
    chmodSync(join(folder, "a"), 0o6755);
    expect(await host.writeFile(at("/a"), "new")).toBe("changed");
    expect(ownerOf(join(folder, "a"))).toBe("1234:2345");
    expect(statSync(join(folder, "a")).mode & 0o7777).toBe(0o6755);
  });

  test("are given, also to what has the right content", async () => {
    const owner = { uid: 11, gid: 22 };
    expect(await host.writeFile(at("/d/a"), "x", { owner })).toBe("created");
    expect(await host.writeFile(at("/d/a"), "x", { owner })).toBe("same");
    expect(await host.writeFile(at("/d/a"), "x", { owner: { uid: 11, gid: 23 } })).toBe("changed");
    expect([ownerOf(join(folder, "d")), ownerOf(join(folder, "d/a"))]).toEqual(["0:0", "11:23"]);
  });

  test("of folders are put right, with the set-group-id bit", async () => {
    const owner = { uid: 11, gid: 22 };
    expect(await host.makeDirectory(at("/d"), { owner, mode: 0o2770 })).toBe("created");
    expect(await host.makeDirectory(at("/d"), { owner, mode: 0o2770 })).toBe("same");
    expect(await host.makeDirectory(at("/d"), { owner: { uid: 12, gid: 22 } })).toBe("changed");
    expect(ownerOf(join(folder, "d"))).toBe("12:22");
    expect(statSync(join(folder, "d")).mode & 0o7777).toBe(0o2770);
  });

  test("links that a user may have put there are not followed, root's are", async () => {
    await host.makeDirectory(at("/home/evil"), { owner: { uid: 1234, gid: 1234 } });
    mkdirSync(join(folder, "secret"));
    writeFileSync(join(folder, "secret/shadow"), "x");
    symlinkSync(at("/secret"), join(folder, "home/evil/.ssh"));
    symlinkSync(at("/secret"), join(folder, "home/link"));
    const owner = { uid: 1234, gid: 1234 };
    for (const path of [at("/home/evil/.ssh"), at("/home/evil/.ssh/.")]) {
      await expect(host.makeDirectory(path, { owner, mode: 0o700 })).rejects.toMatchObject({ code: "untrusted-link" });
    }
    await expect(host.readFile(at("/home/evil/.ssh/shadow"))).rejects.toMatchObject({ code: "untrusted-link" });
    await expect(host.writeFile(at("/home/evil/.ssh/shadow"), "y")).rejects.toMatchObject({ code: "untrusted-link" });
    expect(ownerOf(join(folder, "secret"))).toBe("0:0");
    expect(await host.readFile(at("/home/link/shadow"))).toBe("x");
    expect(await host.writeFile(at("/home/evil/own/file"), "z", { owner })).toBe("created");
  });

  test("devices, pipes and sockets are neither read nor replaced, and nobody waits for them", async () => {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    execFileSync("mknod", [join(folder, "null"), "c", "1", "3"]);
    for (const name of ["/pipe", "/null"]) {
      await expect(host.readFile(at(name))).rejects.toMatchObject({ code: "not-a-file" });
      await expect(host.writeFile(at(name), "x")).rejects.toMatchObject({ code: "not-a-file" });
      expect(await host.stat(at(name))).toMatchObject({ kind: "other" });
      expect(await host.remove(at(name))).toBe(true);
    }
  });
});

describe("somebody who may not", () => {
  const script = `report(await outcome(createHost({ log }).writeFile(args[0], "new", JSON.parse(args[1]))));`;
  const asNobody = (path: string, options = {}): unknown =>
    runHostScript(script, { wrapper: nobody, args: [path, JSON.stringify(options)] }).result;

  beforeEach(() => {
    chownSync(folder, 65534, 65534);
    chmodSync(folder, 0o755);
  });

  test("give files away is told so, and leaves all as it was", () => {
    writeFileSync(join(folder, "a"), "old");
    const code = "permission-denied";
    const message = `cannot write ${folder}/a: operation not permitted`;
    expect(asNobody(join(folder, "a"))).toEqual({ code, message });
    expect(asNobody(join(folder, "a"), { owner: { uid: 65534, gid: 0 } })).toEqual({ code, message });
    expect(readFileSync(join(folder, "a"), "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  test("give files away need not where the owner is right already", () => {
    writeFileSync(join(folder, "a"), "new");
    chmodSync(join(folder, "a"), 0o644);
    expect(asNobody(join(folder, "a"))).toBe("same");
    expect(asNobody(join(folder, "b"), { owner: { uid: 65534, gid: 65534 } })).toBe("created");
    expect(ownerOf(join(folder, "b"))).toBe("65534:65534");
  });

  test("read or write is told so", () => {
    mkdirSync(join(folder, "closed"), { mode: 0o700 });
    writeFileSync(join(folder, "secret"), "x", { mode: 0o600 });
    const other = `const host = createHost({ log });
      report([
        await outcome(host.writeFile(args[0] + "/closed/a", "")),
        await outcome(host.readFile(args[0] + "/secret")),
        await outcome(host.list(args[0] + "/closed")),
        await outcome(createHost({ log, root: args[0] }).writeFile("/closed/a", "")),
      ]);`;
    const { result } = runHostScript(other, { wrapper: nobody, args: [folder] });
    expect(result).toEqual([
      { code: "permission-denied", message: `cannot write ${folder}/closed/a: permission denied` },
      { code: "permission-denied", message: `cannot read ${folder}/secret: permission denied` },
      { code: "permission-denied", message: `cannot list ${folder}/closed: permission denied` },
      { code: "permission-denied", message: "cannot write /closed/a: permission denied" },
    ]);
  });
});

describe("a file system", () => {
  test("that is full leaves the old file whole, and no rest", () => {
    const script = `
      const host = createHost({ log });
      fs.writeFileSync(args[0] + "/a", "old");
      const result = await outcome(host.writeFile(args[0] + "/a", "x".repeat(1024 * 1024)));
      const errors = [];
      const file = openLogFile({ root: args[0], path: "/log", maxBytes: 1e9, keep: 1, mode: 0o640, onError: (text) => errors.push(text) });
      for (let line = 0; line < 2000; line++) file.write("x".repeat(1000));
      report([result, fs.readFileSync(args[0] + "/a", "utf8"), fs.readdirSync(args[0]), errors]);`;
    const { result } = runHostScript(script, { prepare: 'mount -t tmpfs -o size=256k none "$1"', args: [folder] });
    expect(result).toEqual([
      { code: "no-space", message: `cannot write ${folder}/a: no space left on device` },
      "old",
      ["a", "log"],
      ["cannot write /log: no space left on device"],
    ]);
  });

  test("that is read-only is told so", () => {
    const prepare = `mount -t tmpfs none "$1"; echo old > "$1/a"; mkdir "$1/d"; mount -o remount,ro "$1"`;
    const script = `
      const host = createHost({ log, root: args[0] });
      report([
        await outcome(host.writeFile("/a", "new")), await outcome(host.writeFile("/a", "old\\n")), await outcome(host.makeDirectory("/e")),
        await outcome(host.symlink("x", "/l")), await outcome(host.remove("/d")), await outcome(host.readFile("/a")),
      ].map((entry) => entry.code ?? entry));`;
    const { result } = runHostScript(script, { prepare, args: [folder] });
    expect(result).toEqual(["read-only", "same", "read-only", "read-only", "read-only", "old\n"]);
  });

  test("that is mounted in a folder outlives the removal of the folder", () => {
    const prepare = `mkdir -p "$1/d/mounted"; mount -t tmpfs none "$1/d/mounted"; echo x > "$1/d/mounted/kept"`;
    const script = `
      const rooted = createHost({ log, root: args[0] });
      const machine = createHost({ log });
      const calls = [rooted.remove("/d"), rooted.remove("/d/mounted"), machine.remove(args[0] + "/d")];
      report([await Promise.all(calls.map(outcome)), fs.readFileSync(args[0] + "/d/mounted/kept", "utf8")]);`;
    const { result } = runHostScript(script, { prepare, args: [folder] });
    const refused = (path: string): unknown => ({
      code: "io-error",
      message: `cannot remove ${path}: another file system is mounted there`,
    });
    expect(result).toEqual([[refused("/d"), refused("/d/mounted"), refused(`${folder}/d`)], "x\n"]);
  });

  test("without /proc is no place to work on a target tree, and the machine itself can still be written", () => {
    const script = `
      let refused;
      try { createHost({ log, root: args[0] }); } catch (error) { refused = { code: error.code, message: error.message }; }
      const host = createHost({ log });
      await host.writeFile(args[0] + "/d/a", "x");
      await host.writeFile(args[0] + "/d/a", "y");
      const removed = await host.remove(args[0] + "/d");
      report([refused, removed, fs.readdirSync(args[0])]);`;
    const { result } = runHostScript(script, { prepare: "mount -t tmpfs none /proc", args: [folder] });
    expect(result).toEqual([
      { code: "no-proc", message: `cannot use as root ${folder}: /proc is not mounted` },
      true,
      [],
    ]);
  });
});

describe("what goes wrong within a write", () => {
  const script = `report(await outcome(createHost({ log }).writeFile(args[0], "new")));`;
  const inject = (fault: string): readonly string[] => [
    "strace",
    "-f",
    "-qq",
    "-o",
    "/dev/null",
    "-e",
    `inject=${fault}`,
  ];

  test.each(["fsync:error=EIO:when=1", "fchmod:error=EIO", "rename:error=EIO"])("%s leaves the old file", (fault) => {
    const path = join(folder, "a");
    writeFileSync(path, "old");
    const { result } = runHostScript(script, { wrapper: inject(fault), args: [path] });
    expect(result).toEqual({ code: "io-error", message: `cannot write ${path}: i/o error` });
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  test.each(["fsync:signal=KILL:when=1", "fchmod:signal=KILL", "rename:signal=KILL:when=1"])(
    "%s leaves the old or the new file, and the next write takes the rest away",
    async (fault) => {
      const path = join(folder, "a");
      writeFileSync(path, "old");
      runHostScript(script, { wrapper: inject(fault), args: [path] });
      expect(["old", "new"]).toContain(readFileSync(path, "utf8"));
      await createHost({ log: keptLog().log }).writeFile(path, "new");
      expect(readdirSync(folder)).toEqual(["a"]);
      expect(readFileSync(path, "utf8")).toBe("new");
    },
  );

  test("content is on the disk before its name is, and the name before the call is over", () => {
    const log = join(folder, "strace.log");
    const calls = "trace=openat,write,fsync,rename,fchmod,fchown";
    runHostScript(script, {
      wrapper: ["strace", "-f", "-qq", "-y", "-o", log, "-e", calls],
      args: [join(folder, "new")],
    });
    const own = readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line.includes(folder) && !line.includes("ENOENT"))
      .map((line) => /\s(\w+)\(/.exec(line)?.[1]);
    expect(own).toEqual(["openat", "openat", "write", "fchmod", "fsync", "rename", "openat", "fsync"]);
  });
});

/** Asks the kernel itself: openat2(2) with RESOLVE_IN_ROOT, system call 437 everywhere. Paths are read from its input. */
const kernel = `
import ctypes, json, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
root = os.open(sys.argv[1], os.O_PATH | os.O_DIRECTORY)
def look(path):
    how = struct.pack("QQQ", os.O_PATH, 0, 0x10)
    fd = libc.syscall(437, root, path.encode(), how, ctypes.c_size_t(len(how)))
    if fd < 0: return None
    status = os.fstat(fd)
    os.close(fd)
    return status.st_ino
print(json.dumps([look(path) for path in json.load(sys.stdin)]))
`;

test("a target tree's paths lead where the kernel says, openat2(2) with RESOLVE_IN_ROOT", async () => {
  const name = fc.constantFrom("a", "b", "c", "d");
  const names = fc.array(fc.oneof({ weight: 3, arbitrary: name }, fc.constant("..")), { minLength: 1, maxLength: 6 });
  const link = fc
    .tuple(fc.constantFrom("", "/", "../", "../../../", `${folder}/`), names)
    .map(([start, rest]) => start + rest.join("/"));
  const entry = fc.tuple(
    names,
    fc.oneof(
      fc.constant("folder"),
      fc.constant("file"),
      link.map((target) => `->${target}`),
    ),
  );
  const property = fc.asyncProperty(
    fc.array(entry, { maxLength: 25 }),
    fc.array(names, { minLength: 60, maxLength: 60 }),
    async (entries, asked) => {
      execFileSync("rm", ["-rf", join(folder, "root")]);
      mkdirSync(join(folder, "root"));
      const host = createHost({ log: keptLog().log, root: join(folder, "root") });
      for (const [parts, kind] of entries) {
        const path = `/${parts.join("/")}`;
        const made =
          kind === "folder"
            ? host.makeDirectory(path)
            : kind === "file"
              ? host.writeFile(path, path)
              : host.symlink(kind.slice(2), path);
        await made.catch(() => {});
      }
      const paths = asked.map((parts) => `/${parts.join("/")}`);
      const output = execFileSync("python3", ["-c", kernel, join(folder, "root")], {
        input: JSON.stringify(paths),
        encoding: "utf8",
      });
      const inodes = JSON.parse(output) as (number | null)[];
      const byInode = new Map(everything(join(folder, "root")).map((path) => [statSync(path).ino, path]));
      for (const [index, path] of paths.entries()) {
        const inode = inodes[index];
        const real = typeof inode === "number" ? byInode.get(inode) : undefined;
        const found = await contentOrList(host, path);
        const expected =
          real === undefined
            ? undefined
            : statSync(real).isFile()
              ? readFileSync(real, "utf8")
              : readdirSync(real).sort();
        expect(found, path).toEqual(expected);
      }
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

async function contentOrList(host: Host, path: string): Promise<unknown> {
  try {
    return await host.list(path);
  } catch {
    return host.readFile(path).catch(() => undefined);
  }
}

/** Files and folders of a tree; links are left out. */
function everything(path: string): string[] {
  const names = readdirSync(path, { withFileTypes: true }).filter((entry) => !entry.isSymbolicLink());
  return [
    path,
    ...names.flatMap((entry) => (entry.isDirectory() ? everything(join(path, entry.name)) : [join(path, entry.name)])),
  ];
}

const operations = `
  const host = createHost({ log, root: args[0] });
  const results = [];
  for (const path of ["/etc/secret", "/etc/dir/new", "/up/secret", "/rel/secret", "/file", "/made/a/b", "/loop/x", "/proc-root/etc/secret"]) {
    for (const operation of [
      () => host.readFile(path), () => host.stat(path), () => host.list(path), () => host.writeFile(path, "inside"),
      () => host.writeFile(path, "secret", { secret: true, owner: { uid: 5, gid: 5 } }), () => host.symlink("/etc", path + "-link"),
      () => host.makeDirectory(path + "-dir", { mode: 0o700, owner: { uid: 5, gid: 5 } }), () => host.list(path + "/.."),
      () => host.run(["touch", args[1] + "/touched"]), () => host.query(["touch", args[1] + "/touched"]), () => host.remove(path),
    ]) results.push(await outcome(operation()));
  }
  const file = openLogFile({ root: args[0], path: "/up/agent.log", maxBytes: 100, keep: 1, mode: 0o640, onError: (text) => results.push({ code: "log", message: text }) });
  for (let line = 0; line < 10; line++) file.write("a line of the log");
  file.close();
  const port = createLockPort(args[0]);
  results.push(port.createExclusive("/etc/lock", "one"), port.takeOver("/etc/lock", "one", "two"), port.read("/etc/lock"));
  port.remove("/etc/lock", "two");
  results.push(await outcome(host.remove("/etc")), await outcome(host.remove("/up")));
  report(results);
`;

describe("a rooted host in a hostile tree", () => {
  let root: string;
  let outside: string;

  beforeEach(() => {
    root = join(folder, "root");
    outside = join(folder, "outside");
    mkdirSync(join(root, "deep/er"), { recursive: true });
    mkdirSync(join(outside, "dir"), { recursive: true });
    writeFileSync(join(outside, "secret"), "outside");
    symlinkSync(outside, join(root, "etc"));
    symlinkSync(`${"../".repeat(30)}${outside.slice(1)}`, join(root, "up"));
    symlinkSync("../outside", join(root, "rel"));
    symlinkSync(`${outside}/secret`, join(root, "file"));
    symlinkSync("loop", join(root, "loop"));
    symlinkSync("/proc/self/root", join(root, "proc-root"));
  });

  test("works where nothing but the tree can be written", () => {
    const before = snapshot(outside, { times: true });
    // A mount on itself makes the tree the only thing that stays writable.
    const prepare = `mount --bind "$1" "$1"
      awk '{ print $2 }' /proc/self/mounts | sort -u | while read -r point; do
        [ "$point" = "$1" ] || mount -o remount,bind,ro "$point" 2>/dev/null || true
      done
      if touch "$2/touched" 2>/dev/null; then echo "the outside is still writable" >&2; exit 1; fi`;
    const { result, stderr } = runHostScript(operations, { prepare, args: [root, outside] });
    expect(stderr).toBe("");
    const codes = (result as unknown[]).map((entry) => (entry as { code?: string } | null)?.code).filter(Boolean);
    expect(codes).not.toContain("read-only");
    expect(codes).not.toContain("log");
    expect((result as unknown[]).filter((entry) => entry === "created").length).toBeGreaterThan(10);
    expect(JSON.stringify(result)).not.toContain('"outside"');
    expect(snapshot(outside, { times: true })).toEqual(before);
    expect(existsSync(join(root, outside))).toBe(true);
  });

  test("opens nothing outside, system call by system call", () => {
    const log = join(folder, "strace.log");
    const wrapper = ["strace", "-f", "-qq", "-y", "-o", log, "-e", "trace=%file,%desc"];
    const { result } = runHostScript(operations, { wrapper, args: [root, outside] });
    expect(result).toBeDefined();
    const lines = readFileSync(log, "utf8").split("\n");
    expect(lines.filter((line) => line.includes(`${root}/deep`) || line.includes(`<${root}`)).length).toBeGreaterThan(
      100,
    );
    const real = new RegExp(`["<]${outside}`);
    // These tell or take the text of a link, and the script's own words. A call can be split into two lines of the log.
    const naming = /\b(execve|readlink|symlink|readlinkat|symlinkat)(\(| resumed>)/;
    const touching = lines.filter((line) => real.test(line) && !naming.test(line));
    expect(touching).toEqual([]);
  });
});
