import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Problem } from "../../../src/config/problem.ts";
import { formatProblems, summary } from "../../../src/report/text.ts";

function problem(line: number, column: number, endColumn: number, more: Partial<Problem> = {}): Problem {
  const source = { file: "conf.yaml", line, column, endColumn };
  return {
    severity: "error",
    code: "unknown-key",
    pointer: "/a",
    message: "unknown key `a`",
    source,
    ...more,
  };
}

function format(text: string, problems: Problem[], masked: number[] = []): string {
  return formatProblems(problems, {
    texts: new Map([["conf.yaml", text]]),
    color: false,
    maskedLines: new Map([["conf.yaml", new Set(masked)]]),
  });
}

/** The source line and the marks below it, without the gutter. */
function excerpt(text: string, column: number, endColumn: number): string[] {
  return format(text, [problem(1, column, endColumn)])
    .split("\n")
    .slice(1, 3)
    .map((line) => line.slice(line.indexOf("| ") + 2));
}

test("nothing for no problems", () => {
  expect(formatProblems([], { texts: new Map(), color: true })).toBe("");
});

test("place, severity, code, message, line, mark, hint, number", () => {
  const text = `${"\n".repeat(9)}greetng: hello\nb: 2\n`;
  const warning = problem(11, 4, 5, { severity: "warning", code: "template", message: "m", hint: "h" });
  expect(
    format(text, [problem(10, 1, 8, { hint: "did you mean `greeting`?" }), warning]),
  ).toBe(`conf.yaml:10:1: error[unknown-key]: unknown key \`a\`
10 | greetng: hello
   | ^^^^^^^
   = hint: did you mean \`greeting\`?

conf.yaml:11:4: warning[template]: m
11 | b: 2
   |    ^
   = hint: h

1 error, 1 warning
`);
});

test.each([
  [
    "no position",
    { severity: "note", code: "template", pointer: "", message: "m", hint: "h" } as Problem,
    "note[template]: m\n  = hint: h\n\n1 note\n",
  ],
  [
    "a file whose text is not there",
    problem(1, 2, 3, { source: { file: "o", line: 1, column: 2, endColumn: 3 } }),
    "o:1:2: error[unknown-key]: unknown key `a`\n\n1 error\n",
  ],
  ["a line that is not there", problem(7, 2, 3), "conf.yaml:7:2: error[unknown-key]: unknown key `a`\n\n1 error\n"],
])("%s", (_, one, expected) => {
  expect(format("a: 1", [one])).toBe(expected);
});

test("numbers of all severities", () => {
  const of = (severity: Problem["severity"]): Problem => problem(1, 1, 1, { severity });
  expect(summary([of("warning"), of("error"), of("note"), of("error")])).toBe("2 errors, 1 warning, 1 note");
  expect(summary([])).toBe("");
});

