/** What happens to a file between the call and its return, which nobody can see afterwards: mode, fsync(2), order. */
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { createHost } from "../../../src/host/create-host.ts";
import { keptLog, temporaryFolder } from "../../support/host.ts";

const calls = vi.hoisted((): string[] => []);

/** The real functions, which also write down that they were called. */
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const nameOf = (descriptor: number): string => readlinkSync(`/proc/self/fd/${descriptor}`);
  return {
    ...fs,
    openSync: (...given: Parameters<typeof fs.openSync>) => {
      const descriptor = fs.openSync(...given);
      if (given[2] !== undefined) calls.push(`open ${Number(given[2]).toString(8)} ${nameOf(descriptor)}`);
      return descriptor;
    },
    fsyncSync: (descriptor: number) => {
      calls.push(`fsync ${nameOf(descriptor)}`);
      fs.fsyncSync(descriptor);
    },
    renameSync: (from: string, to: string) => {
      calls.push("rename");
      fs.renameSync(from, to);
    },
  };
});

beforeEach(() => void calls.splice(0));

/** Random names, and folders that are reached by their descriptors, in readable form. */
function happened(root: string): string[] {
  return calls.map((call) => call.replaceAll(root, "").replace(/\.kanod-[\w-]+\.tmp/, "TEMPORARY"));
}

test("a file is private until it is whole, on the disk before it has its name, and the name is too", async () => {
  const root = temporaryFolder();
  const host = createHost({ root, log: keptLog().log });
  await host.writeFile("/file", "text", { mode: 0o644 });
  expect(happened(root)).toEqual(["open 600 /TEMPORARY", "fsync /TEMPORARY", "rename", "fsync "]);
});

test("the entry of a new folder, and of what is removed, is on the disk", async () => {
  const root = temporaryFolder();
  const host = createHost({ root, log: keptLog().log });
  await host.makeDirectory("/folder");
  expect(happened(root)).toContain("fsync ");
  await host.writeFile("/folder/file", "text");
  calls.splice(0);
  await host.remove("/folder/file");
  expect(happened(root)).toEqual([`fsync ${join("/folder")}`]);
});
