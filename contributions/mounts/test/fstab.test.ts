import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { withMarkedBlock } from "kanod-configure";
import { expect, test } from "vitest";
import { type FstabEntry, formatEntry, parseFstab, withEntries } from "../kanod/fstab/fstab.ts";

const entry: FstabEntry = { source: "LABEL=data", path: "/data", type: "ext4", options: "defaults", dump: 0, pass: 2 };
const others = "# a comment\nUUID=1 / ext4 errors=remount-ro 0 1\n\n/swap none swap sw\n";

test("our entries stand in a block behind those of others", () => {
  const text = withEntries(others, [entry]);
  expect(text.startsWith(others)).toBe(true);
  expect(text).toBe(withMarkedBlock(others, ["LABEL=data /data ext4 defaults 0 2"]));
  expect(parseFstab(text)).toEqual({
    ours: [entry],
    others: [
      { source: "UUID=1", path: "/", type: "ext4", options: "errors=remount-ro", dump: 0, pass: 1 },
      { source: "/swap", path: "none", type: "swap", options: "sw", dump: 0, pass: 0 },
    ],
  });
});

test("the block is replaced, and goes with its last entry", () => {
  const other = { ...entry, path: "/other" };
  expect(withEntries(withEntries(others, [entry]), [other])).toBe(withEntries(others, [other]));
  expect(withEntries(withEntries(others, [entry]), [])).toBe(others);
  expect(withEntries("", [])).toBe("");
  expect(withEntries("a b c", [entry])).toMatch(/^a b c\n# BEGIN/);
});

test("what stands behind the block stays", () => {
  const text = `${withEntries(others, [entry])}tmpfs /tmp tmpfs defaults\n`;
  expect(withEntries(text, [])).toBe(`${others}tmpfs /tmp tmpfs defaults\n`);
});

const field = fc.string({ minLength: 1, unit: fc.constantFrom(..."ab/\\ \t#'\"$;é=,040") }).map((text) => `/${text}`);

test("any field survives being written and read", () => {
  fc.assert(
    fc.property(field, field, field, (source, path, options) => {
      const hostile = { ...entry, source, path, options };
      expect(parseFstab(withEntries(others, [hostile])).ours).toEqual([hostile]);
    }),
  );
});

test("libmount reads the same fields", () => {
  const folder = mkdtempSync(join(tmpdir(), "kanod-fstab-"));
  const file = join(folder, "fstab");
  const hostile = { ...entry, source: "/dev/a b\\c#d", path: "/mnt/é 'x' \"y\" $(z);#\t" };
  writeFileSync(file, `${formatEntry(hostile)}\n`);
  const argv = ["--fstab", "--tab-file", file, "--json", "--output", "SOURCE,TARGET,FSTYPE,OPTIONS,FREQ,PASSNO"];
  const { stdout } = spawnSync("findmnt", argv, { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  expect(JSON.parse(stdout).filesystems).toEqual([
    { source: hostile.source, target: hostile.path, fstype: "ext4", options: "defaults", freq: 0, passno: 2 },
  ]);
});
