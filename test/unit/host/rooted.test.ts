import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createHost } from "../../../src/host/create-host.ts";
import type { Host } from "../../../src/host/host.ts";
import { keptLog, nameOfKilled, temporaryFolder } from "../../support/host.ts";
import { snapshot } from "../../support/snapshot.ts";

/** A folder with a target tree, and beside it what must never be read or written. */
function treeAndOutside(): { root: string; outside: string; host: Host } {
  const folder = temporaryFolder();
  const root = join(folder, "root");
  const outside = join(folder, "outside");
  mkdirSync(root);
  mkdirSync(join(outside, "dir"), { recursive: true });
  writeFileSync(join(outside, "secret"), "outside");
  writeFileSync(join(outside, "dir/secret"), "outside");
  return { root, outside, host: createHost({ log: keptLog().log, root }) };
}

describe("the root itself", () => {
  test("may be given through a link, and relative", async () => {
    const { root, host } = treeAndOutside();
    symlinkSync(root, `${root}-link`);
    await host.writeFile("/a", "x");
    expect(await createHost({ log: keptLog().log, root: `${root}-link` }).readFile("/a")).toBe("x");
    expect(await createHost({ log: keptLog().log, root: relative(process.cwd(), root) }).readFile("/a")).toBe("x");
  });

  test("has to be a folder that is there", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    const rooted = (root: string) => () => createHost({ log: keptLog().log, root });
    expect(rooted(join(folder, "none"))).toThrow(`cannot use as root ${folder}/none: no such file or directory`);
    expect(rooted(join(folder, "file"))).toThrow(`cannot use as root ${folder}/file: it is not a folder`);
    expect(rooted(join(folder, "file"))).toThrow(expect.objectContaining({ code: "not-a-folder" }));
  });

  test("`/` is the machine itself", async () => {
    const folder = temporaryFolder();
    const host = createHost({ log: keptLog().log, root: "/" });
    await host.writeFile(join(folder, "a"), "x");
    expect(readFileSync(join(folder, "a"), "utf8")).toBe("x");
    expect((await host.query(["echo", "hi"])).skipped).toBe(false);
  });
});

describe("nothing leads out of the tree", () => {
  test.each([
    ["an absolute link to a file", "/l", (outside: string) => `${outside}/secret`],
    ["a relative link upwards", "/l", () => "../outside/secret"],
    ["a link further up than there are folders", "/l", (outside: string) => `${"../".repeat(40)}${outside}/secret`],
    ["/proc of the machine", "/l", (outside: string) => `/proc/self/root${outside}/secret`],
    ["the agent's own folder", "/l", () => "/proc/self/cwd/package.json"],
  ])("%s", async (_, path, target) => {
    const { root, outside, host } = treeAndOutside();
    symlinkSync(target(outside), root + path);
    const before = snapshot(outside, { times: true });
    expect(await host.readFile(path)).toBeUndefined();
    expect(await host.writeFile(path, "inside")).toBe("created");
    expect(await host.readFile(path)).toBe("inside");
    expect(await host.remove(path)).toBe(true);
    expect(existsSync(root + path)).toBe(false);
    expect(snapshot(outside, { times: true })).toEqual(before);
  });

  test("a link to a folder outside, on the way and at the end", async () => {
    const { root, outside, host } = treeAndOutside();
    symlinkSync(outside, join(root, "etc"));
    symlinkSync("../outside", join(root, "var"));
    const before = snapshot(outside, { times: true });
    for (const link of ["/etc", "/var"]) {
      expect(await host.list(link)).toBeUndefined();
      expect(await host.readFile(`${link}/secret`)).toBeUndefined();
      expect(await host.stat(`${link}/secret`)).toBeUndefined();
      expect(await host.remove(`${link}/secret`)).toBe(false);
      expect(await host.remove(`${link}/dir`)).toBe(false);
      expect(await host.symlink("x", `${link}/secret`)).toBe("created");
      expect(await host.makeDirectory(link, { mode: 0o700 })).toBe("changed");
      expect(await host.writeFile(`${link}/dir/new`, "")).toBe("created");
      expect(await host.readFile(`${link}/../../../../..${outside}/dir/secret`)).toBeUndefined();
    }
    expect(snapshot(outside, { times: true })).toEqual(before);
    expect(readdirSync(join(root, outside)).sort()).toEqual(["dir", "secret"]);
    expect(readdirSync(join(root, "outside")).sort()).toEqual(["dir", "secret"]);
  });

  test("removing a folder removes the links in it, not what they lead to", async () => {
    const { root, outside, host } = treeAndOutside();
    mkdirSync(join(root, "a/b"), { recursive: true });
    symlinkSync(outside, join(root, "a/b/out"));
    symlinkSync(`${outside}/dir`, join(root, "a/out"));
    const before = snapshot(outside, { times: true });
    expect(await host.remove("/a")).toBe(true);
    expect(snapshot(outside, { times: true })).toEqual(before);
  });

  test("a link in place of a temporary file is not written through", async () => {
    const { root, outside, host } = treeAndOutside();
    symlinkSync(`${outside}/secret`, join(root, nameOfKilled()));
    await host.writeFile("/a", "x");
    expect(readdirSync(root)).toEqual(["a"]);
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("outside");
  });
});

