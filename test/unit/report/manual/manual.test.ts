import { describe, expect, test } from "vitest";
import type { JsonSchemaObject } from "../../../../src/config/schema.ts";
import { highlightYaml } from "../../../../src/report/manual/highlight.ts";
import { manualHtml } from "../../../../src/report/manual/html.ts";
import { blocksHtml, inlineHtml } from "../../../../src/report/manual/inline.ts";
import { flattened, manualMarkdown } from "../../../../src/report/manual/markdown.ts";
import { type Entry, manualOf } from "../../../../src/report/manual/model.ts";

/** The entry of the key `key` with this schema. */
function entryOf(key: JsonSchemaObject, more: JsonSchemaObject = {}): Entry {
  const [section] = manualOf({ properties: { key }, ...more }).sections;
  if (section === undefined) throw new Error("no section");
  return section.entry;
}

const paths = (entry: Entry): string[] =>
  flattened(entry.entries).map(({ path, required }) => `${path}${required ? "!" : ""}`);

describe("the kind of a value", () => {
  test.each<[JsonSchemaObject, string]>([
    [{ type: "string" }, "text"],
    [{ type: "integer" }, "whole number"],
    [{ type: "boolean" }, "`true` or `false`"],
    [{ type: ["string", "integer"] }, "text or whole number"],
    [{ enum: ["a", 5] }, "`a`, `5`"],
    [{ const: "a" }, "`a`"],
    [{ enum: [true, false, "yes"] }, "`true` or `false`, also in other words"],
    [{ enum: [false, true] }, "`true` or `false`"],
    [{ type: "array" }, "list"],
    [{ type: "array", items: { type: "string" } }, "list of texts"],
    [{ type: "array", items: { type: "array", items: { type: "object" } } }, "list of list of mappings"],
    [{ type: "object" }, "mapping"],
    [{ properties: {} }, "mapping"],
    [{ items: {} }, "list"],
    [{}, "any value"],
    [{ oneOf: [{ type: "string" }, { type: "object" }, { type: "string" }] }, "text or mapping"],
    [{ $ref: "#/definitions/d" }, "number"],
    [{ allOf: [{ $ref: "#/definitions/d" }] }, "number"],
    [{ $ref: "#/definitions/nowhere" }, "any value"],
    [{ $ref: "#/definitions/loop" }, "any value"],
  ])("%j is %s", (schema, type) => {
    const definitions = { d: { type: "number" }, loop: { $ref: "#/definitions/loop" } };
    expect(entryOf(schema, { definitions }).type).toBe(type);
  });
});

describe("what else holds", () => {
  test.each<[JsonSchemaObject, string[]]>([
    [{ format: "hostname", minLength: 1, maxLength: 5 }, ["a host name", "not empty", "at most 5 characters"]],
    [{ format: "time" }, ["in the format `time`"]],
    [{ minimum: 1, exclusiveMaximum: 2, multipleOf: 0.5 }, ["at least 1", "less than 2", "a multiple of 0.5"]],
    [{ exclusiveMinimum: 0, maximum: 2 }, ["more than 0", "at most 2"]],
    [{ minItems: 1, maxItems: 2, uniqueItems: true }, ["at least 1 entry", "at most 2 entries", "no entry twice"]],
    [{ uniqueItems: false, minProperties: 1, maxProperties: 2 }, ["at least 1 key", "at most 2 keys"]],
    [{ pattern: "^a$" }, ["matches `^a$`"]],
    [{ pattern: "^a$", examples: ["a"] }, []],
    [{ oneOf: [{ required: ["a"] }, { required: ["b", "c"] }] }, ["exactly one of `a`, `b` with `c`"]],
    [{ anyOf: [{ required: ["a"] }, { type: "string" }] }, []],
    [{ dependencies: { a: ["b", "c"], d: {} } }, ["`a` needs `b`, `c`"]],
  ])("%j: %j", (schema, expected) => {
    expect(entryOf(schema).facts).toEqual(expected);
  });
});

