import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createHost } from "../../../src/host/create-host.ts";
import type { Host } from "../../../src/host/host.ts";
import { recordingHost } from "../../../src/host/recording-host.ts";
import { keptLog, temporaryFolder } from "../../support/host.ts";

const path = fc
  .array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom("a", "b", "c") }, fc.constantFrom("..", ".")), {
    maxLength: 4,
  })
  .map((names) => `/${names.join("/")}`);
const target = fc.constantFrom("a", "b", "../c", "/a", "/b/c", "/", "..", "nowhere/x");
// Who is not root cannot work in a folder that its owner may not enter.
const mode = fc.constantFrom(0o700, 0o711, 0o755);

type Operation = { what: string; path: string; target: string; mode: number; withMode: boolean };

const operation: fc.Arbitrary<Operation> = fc.record({
  what: fc.constantFrom("write", "write", "secret", "folder", "symlink", "symlink", "remove", "read", "stat", "list"),
  path,
  target,
  mode,
  withMode: fc.boolean(),
});

/** What one operation gives, or the code of its error. The size of a folder is the file system's own matter. */
async function outcome(host: Host, { what, path, target, mode, withMode }: Operation): Promise<unknown> {
  const ownership = withMode ? { mode } : {};
  try {
    if (what === "write") return await host.writeFile(path, target, ownership);
    if (what === "secret") return await host.writeFile(path, target, { ...ownership, secret: true });
    if (what === "folder") return await host.makeDirectory(path, ownership);
    if (what === "symlink") return await host.symlink(target, path);
    if (what === "remove") return await host.remove(path);
    if (what === "read") return await host.readFile(path);
    if (what === "list") return await host.list(path);
    const status = await host.stat(path);
    // A recorded file belongs to root, as what an agent makes does; this test may run as somebody else.
    const { uid: _uid, gid: _gid, size, ...rest } = status ?? {};
    return status?.kind === "directory" ? rest : { ...rest, size };
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test("a recording host answers as the machine would, and later reads see what would be there", async () => {
  const { log } = keptLog();
  const root = temporaryFolder();
  const untouched = join(root, "untouched");
  const changed = join(root, "changed");
  const operations = fc.array(operation, { minLength: 1, maxLength: 12 });
  const property = fc.asyncProperty(operations, operations, async (before, actions) => {
    for (const folder of [untouched, changed]) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { mode: 0o755 });
      for (const action of before) await outcome(createHost({ log, root: folder }), action);
    }
    const real = createHost({ log, root: changed });
    const recorded = recordingHost({ base: createHost({ log, root: untouched }) });
    for (const action of actions) {
      const expected = await outcome(real, action);
      expect(await outcome(recorded, action), JSON.stringify(action)).toEqual(expected);
    }
  });
  await fc.assert(property, { numRuns: 300 });
});
