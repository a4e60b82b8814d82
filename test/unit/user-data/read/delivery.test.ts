/** How cloud-init delivers user-data, where that is not what its author expects. */
import { describe, expect, test } from "vitest";
import { check, documentsIn, problemsIn } from "../../../support/embedded.ts";

const files = `write_files:
- path: /etc/kanod-configure/configuration.yaml
  permissions: "0600"
  content: |
    name: node1
`;
const ours = `#cloud-config\n${files}runcmd:\n- kanod-runcmd\n`;

function message(...parts: { headers?: string; body: string }[]): string {
  const texts = parts.map(({ headers = "", body }) => `--b\nContent-Type: text/cloud-config\n${headers}\n${body}\n`);
  return `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n${texts.join("")}--b--\n`;
}

describe("parts of user-data", () => {
  const other = "#cloud-config\nwrite_files:\n- {path: /etc/motd, content: a}\nruncmd: [echo]\n";

  test("replace the files and commands of earlier ones", () => {
    const text = message({ body: ours }, { body: other });
    expect(problemsIn(text)).toEqual(["20:1 part-replaced", "22:1 part-replaced"]);
    expect(documentsIn(text)).not.toContain("configuration /write_files/0/content");
    expect(problemsIn(message({ body: other }, { body: ours }))).toEqual([]);
  });

  test("are joined where they, or their headers, say so", () => {
    const how = 'merge_how: "list(append)+dict(no_replace,recurse_list)+str()"\n';
    expect(problemsIn(message({ body: ours }, { body: other + how }))).toEqual(
      ["7:3 unguarded-call"].map(() => expect.stringContaining("unguarded-call")),
    );
    const list =
      "merge_how:\n- {name: list, settings: [prepend]}\n- {name: dict, settings: [no_replace, recurse_list]}\n";
    expect(problemsIn(message({ body: ours }, { body: other + list }))).toEqual([]);
    const headers = "X-Merge-Type: list(prepend)+dict(no_replace,recurse_list)\n";
    expect(problemsIn(message({ body: ours }, { headers, body: other }))).toEqual([]);
  });

  test.each<[string, string]>([
    ["keep what was there", "merge_how: dict(no_replace)+list()+str()\n"],
    ["merge no mappings", "merge_how: list(append)\n"],
  ])("that %s are lost themselves", (_, how) => {
    const text = message({ body: other }, { body: ours + how });
    expect(problemsIn(text)).toEqual([
      expect.stringContaining("part-replaced"),
      expect.stringContaining("part-replaced"),
    ]);
  });

  test("with a way to merge that is none are dropped", () => {
    expect(problemsIn(ours.replace("\n", "\nmerge_how: append\n"))).toContain("2:12 part-replaced");
  });

  test("of an archive replace each other, too", () => {
    const entry = (body: string): string => `- content: |\n${body.replace(/^(?=.)/gm, "    ")}`;
    expect(problemsIn(`#cloud-config-archive\n${entry(ours)}${entry(other)}`)).toEqual([
      expect.stringContaining("part-replaced"),
      expect.stringContaining("part-replaced"),
    ]);
  });
});

