import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fillTemplates, holdsUnknown, isUnknown, unknown } from "../../../../src/user-data/read/templates.ts";
import { check, problemsIn } from "../../../support/embedded.ts";

const shownGaps = (text: string): string => text.replaceAll(unknown, "?");

describe("gaps of", () => {
  test.each<["jinja" | "envsubst" | "terraform" | "shell", string, string]>([
    ["terraform", "a: x%{ if b ~}y", "a: x??????????y"],
    ["terraform", "%{ if b }\na: §{c}\n", "## ## # #\na: §{c}\n"],
    ["jinja", "a: {{ b }}c", "a: ???????c"],
    ["jinja", "a: x{% if b %}y{% endif %}", "a: x??????????y???????????"],
    ["jinja", "a: 1\n  {% if b %}\nc: 2\n{% endif %}", "a: 1\n  ## ## # ##\nc: 2\n## ##### ##"],
    ["jinja", "a: 1 {# why #}\n{# two\nlines #}\n", "a: 1          \n## ###\n##### ##\n"],
    ["jinja", "a: {{` {{b}} `}}c{{ `d }}", "a: ?????????????c????????"],
    ["jinja", "a: |\n  {{ b\n  }}\nc: 1", "a: |\n  ????\n  ??\nc: 1"],
    ["jinja", "a: {{ open", "a: {{ open"],
    ["envsubst", "a: §{B:=c} §D §{e", "a: ??????? §D §{e"],
    ["shell", "a: §{B} §C §(d e) `f` §1 §§ \\5 §", "a: ???? ?? ?????? ??? ?? ?? \\5 §"],
  ])("%s: %j", (syntax, text, filled) => {
    const dollars = (written: string): string => written.replaceAll("§", "$");
    expect(shownGaps(fillTemplates(dollars(text), [syntax]).text)).toBe(dollars(filled));
  });
});

test("filling moves nothing", () => {
  const unit = fc.constantFrom("{{", "}}", "{%", "%}", "{#", "#}", "${", "}", "$", "`", "(", ")", "a", " ", "\n", "𝄞");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), fc.boolean(), (text, blankLines) => {
      const filled = fillTemplates(text, ["envsubst", "jinja", "shell"], { blankLines }).text;
      expect(filled.length).toBe(text.length);
      expect(filled.split("\n").map((line) => line.length)).toEqual(text.split("\n").map((line) => line.length));
    }),
    { numRuns: 5000 },
  );
});

test("what is unknown is told from what holds it", () => {
  expect([unknown, [unknown], { [unknown]: 1 }].map(isUnknown)).toEqual([true, true, true]);
  expect([5, null, "a", { a: unknown }, [[unknown]]].map(isUnknown)).toEqual([false, false, false, false, false]);
  expect([5, null, { a: 1 }, { a: [{ b: unknown }] }].map(holdsUnknown)).toEqual([false, false, false, true]);
});