/** What a tree holds, by path without links: undefined for a folder, a target with an arrow for a link, else content. */
type Model = Map<string, { link: string } | { content: string } | "folder">;

/** Where a path leads in the model, by path_resolution(7) with the root as `/`; `/` and `/.` at its end say nothing. */
function resolveInModel(model: Model, path: string): string | undefined {
  let at = "";
  const pending = path.split("/");
  for (let links = 0; pending.length > 0; ) {
    const name = pending.shift() as string;
    if (name === "" || name === ".") continue;
    if (model.get(at || "/") !== "folder") return undefined;
    if (name === "..") {
      at = at === "" ? "" : dirname(at) === "/" ? "" : dirname(at);
      continue;
    }
    const entry = model.get(`${at}/${name}`);
    if (typeof entry !== "object" || !("link" in entry)) at = `${at}/${name}`;
    else {
      if (++links > 40) return undefined;
      if (entry.link.startsWith("/")) at = "";
      pending.unshift(...entry.link.split("/"));
    }
  }
  return at || "/";
}

describe("random trees full of links", () => {
  const name = fc.constantFrom("a", "b", "c");
  const path = fc.array(fc.oneof({ weight: 4, arbitrary: name }, fc.constantFrom("..", ".")), { maxLength: 5 });
  const linkTarget = fc
    .tuple(fc.constantFrom("", "/", "../", "/../", "../../outside/", "OUTSIDE/", "/proc/self/cwd/"), path)
    .map(([start, names]) => start + names.join("/"))
    .filter((target) => target !== "");
  const entry = fc.tuple(
    fc.array(name, { minLength: 1, maxLength: 4 }),
    fc.oneof(
      fc.constant("folder" as const),
      fc.constant("file" as const),
      linkTarget.map((link) => ({ link })),
      linkTarget.map((link) => ({ link })),
    ),
  );
  const entries = fc.array(entry, { maxLength: 12 });
  const paths = fc.array(path, { minLength: 1, maxLength: 6 });

  /** Builds the tree on the disk, as far as the entries do not contradict each other, and its model. */
  function build(root: string, outside: string, wanted: readonly [string[], "folder" | "file" | { link: string }][]) {
    const model: Model = new Map([["/", "folder"]]);
    for (const [names, kind] of wanted) {
      const path = `/${names.join("/")}`;
      const parents = names.slice(0, -1).map((_, index) => `/${names.slice(0, index + 1).join("/")}`);
      if (model.has(path) || parents.some((parent) => (model.get(parent) ?? "folder") !== "folder")) continue;
      for (const parent of parents) model.set(parent, "folder");
      mkdirSync(dirname(root + path), { recursive: true });
      if (kind === "folder") {
        mkdirSync(root + path);
        model.set(path, "folder");
      } else if (kind === "file") {
        writeFileSync(root + path, path);
        model.set(path, { content: path });
      } else {
        const link = kind.link.replace("OUTSIDE", outside);
        symlinkSync(link, root + path);
        model.set(path, { link });
      }
    }
    return model;
  }

  test("are read as path_resolution(7) says, with the root as `/`", async () => {
    const { root, outside, host } = treeAndOutside();
    const property = fc.asyncProperty(entries, paths, async (wanted, asked) => {
      rmSync(root, { recursive: true, force: true });
      mkdirSync(root);
      const model = build(root, outside, wanted);
      for (const names of asked) {
        const path = `/${names.join("/")}`;
        const target = resolveInModel(model, path);
        const entry = target === undefined ? undefined : model.get(target);
        const expected = typeof entry === "object" && "content" in entry ? entry.content : undefined;
        expect(await host.readFile(path).catch(() => undefined), path).toBe(expected);
      }
    });
    await fc.assert(property, { numRuns: 300 });
  });

  test("let nothing outside be read or changed, whatever is done in them", async () => {
    const { root, outside, host } = treeAndOutside();
    const parent = dirname(root);
    const canary = (): string[] => snapshot(outside, { times: true });
    const before = canary();
    const action = fc.constantFrom("write", "remove", "symlink", "folder", "read", "list", "stat");
    const operations = fc.array(fc.tuple(action, path), { minLength: 1, maxLength: 10 });
    const property = fc.asyncProperty(entries, operations, async (wanted, actions) => {
      rmSync(root, { recursive: true, force: true });
      mkdirSync(root);
      build(root, outside, wanted);
      for (const [what, names] of actions) {
        const path = `/${names.join("/")}`;
        const result = await perform(host, what, path).catch((error: { name: string }) => {
          expect(error.name).toBe("HostError");
        });
        expect(JSON.stringify(result) ?? "").not.toMatch(/^"outside"$|secret/);
      }
      expect(canary()).toEqual(before);
      expect(readdirSync(parent).sort()).toEqual(["outside", "root"]);
      expect(snapshot(root).filter((line) => line.includes(".kanod-"))).toEqual([]);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  async function perform(host: Host, what: string, path: string): Promise<unknown> {
    if (what === "write") return host.writeFile(path, "written");
    if (what === "remove") return host.remove(path);
    if (what === "symlink") return host.symlink("../../..", path);
    if (what === "folder") return host.makeDirectory(path, { mode: 0o700 });
    if (what === "read") return host.readFile(path);
    return what === "list" ? host.list(path) : host.stat(path);
  }
});

/** Exchanges, as fast as it can, a folder and a file with links that lead out of the tree, until it is ended. */
const exchanger = `
import { renameSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from "node:fs";
const [root, outside] = process.argv.slice(1);
process.stdout.write("ready");
for (let round = 0; ; round++) {
  const attempt = (code) => { try { code(); } catch {} };
  attempt(() => symlinkSync(outside, root + "/link"));
  attempt(() => renameSync(root + "/etc", root + "/away" + round));
  attempt(() => renameSync(root + "/link", root + "/etc"));
  attempt(() => rmSync(root + "/etc"));
  attempt(() => mkdirSync(root + "/etc"));
  attempt(() => writeFileSync(root + "/etc/secret", "inside"));
  attempt(() => symlinkSync(outside + "/secret", root + "/link2"));
  attempt(() => renameSync(root + "/link2", root + "/etc/secret"));
  attempt(() => symlinkSync(outside + "/dir", root + "/etc/dir"));
  attempt(() => rmSync(root + "/away" + round, { recursive: true, force: true }));
}`;

test("links that are exchanged meanwhile lead nowhere else", async () => {
  const { root, outside, host } = treeAndOutside();
  const before = snapshot(outside, { times: true });
  const child = spawn(process.execPath, ["--input-type=module", "-e", exchanger, root, outside], { stdio: "pipe" });
  const counts = { done: 0, refused: 0 };
  try {
    await once(child.stdout, "data");
    const end = performance.now() + 2000;
    for (let round = 0; performance.now() < end; round++) {
      const operations = [
        () => host.writeFile("/etc/secret", `inside ${round}`),
        () => host.readFile("/etc/secret").then((text) => expect(text).not.toBe("outside")),
        () => host.makeDirectory("/etc/dir", { mode: round % 2 === 0 ? 0o700 : 0o750 }),
        () => host.symlink("nowhere", "/etc/secret"),
        () => host.list("/etc").then((names) => expect(names ?? []).not.toContain("only-outside")),
        () => host.remove("/etc"),
      ];
      for (const operation of operations) {
        await operation().then(
          () => counts.done++,
          (error: { name: string }) => {
            expect(error.name).toBe("HostError");
            counts.refused++;
          },
        );
      }
    }
  } finally {
    child.kill("SIGKILL");
    await once(child, "close");
  }
  expect(snapshot(outside, { times: true })).toEqual(before);
  expect(counts.done).toBeGreaterThan(100);
});
