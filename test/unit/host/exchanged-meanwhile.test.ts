import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { createHost } from "../../../src/host/create-host.ts";
import type { Host } from "../../../src/host/host.ts";
import { keptLog, temporaryFolder } from "../../support/host.ts";
import { snapshot } from "../../support/snapshot.ts";

/** Called before each call of node:fs that the host makes, while it is there. */
const hook = vi.hoisted(() => ({ beforeCall: undefined as (() => void) | undefined }));

// The real node:fs: nothing is faked, something only happens between two of its calls.
vi.mock(import("node:fs"), async (original) => {
  const real = await original();
  const watched = Object.entries(real).map(([name, member]) => {
    if (typeof member !== "function" || !name.endsWith("Sync")) return [name, member];
    const call = (...values: unknown[]): unknown => {
      hook.beforeCall?.();
      return (member as (...values: unknown[]) => unknown)(...values);
    };
    return [name, call];
  });
  return Object.fromEntries(watched);
});

let root: string;
let outside: string;
let host: Host;

beforeEach(() => {
  const folder = temporaryFolder();
  root = join(folder, "root");
  outside = join(folder, "outside");
});

/** What exchanges something in the tree for something else. */
const exchanges: Record<string, () => void> = {
  "a folder becomes a link outside": () => {
    fs.renameSync(join(root, "etc"), join(root, "away"));
    fs.symlinkSync(outside, join(root, "etc"));
  },
  "the folder itself becomes a link outside": () => {
    fs.renameSync(join(root, "etc/dir"), join(root, "away"));
    fs.symlinkSync(`${outside}/dir`, join(root, "etc/dir"));
  },
  "the folder is moved out of the tree": () => {
    fs.renameSync(join(root, "etc/dir"), join(dirname(root), "moved"));
  },
  "the file becomes a link outside": () => {
    fs.rmSync(join(root, "etc/dir/file"), { recursive: true, force: true });
    fs.symlinkSync(`${outside}/dir/file`, join(root, "etc/dir/file"));
  },
  "the file becomes a folder": () => {
    fs.rmSync(join(root, "etc/dir/file"), { recursive: true, force: true });
    fs.mkdirSync(join(root, "etc/dir/file"));
  },
  "the folder vanishes": () => fs.rmSync(join(root, "etc/dir"), { recursive: true, force: true }),
  "the file vanishes": () => fs.rmSync(join(root, "etc/dir/file"), { recursive: true, force: true }),
};

const operations: Record<string, () => Promise<unknown>> = {
  readFile: () => host.readFile("/etc/dir/file"),
  stat: () => host.stat("/etc/dir/file"),
  "list of the folder": () => host.list("/etc/dir"),
  writeFile: () => host.writeFile("/etc/dir/file", "inside, too"),
  "writeFile of what is right": () => host.writeFile("/etc/dir/file", "inside"),
  makeDirectory: () => host.makeDirectory("/etc/dir", { mode: 0o711 }),
  "makeDirectory below": () => host.makeDirectory("/etc/dir/new/er", { mode: 0o711 }),
  symlink: () => host.symlink("target", "/etc/dir/file"),
  "remove of the file": () => host.remove("/etc/dir/file"),
  "remove of the folder": () => host.remove("/etc/dir"),
  "remove of all": () => host.remove("/etc"),
};

function build(): void {
  fs.rmSync(dirname(root), { recursive: true, force: true });
  for (const folder of [root, outside]) {
    fs.mkdirSync(join(folder, folder === root ? "etc/dir" : "dir"), { recursive: true });
  }
  fs.writeFileSync(join(root, "etc/dir/file"), "inside");
  fs.writeFileSync(join(outside, "dir/file"), "outside");
  fs.writeFileSync(join(outside, "file"), "outside");
  host = createHost({ log: keptLog().log, root });
}

/** Runs an operation and does something before its Nth call of node:fs. False where it makes fewer calls. */
async function disturb(operation: () => Promise<unknown>, at: number, exchange: () => void): Promise<unknown> {
  let calls = 0;
  let reached = false;
  hook.beforeCall = () => {
    if (++calls !== at) return;
    hook.beforeCall = undefined;
    reached = true;
    try {
      exchange();
    } catch (error) {
      // The operation has removed already what was to be exchanged.
      if ((error as { code: string }).code !== "ENOENT") throw error;
    }
  };
  const result = await operation().catch((error: { name: string }) => {
    if (error.name !== "HostError") throw error;
  });
  hook.beforeCall = undefined;
  return { reached, result };
}

describe.each(Object.keys(exchanges))("%s", (exchange) => {
  test.each(Object.keys(operations))("between any two system calls of %s: nothing outside is touched", async (name) => {
    let calls = 0;
    for (let at = 1; ; at++) {
      build();
      const before = snapshot(outside, { times: true });
      const operation = operations[name] as () => Promise<unknown>;
      const { reached, result } = (await disturb(operation, at, exchanges[exchange] as () => void)) as {
        reached: boolean;
        result: unknown;
      };
      expect(snapshot(outside, { times: true }), `call ${at}`).toEqual(before);
      expect(JSON.stringify(result) ?? "").not.toMatch(/^"outside"$/);
      if (!reached) break;
      expect(
        snapshot(dirname(root)).filter((line) => line.includes(".kanod-")),
        `call ${at}`,
      ).toEqual([]);
      calls = at;
    }
    expect(calls).toBeGreaterThan(3);
  });
});
