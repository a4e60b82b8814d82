import { describe, expect, test } from "vitest";
import type { Problem } from "../../../src/config/problem.ts";
import { maxInputBytes, parseYaml, parseYamlStream, requireMapping } from "../../../src/config/yaml.ts";
import { corpusFiles, hasCorpus } from "../../support/corpus.ts";

/** `line:column-endColumn code pointer` */
function brief({ source, code, pointer }: Problem): string {
  return `${source?.line}:${source?.column}-${source?.endColumn} ${code} ${pointer}`.trimEnd();
}

function problemsOf(text: string | Uint8Array): string[] {
  return parseYaml(text, "f.yaml").problems.map(brief);
}

function bytes(...parts: (string | number)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from([part]))));
}

describe("values", () => {
  test.each([
    [
      "all kinds",
      "a: 1\nb: [x, 2.5, true, null, ~, ]\nc: {d: 'e'}\n",
      { a: 1, b: ["x", 2.5, true, null, null], c: { d: "e" } },
    ],
    [
      "YAML 1.2, in which yes, on and dates are text",
      "a: yes\nb: on\nc: 2026-01-31\n",
      { a: "yes", b: "on", c: "2026-01-31" },
    ],
    ["also after a %YAML 1.1 directive", "%YAML 1.1\n---\na: yes\nb: 0o17\n", { a: "yes", b: 15 }],
    ["keys as they are written", "1.10: a\ntrue: b\nnull: c\n'': d\n", { "1.10": "a", true: "b", null: "c", "": "d" }],
    ["known tags", "a: !!str 1\nb: !!int '2'\nc: !!seq [x]\n", { a: "1", b: 2, c: ["x"] }],
    ["block texts", "a: |\n  x\n  y\nb: >-\n  x\n  y\n", { a: "x\ny\n", b: "x y" }],
    ["a byte-order mark and CRLF", "\ufeffa: 1\r\nb: |\r\n  x\r\n", { a: 1, b: "x\n" }],
    ["a mapping in a list in flow form", "a: [b: 1, c]\n", { a: [{ b: 1 }, "c"] }],
    ["keys without values", "a:\nb: {c, d: }\n", { a: null, b: { c: null, d: null } }],
    ["nothing", "", null],
    ["only comments", "# nothing\n", null],
    ["a document end", "a: 1\n...\n", { a: 1 }],
    ["aliases", "a: &x [1]\nb: *x\nc: &x 2\nd: *x\n", { a: [1], b: [1], c: 2, d: 2 }],
    ["an anchor at a key", "&k a: 1\nb: *k\n", { a: 1, b: "a" }],
    [
      "a merged mapping",
      "a: &a {x: 1, y: 2}\nb:\n  y: 3\n  <<: *a\n  z: 4\n",
      { a: { x: 1, y: 2 }, b: { y: 3, x: 1, z: 4 } },
    ],
    ["an own key after the merge", "a: &a {x: 1}\nb: {<<: *a, x: 2}\n", { a: { x: 1 }, b: { x: 2 } }],
    [
      "several merged, the first goes first",
      "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}\n",
      { a: { x: 1 }, b: { x: 2, y: 2 }, c: { x: 1, y: 2 } },
    ],
    [
      "a merge within a merge",
      "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n",
      { a: { x: 1 }, b: { x: 1, y: 2 }, c: { x: 1, y: 2 } },
    ],
    ["a quoted << is a key", '"<<": {x: 1}\n', { "<<": { x: 1 } }],
  ])("%s", (_, text, value) => {
    const document = parseYaml(text, "f.yaml");
    expect(document.problems).toEqual([]);
    expect(document.value).toEqual(value);
  });

  test("bytes are read like text, and the text has no byte-order mark", () => {
    const document = parseYaml(bytes(0xef, 0xbb, 0xbf, "a: ü�\n"), "f.yaml");
    expect(document).toMatchObject({ file: "f.yaml", text: "a: ü�\n", value: { a: "ü�" }, problems: [] });
  });

  test("what each alias brings in is a copy", () => {
    const { value } = parseYaml("a: &a {x: [1]}\nb: *a\nc: {<<: *a}\n", "f") as {
      value: Record<string, { x: number[] }>;
    };
    value["b"]?.x.push(2);
    expect(value).toEqual({ a: { x: [1] }, b: { x: [1, 2] }, c: { x: [1] } });
  });

  test("__proto__ and constructor are keys like others", () => {
    const value = parseYaml("__proto__: {polluted: 1}\nconstructor: 2\nm: {<<: {__proto__: 3}}\n", "f").value as object;
    expect(Object.keys(value)).toEqual(["__proto__", "constructor", "m"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("faults", () => {
  test.each([
    ["a duplicate key", "a: 1\nb: 2\na: 3\n", ["3:1-2 duplicate-key /a"]],
    ["duplicates in flow form and below", "a: {b: 1, 'b': 2}\n", ["1:11-14 duplicate-key /a/b"]],
    ["a key that is written differently is another one", "1: a\n1.0: b\n", []],
    [
      "a duplicate is told once, whatever aliases repeat it",
      "a: &a {b: 1, b: 2}\nc: *a\nd: *a\n",
      ["1:14-15 duplicate-key /a/b"],
    ],
    ["an unresolved alias", "a: [1, *nowhere]\n", ["1:8-16 unresolved-alias /a/1"]],
    [
      "an alias before its anchor, also when it is repeated",
      "a: &a [*b]\nb: &b 1\nc: *a\n",
      ["1:8-10 unresolved-alias /a/0"],
    ],
    [
      "an anchor of another document",
      "a: &a 1\n---\nb: *a\n",
      ["2:1-4 several-documents", "3:4-6 unresolved-alias /b"],
    ],
    ["an alias within its anchor", "a: &a\n  b: [*a]\n", ["2:7-9 circular-alias /a/b/0"]],
    ["a merge of itself", "a: &a\n  <<: *a\n", ["2:7-9 circular-alias /a/<<"]],
    ["a merge of a text", "a:\n  <<: b\n", ["2:7-8 bad-merge /a/<<"]],
    ["a merge of nothing", "a:\n  <<:\n", ["2:3-5 bad-merge /a/<<"]],
    ["a merge of a list with a number", "a:\n  <<: [{b: 1}, 2]\n", ["2:7-18 bad-merge /a/<<"]],
    ["two documents", "a: 1\n---\nb: 2\n---\nc: 3\n", ["2:1-4 several-documents"]],
    ["an empty second document", "a: 1\n---\n", ["2:1-4 several-documents"]],
    ["an unknown tag", "a: !foo 1\n", ["1:4-8 unknown-tag"]],
    ["an unknown tag of a list", "a: !foo [1]\n", ["1:4-8 unknown-tag"]],
    ["binary", "a: !!binary aGk=\n", ["1:4-12 unknown-tag"]],
    ["a tag that does not fit", "a: !!int x\n", ["1:4-9 unknown-tag"]],
    ["a mapping as a key", "? {a: 1}\n: 2\n", ["1:3-4 key-not-scalar"]],
    ["an alias as a key", "a: &a b\n*a : 2\n", ["2:1-3 key-not-scalar"]],
    ["invalid UTF-8", bytes("a: 1\nb: ü", 0xff, "\n"), ["2:5-6 not-utf8"]],
    ["UTF-8 that ends in the middle", bytes("a: ", 0xe2, 0x82), ["1:4-5 not-utf8"]],
    [
      "invalid UTF-8 behind a mark and a real replacement character",
      bytes(0xef, 0xbb, 0xbf, "� ", 0xed, 0xa0),
      ["1:3-4 not-utf8"],
    ],
    ["UTF-16", bytes(0xff, 0xfe, "a", 0), ["1:1-2 not-utf8"]],
    [
      "control characters, all of them",
      "a: \u0000\nb: \u001b\n",
      ["1:4-5 control-character", "2:4-5 control-character"],
    ],
    ["half of a surrogate pair", "a: \ud83d\n", ["1:4-5 control-character"]],
    ["a tab", "a:\n\tb: 1\n", ["2:1-2 yaml-syntax"]],
    ["a colon within a value", "a: b: c\n", ["1:4-5 yaml-syntax"]],
    ["a list that is not closed", "a: [1\nb: 2\n", ["1:4-5 yaml-syntax"]],
    ["a mapping that is not closed", "{a: [{b: 1]}\n", ["1:1-2 yaml-syntax", "1:5-6 yaml-syntax", "1:6-7 yaml-syntax"]],
    ["lists that are not closed", "a: [[1\n", ["1:4-5 yaml-syntax", "1:5-6 yaml-syntax"]],
    ["a reserved character", "a: @b\n", ["1:4-5 yaml-syntax"]],
    ["an unknown escape", 'a: "\\q"\n', ["1:5-6 yaml-syntax"]],
    ["a quote that is not closed", 'a: "b\nc: 1\n', ["1:4-5 yaml-syntax"]],
    ["a single quote that is not closed, within a list", "a: ['b]\n", ["1:4-5 yaml-syntax", "1:5-6 yaml-syntax"]],
    ["all syntax errors", "a: b: c\nd: @e\n", ["1:4-5 yaml-syntax", "2:4-5 yaml-syntax"]],
    ["columns count characters", "😀: 😀: x\n", ["1:4-5 yaml-syntax"]],
  ])("%s", (_, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
    if (expected.length > 0) expect(parseYaml(text, "f").value).toBeUndefined();
  });

  test.each([
    "*S3cret!",
    "*S3cret! x: y",
    "|S3cret!",
    ">S3cret!",
    "!S3cret! x",
    "@S3cret!",
    "a: S3cret!",
    '"S3cret!',
    "&a *S3cret!",
    "%S3cret!",
    '"\\S3cret!"',
    "[S3cret!",
    "}S3cret!",
    "S3cret!: |",
    "`S3cret!",
  ])("no message quotes the value: %s", (value) => {
    for (const text of [`password: ${value}\n`, `${value}\n`, `a:\n ${value}\nb`]) {
      for (const { message, hint } of parseYaml(text, "f").problems)
        expect(`${message} ${hint}`).not.toContain("S3cret");
    }
  });

  test("a problem is told as a whole, with a hint only where there is one", () => {
    const source = { file: "f", line: 3, column: 1, endColumn: 2 };
    expect(parseYaml("a: 1\nb: 2\na: 3\n", "f").problems).toEqual([
      {
        severity: "error",
        code: "duplicate-key",
        pointer: "/a",
        message: "duplicate key `a`",
        hint: "the first one is on line 1",
        source,
      },
    ]);
    const [circular] = parseYaml("\n\n&a x: &a [*a]\n", "f").problems;
    expect(circular).toEqual({
      severity: "error",
      code: "circular-alias",
      pointer: "/x/0",
      message: "the alias stands within its own anchor",
      source: { ...source, column: 11, endColumn: 13 },
    });
    const [tab] = parseYaml("a:\n\tb: 1\n", "f").problems;
    expect(tab).toMatchObject({ message: "a tab cannot indent a line", hint: "indent with spaces" });
    const [unclosed] = parseYaml("a: 'b\n", "f").problems;
    expect(unclosed).toMatchObject({ message: "the `'` here is not closed" });
    expect(unclosed).not.toHaveProperty("hint");
  });

  test("what is certain in spite of a duplicate key is kept for checks", () => {
    expect(parseYaml("a: 1\na: 2\n", "f").partial).toEqual({ a: 1 });
  });

  test("the note about a long list of faults says that it is cut", () => {
    const { problems } = parseYaml("a: }\n".repeat(2000), "f");
    expect(problems).toHaveLength(1001);
    expect(problems.at(-1)).toMatchObject({ severity: "note", code: "too-many-problems" });
  });

  test.each([
    ["a: 1", 0],
    ["", 1],
    ["- a", 1],
    ["text", 1],
    ["a: *b", 0],
  ])("%j needs %i remark that it is no mapping", (text, count) => {
    const found = requireMapping(parseYaml(text, "f"));
    expect(found.map(({ code, source }) => [code, source?.line])).toEqual(Array(count).fill(["not-a-mapping", 1]));
  });
});

describe("limits", () => {
  const deep = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}\n`;

  test("100 levels are fine, one more is not", () => {
    expect(problemsOf(deep(100))).toEqual([]);
    expect(problemsOf(deep(101))).toEqual(["1:101-102 too-deep"]);
  });

  test("levels count through aliases", () => {
    const chain = [
      "a0: &a0 [1]",
      ...Array.from({ length: 60 }, (_, index) => `a${index + 1}: &a${index + 1} [[*a${index}]]`),
    ];
    expect(problemsOf(chain.join("\n"))).toEqual(["51:13-17 too-deep /a50/0/0"]);
  });

  test.each([
    ["flow lists", "["],
    ["flow mappings", "{a: "],
    ["block lists", "- "],
    ["explicit keys", "? "],
    ["empty keys", ": "],
    ["compact mappings", "a: "],
    ["aliases as keys", "*a : "],
  ])("100000 %s within each other end at once", (_, opening) => {
    // In quadratic time this would reach the time limit of a test.
    const [problem] = parseYaml(opening.repeat(100_000), "f").problems;
    expect(problem?.code).toBe("too-deep");
  });

  test("mappings that are indented ever further", () => {
    const text = Array.from({ length: 3000 }, (_, index) => `${" ".repeat(index)}a:\n`).join("");
    expect(problemsOf(text)).toEqual(["101:102-103 too-deep"]);
  });

  test("an alias bomb", () => {
    const laughs = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 30; level++) {
      laughs.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(", ")}]`,
      );
    }
    const [problem, ...others] = parseYaml(laughs.join("\n"), "f").problems;
    expect(problem).toMatchObject({ code: "alias-bomb", source: { line: 5 } });
    expect(others).toEqual([]);
  });

  test("many small aliases are fine", () => {
    const text = `a: &a 1\nb: [${"*a,".repeat(40_000)}]\n`;
    expect((parseYaml(text, "f").value as { b: number[] }).b).toHaveLength(40_000);
  });

  test("many keys take no quadratic time", () => {
    const text = Array.from({ length: 40_000 }, (_, index) => `k${index}: 1\n`).join("");
    const document = parseYaml(text, "f");
    expect(Object.keys(document.value as object)).toHaveLength(40_000);
    expect(document.locate("/k39999", "key")).toMatchObject({ line: 40_000, column: 1, endColumn: 7 });
  });

  test("the size of the input", () => {
    expect(parseYaml(new Uint8Array(maxInputBytes + 1), "f")).toMatchObject({
      text: "",
      value: undefined,
      problems: [{ code: "input-too-large", source: { file: "f", line: 1, column: 1 } }],
    });
    expect(parseYaml(`a: ${"x".repeat(maxInputBytes - 4)}\n`, "f").problems).toEqual([]);
  });

  test("the number of signs", () => {
    expect(problemsOf("- a\n".repeat(120_000)).map((each) => each.split(" ")[1])).toEqual(["input-too-large"]);
  });
});

describe("positions", () => {
  const text = `base: &base
  x: 1
  list: [a, {b: c}]
copy: *base
merged:
  <<: *base
  own: 'text'
several: {<<: [{p: 1}, *base]}
empty:
"a/b~c": |
  block
  text
items:
  - name: n
    other: o
  -
`;
  const document = parseYaml(text, "f.yaml");

  test.each([
    ["/base/x", "2:6-7", "2:3-4"],
    ["/base/list/0", "3:10-11", "3:10-11"],
    ["/base/list/1/b", "3:17-18", "3:14-15"],
    ["/copy", "4:7-12", "4:1-5"],
    ["/copy/x", "2:6-7", "2:3-4"],
    ["/merged/own", "7:8-14", "7:3-6"],
    ["/merged/x", "2:6-7", "2:3-4"],
    ["/merged/list/1/b", "3:17-18", "3:14-15"],
    ["/several/p", "8:20-21", "8:17-18"],
    ["/several/x", "2:6-7", "2:3-4"],
    ["/empty", "9:1-6", "9:1-6"],
    ["/a~1b~0c", "10:10-11", "10:1-8"],
    ["/items", "14:3-12", "13:1-6"],
    ["/items/0", "14:5-12", "14:5-9"],
    ["/items/0/other", "15:12-13", "15:5-10"],
    ["", "1:1-12", "1:1-5"],
    // What is not there is where it is missing.
    ["/base/nothing", "2:3-7", "1:1-5"],
    ["/base/x/deeper", "2:6-7", "2:3-4"],
    ["/items/7", "14:3-12", "13:1-6"],
    ["/items/name", "14:3-12", "13:1-6"],
    ["/nothing", "1:1-12", "1:1-5"],
  ])("%s", (pointer, value, key) => {
    const place = (part: "key" | "value"): string => {
      const { file, line, column, endColumn } = document.locate(pointer, part) ?? { file: "" };
      return `${file}:${line}:${column}-${endColumn}`;
    };
    expect(document.locate(pointer)).toEqual(document.locate(pointer, "value"));
    expect([place("value"), place("key")]).toEqual([`f.yaml:${value}`, `f.yaml:${key}`]);
  });

  test.each([
    ["/base/x", [2]],
    ["/base/list", [3]],
    ["/a~1b~0c", [10, 11, 12]],
    ["/copy", [4, 2, 3]],
    ["/merged/x", [2]],
    ["/nothing", []],
  ])("the lines of %s", (pointer, lines) => {
    expect(new Set(document.linesOf(pointer))).toEqual(new Set(lines));
  });

  test("a key that stands there twice has the lines of both", () => {
    expect(parseYaml("a: 1\nb: 2\na: |\n  x\n", "f").linesOf("/a")).toEqual([1, 3, 4]);
  });

  test("a copy of a document locates too, and one that was not read has no places", () => {
    expect({ ...document }.locate("/base/x")).toMatchObject({ line: 2 });
    expect({ ...document }.linesOf("/base/x")).toEqual([2]);
    const unread = parseYaml(bytes(0xff), "f");
    expect(unread.locate("/a")).toBeUndefined();
    expect(unread.linesOf("/a")).toEqual([]);
  });

  test("an empty document is located at its start", () => {
    expect(parseYaml("", "f").locate("/name")).toEqual({ file: "f", line: 1, column: 1, endColumn: 1 });
  });
});

describe("streams", () => {
  test("all documents with their positions, each with its own problems", () => {
    const documents = parseYamlStream("a: 1\n---\nb: 2\nb: 3\n---\n# nothing\n", "f");
    expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }, undefined, null]);
    expect(documents.map(({ problems }) => problems.map(brief))).toEqual([[], ["4:1-2 duplicate-key /b"], []]);
    expect(documents[1]?.locate("/b")).toMatchObject({ line: 3, column: 4 });
  });

  test("an empty text is one empty document", () => {
    expect(parseYamlStream("", "f").map(({ value }) => value)).toEqual([null]);
  });

  test("a directive without a document", () => {
    const [document] = parseYamlStream("%YAML 1.2\n", "f");
    expect(document?.problems.map(({ code }) => code)).toEqual(["yaml-syntax"]);
  });
});

describe.skipIf(!hasCorpus)("public files", () => {
  test.each(corpusFiles("**/*.yaml"))("$name is read", ({ name, text }) => {
    const documents = parseYamlStream(text, name);
    expect(documents.flatMap(({ problems }) => problems)).toEqual([]);
    expect(documents.every(({ value }) => value !== undefined)).toBe(true);
  });
});