describe("a configuration with templates", () => {
  const jinja = (...lines: string[]): string =>
    [
      "## template: jinja",
      "#cloud-config",
      "write_files:",
      "- path: /etc/kanod-configure/configuration.yaml",
      "  permissions: '0600'",
      "  content: |",
      ...lines.map((line) => `    ${line}`),
      "runcmd: [kanod-runcmd]",
      "",
    ].join("\n");

  test.each<[string, string[], string[]]>([
    ["a value", ["name: {{ v1.local_hostname }}"], ["7:11 template"]],
    ["a part of a value", ['name: "a{{ v1.local_hostname }}b"'], ["7:11 template"]],
    ["a number", ["name: a", "mtu: {{ v1.mtu }}"], ["8:10 template"]],
    ["a key", ["name: a", "{{ key }}: 5"], []],
    ["an item of a list", ["name: a", "labels: [b, {{ c }}, b]"], ["8:17 template", "8:26 not-unique"]],
    ["a wrong neighbour", ["name: {{ x }}", "mtu: a"], ["7:11 template", "8:10 wrong-type"]],
    ["a condition", ["{% if x %}", "name: a", "{% else %}", "name: b", "{% endif %}", "mtu: a"], ["12:10 wrong-type"]],
    [
      "a condition around what has to be there",
      ["{% if x %}", "mtu: 5", "{% endif %}", "greeting: 5"],
      ["10:15 wrong-type"],
    ],
    ["lines that are filled in as a whole", ["name: a", "{{ rest }}", "mtu: a"], ["9:10 wrong-type"]],
    ["a text that is filled in as a whole", ["name: a", "greeting: |", "  {{ rest }}"], ["8:15 template"]],
    ["nothing but a template", ["{{ all }}"], ["7:5 template"]],
  ])("has no false alarm for %s", (_, lines, expected) => {
    expect(problemsIn(jinja(...lines))).toEqual(expected);
  });

  test("in statements that stand at the beginning of their lines does not end the block around them", () => {
    const text = jinja("mtu: 5", "labels:", "- a", "mtuu: 5")
      .replace("    mtu: 5\n", "{% if x %}\n    mtu: 5\n")
      .replace(
        "    - a\n",
        "{# a #}\n    - a\n{% if a_long_condition_of_many_words %}\n\n    - b\n{% endif %}\n{% endif %}\n",
      );
    expect(problemsIn(text)).toEqual(["17:5 unknown-key"]);
  });

  test("within what is packed are none, and what they pack is not known", () => {
    const packed = (text: string): string =>
      jinja("X").replace("  content: |\n    X\n", `  encoding: b64\n  content: '${text}'\n`);
    const literal = Buffer.from("name: a\ngreeting: '{{ x }}'\nmtu: '{{ x }}'\n").toString("base64");
    expect(problemsIn(packed(literal))).toEqual(["7:13 wrong-type"]);
    expect(problemsIn(packed("{{ ds.meta_data.configuration }}"))).toEqual(["7:12 template"]);
    const command = (text: string): string =>
      `## template: jinja\n#cloud-config\nbootcmd:\n- |\n  echo '${text}' | base64 -d | kanod-bootcmd\n`;
    expect(problemsIn(command(Buffer.from("size: '{{ x }}'\n").toString("base64")))).toEqual(["5:9 wrong-type"]);
    expect(problemsIn(command("{{ x }}"))).toEqual([expect.stringMatching(/^5:\d+ not-checked$/)]);
  });

  test("that make it YAML in the first place is not checked, and said so", () => {
    expect(problemsIn(jinja("mtu: {{ x }}: {{ y }}"))).toEqual(["7:5 not-checked"]);
  });

  test("names what is not checked", () => {
    expect(check(jinja("name: {{ x }}")).problems[0]?.message).toBe(
      "`name` is filled in by a template: it was not checked",
    );
  });

  test("of the shell is not checked where the shell fills in", () => {
    const text = (quote: string): string =>
      `#cloud-config\nbootcmd:\n- |\n  kanod-bootcmd <<${quote}E${quote}\n  disk: $DISK\n  size: $(size)\n  E\n`;
    expect(problemsIn(text(""))).toEqual(["5:9 template", "6:9 template"]);
    expect(problemsIn(text("'"))).toEqual(["6:9 wrong-type"]);
  });
});

describe("a file whose name says that it is a template", () => {
  const variable = `$${"{a}"}`;

  test.each<[string, string, string[]]>([
    ["machine.yaml.j2", "name: {{ a }}\ngreting: b\n", ["1:7 template", "2:1 unknown-key"]],
    ["machine.yaml.tftpl", `name: ${variable}\n%{ if b ~}\ngreeting: c\n%{ endif ~}\n`, ["1:7 template"]],
    ["boot.yaml.j2", "{% for a in b %}\ndisk: {{ a }}\n{% endfor %}\n", ["2:7 template"]],
    ["user-data.tpl", `#cloud-config\nruncmd: [kanod-runcmd ${variable}]\n`, ["2:10 missing-configuration"]],
    ["machine.yaml", `name: ${variable}\n`, ["1:7 bad-format"]],
    ["config.yaml.j2", "{{ a }}\n", ["1:1 template"]],
  ])("%s", (name, text, expected) => {
    expect(problemsIn(text, { name })).toEqual(expected);
  });
});
