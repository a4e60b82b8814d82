import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scriptActions } from "../../../../src/user-data/read/calls.ts";
import { fileText } from "../../../../src/user-data/read/placed-text.ts";
import { readShell } from "../../../../src/user-data/read/shell.ts";

const words = (script: string): string[][] =>
  readShell(fileText("f", script)).flatMap((pipeline) =>
    pipeline.map((command) => command.words.map(({ text }) => text.text)),
  );

describe("the words of a script", () => {
  test.each<[string, string[][]]>([
    ["a b  c", [["a", "b", "c"]]],
    ["a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]],
    ["a 'b'\"c\"d''", [["a", "bcd"]]],
    ['a "b\\"c\\d$e"', [["a", 'b"c\\d$e']]],
    ["a; b && c || d & e", [["a"], ["b"], ["c"], ["d"], ["e"]]],
    ["a | b |& c", [["a"], ["b"], ["c"]]],
    ["a # b\nc#d", [["a"], ["c#d"]]],
    ["a \\\n b", [["a", "b"]]],
    ["(a; b)", [["a"], ["b"]]],
    ["a >b 2>&1 <c d", [["a", "d"]]],
    ["a $(b (c) | d) `e | f` $G", [["a", "$(b (c) | d)", "`e | f`", "$G"]]],
    ["a 'b", [["a", "b"]]],
    ["a <<E\nb c\nE\nd", [["a"], ["d"]]],
    ["a <<'E F' <<-G\n b\nE F\n\tc\n\tG\nd", [["a"], ["d"]]],
    ["\u00a0\u000ba", [["\u00a0\u000ba"]]],
  ])("%j", (script, expected) => {
    expect(words(script)).toEqual(expected);
  });

  test("are read to the end of any script", () => {
    const unit = fc.constantFrom(
      "a",
      " ",
      "\n",
      "\r",
      "'",
      '"',
      "\\",
      "`",
      "$",
      "(",
      ")",
      "{",
      "}",
      "<",
      "<<",
      "<<-",
      "|",
      "&",
      ";",
      "#",
      "E",
      "\t",
      "\u2028",
      "1",
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), (script) => {
        for (const pipeline of readShell(fileText("f", `${script}\nkanod-runcmd`)))
          expect(pipeline.length).toBeGreaterThan(0);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe("the calls of our programs", () => {
  const calls = (script: string): string[] =>
    scriptActions(fileText("f", script)).calls.map(({ program, input, arguments: words }) => {
      const text =
        input?.kind === "text" ? `<${input.text.text}>` : input?.kind === "file" ? `<file ${input.path}>` : input?.kind;
      return [program, ...words.map((word) => word.text.text), ...(text === undefined ? [] : [text])].join(" ");
    });

  test.each<[string, string[]]>([
    ["kanod-runcmd 50", ["kanod-runcmd 50"]],
    ["echo kanod-runcmd", []],
    ["/usr/local/bin/kanod-bootcmd <<E\na\nE", ["kanod-bootcmd <a\n>"]],
    ["cat <<E | sudo kanod-bootcmd --log-level debug\na\nE\n", ["kanod-bootcmd --log-level debug <a\n>"]],
    ["echo -n a b | kanod-bootcmd", ["kanod-bootcmd <a b>"]],
    ["printf 'a\\tb%%\\n' | kanod-bootcmd", ["kanod-bootcmd <a\tb%\n>"]],
    ["printf '%d' 5 | kanod-bootcmd", ["kanod-bootcmd unknown"]],
    ["cat /etc/a | kanod-bootcmd", ["kanod-bootcmd <file /etc/a>"]],
    ["cat $A | kanod-bootcmd", ["kanod-bootcmd unknown"]],
    ["cat a b | kanod-bootcmd", ["kanod-bootcmd unknown"]],
    ["cat < /etc/a | kanod-bootcmd", ["kanod-bootcmd <file /etc/a>"]],
    ["sed s/a/b/ /etc/a | kanod-bootcmd", ["kanod-bootcmd unknown"]],
    ["base64 -d /etc/a | kanod-bootcmd", ["kanod-bootcmd unknown"]],
    ["A=1 B=2 exec kanod-bootcmd < /etc/a", ["kanod-bootcmd <file /etc/a>"]],
    ["if ! kanod-runcmd; then kanod-bootcmd; fi", ["kanod-runcmd", "kanod-bootcmd"]],
    ["sh -ec 'kanod-bootcmd <<E\na\nE\n'", ["kanod-bootcmd <a\n>"]],
    ["base64 -d <<E | kanod-bootcmd\nYQ==\nE", ["kanod-bootcmd <a>"]],
    ["echo /4A= | base64 -d | kanod-bootcmd", ["kanod-bootcmd fault"]],
    ["command -v kanod-runcmd && kanod-runcmd", ["kanod-runcmd"]],
    ["cloud-init-per once kanod-runcmd kanod-runcmd 50", ["kanod-runcmd 50"]],
    ["gunzip < a | kanod-bootcmd", ["kanod-bootcmd unknown"]],
    ["echo a | gunzip | kanod-bootcmd", ["kanod-bootcmd unknown"]],
  ])("%j", (script, expected) => {
    expect(calls(script)).toEqual(expected);
  });
});

describe("the files that a script writes", () => {
  const files = (script: string): string[] =>
    scriptActions(fileText("f", `${script}\n# kanod-configure`)).files.map(({ path, content, appends }) => {
      const text = content.kind === "text" ? `<${content.text.text}>` : content.kind;
      return `${path.text} ${text}${appends ? " added" : ""}`;
    });

  test.each<[string, string[]]>([
    ["cat > /a <<E\nb\nE", ["/a <b\n>"]],
    ["cat <<E >/a\nb\nE", ["/a <b\n>"]],
    ["cat >| '/a b' <<E\nb\nE", ["/a b <b\n>"]],
    ["echo b >> /a", ["/a <b> added"]],
    ["sudo tee /a /c <<E >/dev/null\nb\nE", ["/a <b\n>", "/c <b\n>", "/dev/null unknown"]],
    ["echo b | tee -a /a", ["/a <b> added"]],
    ["echo YQ== | base64 -d > /a", ["/a <a>"]],
    ["sh -c 'echo b > /a # kanod-configure'", ["/a <b>"]],
    ["cat /c > /a", ["/a file"]],
    ["{ echo b; } > /a", ["/a unknown"]],
    ["cat > $A <<E\nb\nE", []],
    ["cp -p /c /a", ["/a file"]],
    ["sudo install -D -m 0600 /c /a", ["/a file"]],
    ["mv $C /a; ln -s /a; cp", []],
    ["ls 2> /a 2>&1 < /b", []],
    ["> /a", ["/a unknown"]],
  ])("%j", (script, expected) => {
    expect(files(script).sort()).toEqual(expected.sort());
  });
});