describe("templates of Jinja", () => {
  const jinja = (text: string): string => `## template: jinja\n${text}`;

  test("whose statements are indented destroy what follows", () => {
    const text = jinja(
      ours.replace("name: node1\n", "name: {{ v1.local_hostname }}\n    {% if a %}\n    mtu: 5\n    {% endif %}\n"),
    );
    expect(problemsIn(text)).toEqual(["7:11 template", "8:5 bad-template"]);
    const stripped = text.replaceAll("{% if", "{%- if").replaceAll("{% endif", "{%- endif");
    expect(problemsIn(stripped)).not.toContain("8:5 bad-template");
    expect(problemsIn(text.replaceAll("    {%", "{%"))).toEqual(["7:11 template"]);
  });

  test("within lines take the line break behind them away", () => {
    const text = jinja(ours.replace("- kanod-runcmd", "- echo {% if a %}b{% endif %}\n- kanod-runcmd"));
    expect(problemsIn(text)).toEqual(["9:19 bad-template"]);
    expect(problemsIn(text.replace("endif %}", "endif +%}"))).toEqual([]);
  });

  test.each<[string, string, string]>([
    ["a statement that is none", 'printf "{%s}"', "9:11 bad-template"],
    ["a comment without an end", "echo {# a", "9:8 bad-template"],
    ["a value without an end", "echo {{ a", "9:8 bad-template"],
    ["an unknown statement", "echo {% foo %}", "9:8 bad-template"],
    ["no expression", "echo {{ $a }}", "9:8 bad-template"],
    ["two values", "echo {{ a b }}", "9:8 bad-template"],
    ["an `if` without its end", "echo {% if a %}", "9:8 bad-template"],
  ])("with %s drop the whole part", (_, command, expected) => {
    expect(problemsIn(jinja(ours.replace("- kanod-runcmd", `- ${command}\n- kanod-runcmd`)))).toContain(expected);
  });

  test.each([
    "{{ a.b-c['d'] | default(\"}}\") }}",
    "{% raw %}{{ $x }}{% endraw %}",
    "{{ 'a' ~ b if c is not divisibleby 3 else [1, 2][0] }}",
    "{{ a is defined and not b }}",
    "{%- set x = 1 -%}{{ x + 1 }}",
    "{% for a in b %}{{ loop.index }}{% else %}b{% endfor %}",
    "{{ '{{' }}",
  ])("such as %s are fine", (text) => {
    expect(problemsIn(jinja(ours.replace("- kanod-runcmd", `- |\n  echo ${text};\n- kanod-runcmd`)))).toEqual([]);
  });

  test("are looked at with and without their parts", () => {
    const text = jinja(
      ours.replace(
        "runcmd:\n- kanod-runcmd\n",
        "{% if a %}\nruncmd: [kanod-runcmd]\n{% else %}\nruncmd: [ls]\n{% endif %}\n",
      ),
    );
    expect(problemsIn(text)).toEqual(["4:9 missing-runcmd"]);
  });

  test("need the exact first line", () => {
    for (const header of ["##template: jinja", "## template:jinja", "# template: jinja", "## template: jinja2"]) {
      expect(problemsIn(`${header}\n${ours}`)).toEqual(["1:1 missing-header"]);
    }
    expect(problemsIn(`\n${jinja(ours)}`)).toEqual(["1:1 missing-header"]);
  });

  test("are not filled in within a part of another type", () => {
    const text = message({ body: jinja(ours.replace("node1", "{{ a }}")) });
    expect(problemsIn(text)).toEqual(["7:1 unfilled-template", "13:11 template"]);
  });
});

describe("the beginning of user-data", () => {
  test.each(["#clud-config-archive", "#cloude-config-archive"])("is not %s", (header) => {
    expect(problemsIn(`${header}\n- ${JSON.stringify(ours)}\n`)).toEqual(["1:1 missing-header"]);
  });

  test("may not be a byte-order mark", () => {
    expect(problemsIn(`\ufeff${ours}`)).toEqual(["1:1 missing-header"]);
  });

  test("of a MIME message is its headers", () => {
    const text = message({ body: ours });
    expect(problemsIn(`\n${text}`)).toEqual(["2:1 missing-header"]);
    expect(problemsIn(text.replace("MIME-Version: 1.0\n", ""))).toEqual(["1:1 missing-header"]);
  });
});

