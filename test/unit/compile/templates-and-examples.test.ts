import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { BuildError } from "../../../src/compile/build-error.ts";
import { type CollectedElement, collectContributions } from "../../../src/compile/collect.ts";
import { ownerOfElement } from "../../../src/compile/element-names.ts";
import { loadSchemas } from "../../../src/compile/schemas.ts";
import { missingTemplates } from "../../../src/compile/template-uses.ts";
import type { Problem } from "../../../src/config/problem.ts";
import { temporaryFolder } from "../../support/cli.ts";

async function collected(files: Readonly<Record<string, string>>): Promise<CollectedElement[]> {
  const path = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return collectContributions([{ name: "el", path }]);
}

function brief(problems: readonly Problem[]): string[] {
  return problems.map(
    ({ severity, code, source }) =>
      `${severity} ${code} ${source?.file.split("/").at(-1)}:${source?.line}:${source?.column}`,
  );
}

test("a template is found in a folder below, and one that does not exist is an error at its name", async () => {
  const elements = await collected({
    "kanod/el.ts": `await renderTemplate(host, "sub/x.tmpl", "/etc/x", {});\nrenderTemplate(\n  host,\n  'nope.tmpl', "/etc/y", {});`,
    "kanod/lib/h.js": "renderTemplate(host, 'sub/' + name, p, v); renderTemplate(host, 'sub/y.tmpl', p, v);",
    "kanod/templates/sub/x.tmpl": "{{ x }}",
  });
  expect(elements[0]?.templates.map(({ name }) => name)).toEqual(["sub/x.tmpl"]);
  expect(brief(await missingTemplates(elements))).toEqual([
    "error no-template-file el.ts:4:3",
    "error no-template-file h.js:1:65",
  ]);
});

test("a template that cannot be rendered is an error at its place", async () => {
  const files = { "kanod/templates/a": "x\n{% if %}", "kanod/templates/b": "{% include 'x' %}" };
  const error = await collected(files).catch((each: unknown) => each);
  expect(error).toBeInstanceOf(BuildError);
  expect(brief((error as BuildError).problems).sort()).toEqual([
    "error bad-template-file a:2:7",
    "error bad-template-file b:1:4",
  ]);
});

test("an example, examples and a default that are not valid are warnings at their places", async () => {
  const elements = await collected({
    "schema.yaml":
      "properties:\n  ex: {type: string, enum: [a], default: b, examples: [a, c]}\n  'a/b': {type: object, properties: {c: {type: integer, default: x}}}\n",
    "example.yaml": "name: m\nex: zzz\nunknown: 1\n",
  });
  const { warnings } = await loadSchemas(elements);
  expect(brief(warnings)).toEqual([
    "warning bad-example example.yaml:2:5",
    "warning bad-example example.yaml:3:1",
    "warning bad-example schema.yaml:2:42",
    "warning bad-example schema.yaml:2:59",
    "warning bad-example schema.yaml:3:66",
  ]);
});

test.each([
  ["vm", "diskimage-builder"],
  ["ntp", "kanod-configure"],
  ["kanod-core", "kanod-configure"],
  ["kanod-hello", undefined],
])("the element %s is one of %s", async (name, owner) => {
  expect(await ownerOfElement(name)).toBe(owner);
});