describe("the entries below a key", () => {
  test.each<[string, JsonSchemaObject, string[]]>([
    ["keys", { required: ["a"], properties: { a: {}, b: { properties: { c: {} } } } }, ["key.a!", "key.b", "key.b.c"]],
    ["items", { items: { required: ["a"], properties: { a: {} } } }, ["key[].a!"]],
    ["places of a list", { minItems: 1, items: [{}, {}] }, ["key[0]!", "key[1]"]],
    ["places of items", { items: { items: [{}] } }, ["key[][0]"]],
    ["names", { additionalProperties: { properties: { a: {} } } }, ["key.NAME", "key.NAME.a"]],
    ["patterns", { patternProperties: { "^x": {} }, additionalProperties: false }, ["key.NAME"]],
    [
      "alternatives",
      { oneOf: [{ required: ["a"], properties: { a: {}, c: {} } }, { properties: { b: {}, c: {} } }] },
      ["key.a", "key.c", "key.b"],
    ],
    [
      "conditions",
      JSON.parse('{"if":{},"then":{"properties":{"a":{}}},"else":{"properties":{"b":{}}}}'),
      ["key.a", "key.b"],
    ],
    ["parts", { allOf: [{ properties: { a: {} } }, { required: ["a"], properties: { b: {} } }] }, ["key.a!", "key.b"]],
  ])("are %s", (_, schema, expected) => {
    expect(paths(entryOf(schema))).toEqual(expected);
  });
});

describe("definitions", () => {
  const point = { type: "object", properties: { x: { type: "number" } } };

  test("that are used once are told where they are used", () => {
    expect(paths(entryOf({ $ref: "#/definitions/point" }, { definitions: { point } }))).toEqual(["key.x"]);
  });

  test("that several keys share have a section", () => {
    const ref = { $ref: "#/definitions/point" };
    const manual = manualOf({ properties: { a: ref, b: { type: "array", items: ref } }, definitions: { point } });
    expect(
      manual.sections.map(({ name, isDefinition, entry }) => [
        name,
        isDefinition,
        entry.type,
        entry.definitions,
        paths(entry),
      ]),
    ).toEqual([
      ["a", false, "mapping", ["point"], []],
      ["b", false, "list of mappings", ["point"], []],
      ["point", true, "mapping", [], ["point.x"]],
    ]);
  });

  test("that hold themselves have one, too", () => {
    const tree = { properties: { children: { type: "array", items: { $ref: "#/definitions/tree" } } } };
    const { sections } = manualOf({ properties: { a: { $ref: "#/definitions/tree" } }, definitions: { tree } });
    expect(sections.map(({ name, entry }) => [name, paths(entry)])).toEqual([
      ["a", []],
      ["tree", ["tree.children"]],
    ]);
  });

  test("of plain values are told everywhere", () => {
    const port = { type: "integer", maximum: 65535 };
    const ref = { $ref: "#/definitions/port" };
    const { sections } = manualOf({
      properties: { a: ref, b: { ...ref, description: "Own." } },
      definitions: { port },
    });
    expect(sections.map(({ entry }) => [entry.type, entry.facts, entry.description])).toEqual([
      ["whole number", ["at most 65535"], ""],
      ["whole number", ["at most 65535"], "Own."],
    ]);
  });
});

const schema = {
  title: "A machine",
  description: "What it is.",
  required: ["name"],
  properties: {
    name: { type: "string", description: "Its `name`.", examples: ["node|1"] },
    ntp: {
      type: "object",
      description: "Time.\n\n- first\n- second",
      properties: {
        servers: {
          type: "array",
          items: { type: "string" },
          description: "One\nor\n\nmore.",
          default: [],
          examples: [["a"]],
        },
        key: { type: "string", "x-kanod-secret": true, examples: ["hush"] },
      },
    },
    empty: { type: "object", examples: [{}] },
  },
};

