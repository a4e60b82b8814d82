import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderTemplate } from "../../../src/jinja/evaluate.ts";
import { TemplateError } from "../../../src/jinja/template-error.ts";
import recorded from "./rendered-by-jinja.json" with { type: "json" };

const variables = new Map([
  ["release", "focal.1"],
  ["size", "20"],
  ["list", "a,b,c"],
  ["markup", '<b> & "it\'s"'],
  ["empty", ""],
]);

function render(template: string): string {
  return renderTemplate(template, variables);
}

function failure(template: string): string {
  try {
    return `rendered: ${render(template)}`;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return `${error.code} ${error.line}:${error.column}`;
  }
}

/** The right column is what Jinja2 3.1.2 renders with the same variables. */
describe("renders as Jinja2 does", () => {
  test.each<[string, string]>([
    ['{{ nope | default("bionic") }}', "bionic"],
    ['ubuntu{{ "" if image is defined else "-minimal" }}', "ubuntu-minimal"],
    ["{{ empty|default('d') }}|{{ empty|default('d', true) }}|{{ empty|default('d', boolean=false) }}", "|d|"],
    ["{{ markup }}", '<b> & "it\'s"'],
    ["x\n", "x"],
    ["x\n\n", "x\n"],
    ["line1\r\nline2\r\n", "line1\nline2"],
    ["{{ 'z' if nope }}", ""],
    ["{{ 'x' if nope else 'y' if empty else 'z' }}", "z"],
    ["{{ nope is defined }} {{ release is not defined }} {{ not release is defined }}", "False False False"],
    ["{{ 'x' ~ (release is defined) }} {{ 5 is divisibleby 5 }} {{ 5 is odd }}", "xTrue True True"],
    ["{{ 10 / 4 }} {{ 10 // 4 }} {{ 7 % 3 }} {{ -7 // 2 }} {{ 2 ** 10 }} {{ 10 / 5 }}", "2.5 2 1 -4 1024 2.0"],
    ["{{ 8 - 3 - 2 + 1 }} {{ 2 * 7 // 3 }} {{ 100 // 7 % 5 }} {{ 2 + 3 * 4 - 1 }}", "4 4 4 13"],
    ["{{ size|int * 1024 }} {{ '1' == 1 }} {{ 1 == 1.0 }} {{ 1 < 2 < 3 }}", "20480 False True True"],
    ["{{ release.split('.')[0] }} {{ release[0:2] }} {{ release[-1] }} {{ release[:3] }}", "focal fo 1 foc"],
    ["{% for x in list.split(',') %}{{ loop.index }}{{ x }}{% if not loop.last %};{% endif %}{% endfor %}", "1a;2b;3c"],
    ["{% for k, v in [['a', 1], ['b', 2]] %}{{ k }}={{ v }} {% endfor %}", "a=1 b=2 "],
    ["{% for x in nope %}a{% else %}empty{% endfor %}", "empty"],
    ["{% set x = 1 %}{% for i in [1,2] %}{% set x = i %}{% endfor %}{{ x }}", "1"],
    ["{% set q %}{{ size }}G{% endset %}{{ q }}", "20G"],
    ["{% if nope %}1{% elif release %}2{% else %}3{% endif %}", "2"],
    ["a  {%- if true %} b {%- endif %}", "a b"],
    ["{# comment #}{% raw %}{{ a }}{% endraw %}", "{{ a }}"],
    ["{{ list.split(',')|join('-') }} {{ list.split(',')|length }} {{ list.split(',')|last }}", "a-b-c 3 c"],
    ["{{ 'a' in list }} {{ 'zz' not in list }} {{ 'x' is in ['x'] }}", "True True True"],
    ["{{ true }} {{ none }} {{ [1,'a',true] }} {{ {'a': 1} }} {{ 3.0 }}", "True None [1, 'a', True] {'a': 1} 3.0"],
    ["{{ ' x '|trim }}|{{ 'xxaxx'|trim('x') }}|{{ 'aaa'|replace('a','b',2) }}", "x|a|bba"],
    ["{{ 'ß'|upper }} {{ 'one two'|title }} {{ 'oNE'|capitalize }}", "SS One Two One"],
    ["{{ 2.5|round }} {{ 3.5|round }} {{ 2.567|round(2) }} {{ '4.7'|int }} {{ 'q'|int(9) }}", "2.0 4.0 2.57 4 9"],
    ["{{ '0x1f'|int(base=16) }} {{ [3,1,2]|sort }} {{ [1,1,2]|unique|list }} {{ [1,2]|sum }}", "31 [1, 2, 3] [1, 2] 3"],
    ["{{ 'é€😀'|length }} {{ '😀x'[0] }}", "3 😀"],
    ["{{ release.startswith('fo') }} {{ release.endswith(('x','1')) }} {{ '7'.zfill(3) }}", "True True 007"],
    ["{{ range(3)|list }}{% for i in range(1, 7, 2) %}{{ i }}{% endfor %}", "[0, 1, 2]135"],
    [
      "{{ 'a b/c&'|urlencode }} {{ 'one two three'|truncate(9, leeway=0) }} {{ 'one two'|wordcount }}",
      "a%20b/c%26 one... 2",
    ],
    ["{% filter upper %}abc{% endfilter %}", "ABC"],
  ])("%s", (template, expected) => {
    expect(render(template)).toBe(expected);
  });

  test("literals keep Python's escapes", () => {
    expect(render(String.raw`{{ "\." }}|{{ '\n' }}|{{ "\x41\u00e9\101\q" }}|{{ 'it\'s' }}`)).toBe("\\.|\n|AéA\\q|it's");
  });

  test("text without template signs stays as it is, but for one newline at its end", () => {
    const plain = fc.string({ unit: "grapheme" }).filter((text) => !/[{\r]/.test(text));
    fc.assert(fc.property(plain, (text) => render(text) === text.replace(/\n$/, "")));
  });

  test("the value of a variable is never read as a template", () => {
    const value = fc.string({ unit: "grapheme" });
    fc.assert(fc.property(value, (text) => renderTemplate("{{ v }}", new Map([["v", text]])) === text));
  });
});

describe("regex_replace is Python's re.sub", () => {
  test.each<[string, string, string, string]>([
    ["a-b", "^(.*)-(.*)$", String.raw`\2-\1`, "b-a"],
    ["a.b.c", String.raw`\.`, "_", "a_b_c"],
    ["a.b", String.raw`\.`, "$1$&", "a$1$&b"],
    ["abc", "b*", "-", "-a--c-"],
    ["abxd", "x*", "-", "-a-b--d-"],
    ["hello world", String.raw`(?P<w>\w+)`, String.raw`<\g<w>>`, "<hello> <world>"],
    ["a\nb\n", "$", "X", "a\nbX\nX"],
    ["Ab", "(?i)a", "z", "zb"],
    ["a{2}", "a{2}", "z", "a{2}"],
    ["aaa", "a{,2}", "z", "zzz"],
    ["a-b_c", String.raw`[^\w-]|_`, "+", "a-b+c"],
    ["x[1]", "[][]", "", "x1"],
    ["😀a", ".", "-", "--"],
    ["äöü1", String.raw`\w`, "w", "wwww"],
    ["ab", "(a)|(b)", String.raw`[\1\2]`, "[a][b]"],
    ["x", "x", String.raw`\\1\n\.`, "\\1\n\\."],
    ["x{}", "{}", "!", "x!"],
  ])("%j with %j by %j", (subject, pattern, replacement, expected) => {
    const template = "{{ s | regex_replace(p, r) }}";
    const rendered = renderTemplate(template, new Map(Object.entries({ s: subject, p: pattern, r: replacement })));
    expect(rendered).toBe(expected);
  });

  test.each([
    ["a", String.raw`\1`],
    ["(a", ""],
    ["a", String.raw`\q`],
    [String.raw`\q`, ""],
    ["(?>a)", ""],
    ["a++", ""],
  ])("refuses %j by %j", (pattern, replacement) => {
    const variables = new Map(Object.entries({ p: pattern, r: replacement }));
    expect(() => renderTemplate("{{ 'a' | regex_replace(p, r) }}", variables)).toThrow(TemplateError);
  });
});

/** Code, and line and column in the template. */
describe("refuses with a place", () => {
  test.each<[string, string]>([
    ["{{ nope }}", "undefined-variable 1:4"],
    ["a\nb {{ nope }}", "undefined-variable 2:6"],
    ["{{ 'x' ~ nope }}", "undefined-variable 1:4"],
    ["{{ nope | upper }}", "undefined-variable 1:11"],
    ["{{ nope.b }}", "undefined-variable 1:8"],
    ["{{ nope.split() }}", "undefined-variable 1:14"],
    ["{{ release.major }}", "undefined-variable 1:11"],
    ["{{ release | nofilter }}", "template-error 1:14"],
    ["{{ release is nothing }}", "template-error 1:4"],
    ["{{ 1 + 'a' }}", "template-error 1:4"],
    ["{{ 1 // 0 }}", "template-error 1:4"],
    ["{{ release | replace('a') }}", "template-error 1:14"],
    ["{{ release | upper(1) }}", "template-error 1:14"],
    ["{% macro m() %}{% endmacro %}", "template-error 1:4"],
    ["{% include 'x' %}", "template-error 1:4"],
    ["{{ r/a/g }}", "undefined-variable 1:4"],
    ["{{ range(1000000) }}", "template-error 1:9"],
    ["{{ release", "template-syntax 1:11"],
    ["{% if release %}x", "template-syntax 1:18"],
    ["{{ }}", "template-syntax 1:4"],
    ["{{ release | }}", "template-syntax 1:14"],
    ["{{ 'abc }}", "template-syntax 1:11"],
    ["{% nonsense %}", "template-syntax 1:4"],
  ])("%s", (template, expected) => {
    expect(failure(template)).toBe(expected);
  });

  test("whatever the template, nothing but a TemplateError is thrown", () => {
    const piece = fc.constantFrom(
      ...["{{", "}}", "{%", "%}", "{#", "#}", " ", "a", "nope", "if", "else", "endif", "for", "in", "is", "not", "|"],
      ...["default", "(", ")", "[", "]", "{", "}", "'", '"', "\\", ",", ":", "~", "+", "-", "*", "/", "//", "%", "."],
      ...["1", "2.5", "true", "none", "==", "<", "\n", "defined", "set", "=", "-%}", "{%-", "join", "release", "split"],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        failure(pieces.join(""));
      }),
      { numRuns: 2000 },
    );
  });
});