describe("marks stand under what is meant", () => {
  test.each([
    ["an empty range", "a:", 3, 3, ["a:", "  ^"]],
    ["the end of the line", "abc", 4, 4, ["abc", "   ^"]],
    ["tabs", "\ta\tb: x", 4, 5, ["    a   b: x", "        ^"]],
    ["a range over a tab", "a\tb", 1, 4, ["a   b", "^^^^^"]],
    ["wide characters", "名前: x", 1, 3, ["名前: x", "^^^^"]],
    ["behind wide characters", "名前: x", 5, 6, ["名前: x", "      ^"]],
    ["emoji", "😀: x", 4, 5, ["😀: x", "    ^"]],
    ["full width forms and Hangul", "Ａ한x", 3, 4, ["Ａ한x", "    ^"]],
    ["other letters", "имя: x", 6, 7, ["имя: x", "     ^"]],
    ["combining marks", "e\u0301x: 1", 3, 4, ["e\u0301x: 1", " ^"]],
    ["control characters", "a\u001b[31mb: \u0000", 7, 8, ["a\\u001b[31mb: \\u0000", "           ^"]],
    ["a mark that turns the direction", "\u202eab", 2, 3, ["\\u202eab", "      ^"]],
    ["CRLF", "ab\r\nc", 1, 3, ["ab", "^^"]],
    ["a byte-order mark", "\ufeffab", 1, 3, ["ab", "^^"]],
  ])("%s", (_, text, column, endColumn, expected) => {
    expect(excerpt(text, column, endColumn)).toEqual(expected);
  });

  test("of a long line the part around the mark is shown", () => {
    const text = `${"x".repeat(1000)}HERE${"y".repeat(1000)}`;
    const [line = "", marks = ""] = excerpt(text, 1001, 1005);
    expect(line).toBe(`…${"x".repeat(40)}HERE${"y".repeat(76)}…`);
    expect(line.slice(marks.indexOf("^"), marks.length)).toBe("HERE");
    expect(excerpt(text, 1, 2)).toEqual([`${"x".repeat(120)}…`, "^"]);
    expect(excerpt(text, 2004, 2005)).toEqual([`…${"y".repeat(41)}`, `${" ".repeat(41)}^`]);
    expect(excerpt(text, 1, 2005)[1]).toBe("^".repeat(120));
    const [wide = "", below = ""] = excerpt(`${"\u0000".repeat(200)}HERE`, 201, 205);
    expect(wide).toBe(`…${"\\u0000".repeat(7)}HERE`);
    expect(below).toBe(`${" ".repeat(43)}^^^^`);
  });

  test("many problems in one long line take no quadratic time", () => {
    const problems = Array.from({ length: 20_000 }, (_, index) => problem(1, 3 * index + 1, 3 * index + 2));
    const output = format("x, ".repeat(20_000), problems);
    expect(output.match(/^conf.yaml:/gm)).toHaveLength(20_000);
  });

  test("a line made for machines is not shown", () => {
    expect(format("x".repeat(200_001), [problem(1, 5, 6)])).toContain("1 | (not shown: the line is too long)\n\n");
  });
});

test("the marked cells show the marked characters, whatever they are", () => {
  const character = fc.constantFrom("a", "é", "名", "😀", "\t", "\u0007", "e\u0301", " ");
  fc.assert(
    fc.property(fc.array(character, { minLength: 1, maxLength: 30 }), fc.nat(30), (characters, at) => {
      const before = characters.slice(0, at % characters.length).join("");
      const [line = "", marks = ""] = excerpt(
        `${before}#${characters.join("")}`,
        [...before].length + 1,
        [...before].length + 2,
      );
      expect(marks).toMatch(/^ *\^$/);
      expect(widthOf(line.slice(0, line.indexOf("#")))).toBe(marks.length - 1);
    }),
  );
});

/** Told apart by hand for the characters of the test above. */
function widthOf(text: string): number {
  return [...text].reduce((sum, each) => sum + (each === "\u0301" ? 0 : /[名😀]/u.test(each) ? 2 : 1), 0);
}

describe("secrets and control characters", () => {
  test("a line that holds a secret is not shown, nor how long it is", () => {
    const output = format("a: 1\nsecret: S3cret\n", [problem(2, 9, 15), problem(1, 1, 2)], [2]);
    expect(output).not.toContain("S3cret");
    expect(output).toContain("2 | (not shown: the line holds a secret)\n\n");
    expect(output).toContain("1 | a: 1\n");
  });

  test("nothing that steers a terminal comes through", () => {
    const evil = "\u001b]0;title\u0007\u009b31m\r\n";
    const one = problem(1, 1, 2, {
      message: evil,
      hint: evil,
      source: { file: `${evil}f`, line: 1, column: 1, endColumn: 2 },
    });
    const output = formatProblems([one], { texts: new Map([[`${evil}f`, `${evil}x`]]), color: false });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
    expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(output).toContain("\\u001b]0;title\\u0007\\u009b31m\\r\\n");
  });
});

test("color says the same", () => {
  const options = { texts: new Map([["conf.yaml", "greetng: |\n"]]) };
  const problems = (["error", "warning", "note"] as const).map((severity) => problem(1, 1, 8, { severity, hint: "h" }));
  const colored = formatProblems(problems, { ...options, color: true });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the colors
  const plain = colored.replace(/\u001b\[[\d;]*m/g, "");
  expect(plain).toBe(formatProblems(problems, { ...options, color: false }));
  for (const code of ["1;31", "1;33", "1;36"]) expect(colored).toContain(`\u001b[${code}m`);
  expect(colored).toContain("greetng: |\n");
});