test("Markdown has all of it", async () => {
  expect(await manualMarkdown(manualOf(schema))).toBe(`# A machine

What it is.

Keys: [\`name\`](#name), [\`ntp\`](#ntp), [\`empty\`](#empty)

## \`name\`

Text, required.

Its \`name\`.

\`\`\`yaml
name: node|1
\`\`\`

## \`ntp\`

Mapping.

Time.

- first
- second

| key | value | |
|---|---|---|
| \`ntp.servers\` | list of texts | One or<br>more. Default \`[]\`. For example \`["a"]\`. |
| \`ntp.key\` | text | A secret: it is shown nowhere. For example \`hush\`. |

\`\`\`yaml
ntp:
  servers:
    - a
\`\`\`

## \`empty\`

Mapping.
`);
});

describe("the page", () => {
  test("has an anchor for everything that is linked, and each only once", async () => {
    const html = await manualHtml(manualOf({ ...schema, definitions: {} }));
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    expect(ids).toContain("ntp.servers");
  });

  test("loads nothing from elsewhere", async () => {
    const html = await manualHtml(manualOf(schema));
    expect(html).not.toMatch(/<(?:link|img|iframe)\b|\bsrc=|@import|url\(/);
  });

  test("lets no schema put a script into it", async () => {
    const evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> `<b>` [x](javascript:alert(1))";
    const html = await manualHtml(
      manualOf({
        title: evil,
        description: evil,
        properties: { [evil]: { description: evil, examples: [evil], default: evil, enum: [evil] } },
      }),
    );
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toMatch(/<img|<b>|href="javascript/);
  });
});

test.each<[string, string]>([
  ["a `b < c` d", "a <code>b &#60; c</code> d"],
  ["`` a`b ``", "<code>a`b</code>"],
  [
    "see https://example.org/a(b), or https://x.y.",
    'see <a href="https://example.org/a">https://example.org/a</a>(b), or <a href="https://x.y">https://x.y</a>.',
  ],
  ["[a](https://b) [c](#d) [e](f)", '<a href="https://b">a</a> <a href="#d">c</a> e'],
  ["a ` b", "a ` b"],
])("%j in a line is %s", (markdown, html) => {
  expect(inlineHtml(markdown)).toBe(html);
});

test("paragraphs and lists of a description are told apart", () => {
  expect(blocksHtml("a\nb\n\n- c\n  d\n- e\n\n\n\nf - g")).toBe(
    "<p>a b</p>\n<ul><li>c d</li><li>e</li></ul>\n<p>f - g</p>",
  );
});

test("YAML is highlighted by its parts", () => {
  const marked = highlightYaml("a-b: \"c: d\" # e\n- f: 5\n  g: [true, h, 'i']\n- j#k\nl: |\n  <m>\n")
    .replace(/<span class="y-(\w)\w*">/g, "$1(")
    .replaceAll("</span>", ")");
  expect(marked).toBe(
    "k(a-b)s(:) t(&#34;c: d&#34;) c(# e)\ns(-) k(f)s(:) w(5)\n  k(g)s(:) s([)w(true), h, t(&#39;i&#39;)s(])\ns(-) j#k\nk(l)s(:) s(|)\n  &#60;m&#62;\n",
  );
});

test("a key and a definition of the same name are told apart by their anchors", async () => {
  const tree = { type: "object", properties: { kids: { type: "array", items: { $ref: "#/definitions/tree" } } } };
  const text = await manualMarkdown(
    manualOf({ properties: { tree: { $ref: "#/definitions/tree" } }, definitions: { tree } }),
  );
  expect(text).toContain("Keys: [`tree`](#tree)\n");
  expect(text).toContain("Used in several places: [`tree`](#tree-1)\n");
  expect(text).toContain("| `tree.kids` | list of mappings | See [`tree`](#tree-1). |");
});