/** What Jinja 3.1 renders, with StrictUndefined and trim_blocks. */
test.each(recorded.templates as [string, string][])("renders as recorded: %j", (template, expected) => {
  const values = new Map(Object.entries(recorded.variables));
  expect(renderTemplate(template, values, { trimBlocks: true })).toBe(expected);
});

describe("variables of a program", () => {
  const rendered = (template: string, variable: unknown): string =>
    renderTemplate(template, new Map([["v", variable]]));

  test("numbers are whole or not, nothing is none or undefined", () => {
    expect(rendered("{{ v }}", [1, 1.5, true, null, "x"])).toBe("[1, 1.5, True, None, 'x']");
    expect(rendered("{{ v.a is defined }} {{ 'x' if v.b }}{{ v | length }}", { a: undefined, c: 1 })).toBe("False 1");
    expect(() => rendered("{{ v }}", undefined)).toThrow("'v' is undefined");
  });

  test("keys that every JavaScript object has are keys like any other", () => {
    expect(rendered("{{ v.constructor is defined }} {{ v.toString is defined }}", {})).toBe("False False");
  });
});

test.each([
  ["nesting", `{{ ${"(".repeat(5000)}1${")".repeat(5000)} }}`],
  ["blocks", "{% if 1 %}".repeat(5000)],
  ["a long sum", `{{ ${"1+".repeat(100_000)}1 }}`],
  ["a power", "{{ 9 ** 999999999 }}"],
  ["a repetition", "{{ 'x' * 999999999 }}"],
])("%s that asks for too much is an error of the template", (_, template) => {
  expect(failure(template)).toMatch(/^template-(syntax|error) /);
});
