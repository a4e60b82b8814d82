import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitMarkedBlock, withMarkedBlock } from "../../../src/kit/marked-block.ts";

test("adds, replaces and removes its own lines, and only these", () => {
  const original = "PATH=/bin\n# a comment\n";
  const first = withMarkedBlock(original, ["a=1", "b=2"]);
  expect(first.startsWith(original)).toBe(true);
  expect(splitMarkedBlock(first)).toEqual({ ours: ["a=1", "b=2"], others: original });
  const second = withMarkedBlock(`${first}LATER=1\n`, ["c=3"]);
  expect(splitMarkedBlock(second).ours).toEqual(["c=3"]);
  expect(second.startsWith(`${original}LATER=1\n`)).toBe(true);
  expect(withMarkedBlock(second, [])).toBe(`${original}LATER=1\n`);
});

test("ends a last line that has no end", () => {
  expect(withMarkedBlock("A=1", ["b=2"]).startsWith("A=1\n#")).toBe(true);
});

describe("a mark without its counterpart", () => {
  const [begin = "", , , end = ""] = withMarkedBlock("", ["x", "y"]).split("\n");

  test.each([
    ["takes only its lines along", [begin, "x", "y", "admin"], "admin\n"],
    ["also above", ["admin", "x", "y", end], "admin\n"],
    ["and none behind a line of others", [begin, "x", "admin", "y"], "admin\ny\n"],
    ["nor any other", ["admin", end], "admin\n"],
  ])("%s", (_, lines, expected) => {
    expect(withMarkedBlock(`${lines.join("\n")}\n`, [])).toBe(expected);
  });
});

describe.each([
  ["# BEGIN kanod-configure", "# END kanod-configure"],
  ["# BEGIN kanod-configure: changes made between these lines are lost", "# END kanod-configure"],
  ["# Written by kanod-configure: changes between these two lines are lost.", "# End of what kanod-configure wrote."],
])("a block of version 0.1 (%s)", (begin, end) => {
  test("is taken over", () => {
    expect(splitMarkedBlock(`A\n${begin}\nx\ny\n${end}\nB\n`)).toEqual({ ours: ["x", "y"], others: "A\nB\n" });
  });

  test("without its end leaves all lines to others", () => {
    expect(splitMarkedBlock(`A\n${begin}\nx\nB\n`)).toEqual({ ours: [], others: "A\nx\nB\n" });
  });
});

test("for any file: what is not ours stays, and doing it twice changes nothing", () => {
  const line = fc.string({ unit: "grapheme-ascii" }).filter((text) => !text.includes("\n"));
  const file = fc.array(line).map((lines) => (lines.length === 0 ? "" : `${lines.join("\n")}\n`));
  fc.assert(
    fc.property(file, fc.array(line, { minLength: 1 }), (text, lines) => {
      const written = withMarkedBlock(text, lines);
      expect(withMarkedBlock(written, lines)).toBe(written);
      expect(splitMarkedBlock(written).ours).toEqual(lines);
      expect(withMarkedBlock(written, [])).toBe(text);
    }),
  );
});

/** An edit by hand: positions are taken modulo the length of the file. */
type Edit = { kind: "insert" | "delete" | "edit"; at: number } | { kind: "move"; at: number; to: number };

test("however the file is edited by hand between runs: no line of an administrator is lost, and each run converges", () => {
  const at = fc.nat(40);
  const edit: fc.Arbitrary<Edit> = fc.oneof(
    fc.record({ kind: fc.constantFrom("insert" as const, "delete" as const, "edit" as const), at }),
    fc.record({ kind: fc.constant("move" as const), at, to: at }),
  );
  const wanted = fc.uniqueArray(fc.constantFrom("our 1", "our 2", "our 3", "our 4"));
  const round = fc.record({ wanted, edits: fc.array(edit, { maxLength: 5 }) });
  fc.assert(
    fc.property(fc.array(round, { minLength: 1, maxLength: 6 }), (rounds) => {
      let lines = ["admin first"];
      let count = 0;
      for (const { wanted: ours, edits } of rounds) {
        for (const one of edits) {
          const from = one.at % (lines.length + 1);
          count += 1;
          if (one.kind === "insert") lines.splice(from, 0, `admin ${count}`);
          if (one.kind === "delete") lines.splice(from, 1);
          // A changed line of ours is the administrator's from then on.
          if (one.kind === "edit" && from < lines.length) lines[from] = `admin ${count} changed ${lines[from]}`;
          if (one.kind === "move") lines.splice(one.to % (lines.length + 1), 0, ...lines.splice(from, 1));
        }
        const theirs = lines.filter((line) => line.startsWith("admin"));
        const after = withMarkedBlock(lines.map((line) => `${line}\n`).join(""), ours);
        expect(withMarkedBlock(after, ours)).toBe(after);
        expect(splitMarkedBlock(after).ours).toEqual(ours);
        lines = after.split("\n").slice(0, -1);
        expect(lines.filter((line) => line.startsWith("admin"))).toEqual(theirs);
      }
    }),
    { numRuns: 2000 },
  );
});
