import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { compiledAgent, runProgram, targetTree, writtenElement } from "../support/compiled-agent.ts";
import { treeOf } from "../support/tree.ts";

/** Five contributions that write files, in the ways in which files are written. */
const writers = {
  "kanod/writers.ts": `import { register } from "kanod-configure";

register("plain", 1, async ({ host }) => {
  await host.writeFile("/etc/plain/one", "one\\n");
  await host.writeFile("/etc/plain/two", "two\\n", { mode: 0o755 });
});
register("secret", 2, async ({ host }) => void (await host.writeFile("/etc/secret", "s3cret\\n", { secret: true })));
register("changes", 3, async ({ host }) => {
  const before = (await host.readFile("/etc/existing")) ?? "";
  if (!before.includes("added")) await host.writeFile("/etc/existing", before + "added\\n");
}, { frequency: "per-instance" });
register("links", 4, async ({ host }) => {
  await host.makeDirectory("/srv/data", { mode: 0o700 });
  await host.symlink("/srv/data", "/srv/link");
  await host.writeFile("/srv/link/inside", "x".repeat(100_000));
}, { frequency: "once" });
register("removes", 5, async ({ host }) => {
  await host.remove("/etc/old");
  await host.writeFile("/etc/new", "new\\n");
});
`,
};

const preload = new URL("../support/kill-at.mjs", import.meta.url).href;
let agent = "";

beforeAll(() => {
  agent = compiledAgent([writtenElement("writers", writers)], ["--runtime", "system"]);
});

function newTree(): string {
  const root = targetTree("name: one\n");
  writeFileSync(join(root, "etc/existing"), "before\n");
  writeFileSync(join(root, "etc/old"), "old\n");
  return root;
}

function run(root: string, args: readonly string[], env: Record<string, string>) {
  return runProgram(process.execPath, ["--import", preload, join(agent, "kanod-runcmd"), "--root", root, ...args], {
    env,
  });
}

/** What a run is for; its journal and its log tell times, so they are compared by what they say. */
function result(root: string): unknown {
  const own = (path: string): boolean => /^\/var\/(lib\/kanod-configure\/state.json|log\/)/.test(path);
  const journal = JSON.parse(readFileSync(join(root, "var/lib/kanod-configure/state.json"), "utf8"));
  const { state, contributions } = journal.runs.at(-1);
  const names = contributions.map(({ name }: { name: string }) => name);
  return { tree: treeOf(root, own), state, names, once: journal.once, perInstance: journal.perInstance };
}

test("killed at any change of the file system, a second run ends in the same state", () => {
  const undisturbed = newTree();
  const countTo = join(targetTree(), "count");
  expect(run(undisturbed, [], { COUNT_TO: countTo }).exitCode).toBe(0);
  const expected = result(undisturbed);
  const calls = Number(readFileSync(countTo, "utf8"));
  expect(calls).toBeGreaterThan(50);
  for (let killAt = 1; killAt <= calls; killAt++) {
    const root = newTree();
    const killed = run(root, [], { KILL_AT: String(killAt) });
    expect(killed.exitCode, `at ${killAt}`).toBeNull();
    const again = run(root, killAt % 2 === 0 ? [] : ["--resume"], {});
    expect(again, `after the kill at ${killAt}`).toMatchObject({ exitCode: 0, err: "" });
    expect(result(root), `after the kill at ${killAt}`).toEqual(expected);
  }
}, 300_000);

test("killed several times in a row, too", () => {
  const undisturbed = newTree();
  run(undisturbed, [], {});
  const expected = result(undisturbed);
  const kills = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(kills, fc.boolean(), (killsAt, resume) => {
      const root = newTree();
      for (const killAt of killsAt) run(root, [], { KILL_AT: String(killAt) });
      expect(run(root, resume ? ["--resume"] : [], {})).toMatchObject({ exitCode: 0 });
      expect(result(root)).toEqual(expected);
      expect(existsSync(join(root, "run/kanod-configure/lock"))).toBe(false);
    }),
    { numRuns: 15 },
  );
}, 300_000);