test.each<[string, string, string]>([
  ["write-files", ours.replace("write_files", "write-files"), "2:1 misspelled-key"],
  ["write_file", ours.replace("write_files", "write_file"), "2:1 misspelled-key"],
  ["run_cmd", ours.replace("runcmd:", "run_cmd:"), "7:1 misspelled-key"],
  ["paths", ours.replace("path:", "paths:"), "3:3 misspelled-key"],
  ["contents", ours.replace("content:", "contents:"), "5:3 misspelled-key"],
])("the key `%s` is nearly one", (_, text, expected) => {
  expect(problemsIn(text)).toContain(expected);
  expect(check(text).problems.find(({ code }) => code === "misspelled-key")?.hint).toContain("did you mean");
});

describe("commands are one script", () => {
  test("whose here-documents may go on in the next ones", () => {
    const text = `#cloud-config\nbootcmd:\n- kanod-bootcmd <<E\n- "sise: 5"\n- E\n`;
    expect(problemsIn(text)).toEqual(["4:4 unknown-key"]);
  });

  test("with words that Python writes", () => {
    expect(
      problemsIn(`#cloud-config\nbootcmd:\n- [sh, -c, true]\n- [echo, yes, null]\n${files}runcmd: [[kanod-runcmd]]\n`),
    ).toEqual([]);
  });

  test("that `sh` cannot read", () => {
    expect(problemsIn(`#cloud-config\nbootcmd:\n- |\n  kanod-bootcmd <<< 'size: 5'\n`)).toEqual(
      ["3:22 not-for-sh"].map(() => expect.stringContaining("not-for-sh")),
    );
    const script = String.raw`#cloud-config
write_files:
- {path: /a, content: "#!/bin/sh\r\nkanod-runcmd\r\n"}
`;
    expect(problemsIn(script)[0]).toContain("not-for-sh");
  });
});

describe("a failure of kanod-runcmd", () => {
  const commands = (...list: string[]): string[] =>
    problemsIn(`#cloud-config\n${files}runcmd:\n${list.map((line) => `- ${line}\n`).join("")}`);

  test.each<[string, string[]]>([
    ["a command after it", ["kanod-runcmd", "echo done"]],
    ["a command after it on its line", ["kanod-runcmd; echo done"]],
    ["a list of words", ["[kanod-runcmd]", "[echo, done]"]],
    ["`||` that goes on", ["kanod-runcmd || echo failed", "echo done"]],
    ["a script of its own", ["sh -c 'kanod-runcmd'", "echo done"]],
  ])("does not stop %s", (_, list) => {
    expect(commands(...list)).toEqual([expect.stringContaining("unguarded-call")]);
  });

  test.each<[string, string[]]>([
    ["nothing", ["echo before", "kanod-runcmd"]],
    ["`|| exit`", ["kanod-runcmd || exit 1", "echo done"]],
    ["a group that exits", ["kanod-runcmd || { echo failed; exit 1; }", "echo done"]],
    ["set -e", ["set -e", "kanod-runcmd", "echo done"]],
    ["exec", ["exec kanod-runcmd", "echo done"]],
    ["a condition", ["if ! kanod-runcmd; then poweroff; fi", "echo done"]],
    ["a look at the status", ["kanod-runcmd", "'[ $? = 0 ] || exit 1'", "echo done"]],
  ])("is met by %s", (_, list) => {
    expect(commands(...list)).toEqual([]);
  });

  test("does not stop kubeadm", () => {
    const object = (command: string, list = "preKubeadmCommands"): string[] =>
      problemsIn(
        `apiVersion: v1\nkind: KubeadmConfig\nspec:\n  files: [{path: /etc/kanod-configure/configuration.yaml, permissions: "0600", content: "name: a"}]\n  ${list}: [${command}]\n`,
      );
    expect(object("kanod-runcmd")).toEqual(["5:24 unguarded-call"]);
    expect(object("kanod-runcmd || exit 1")).toEqual([]);
    expect(object("kanod-runcmd", "postKubeadmCommands")).toEqual([]);
    expect(object("kanod-runcmd", "preRKE2Commands")).toEqual(["5:21 unguarded-call"]);
  });
});
