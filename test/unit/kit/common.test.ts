import { expect, test } from "vitest";
import { newRegistry, withRegistry } from "../../../src/agent/registry.ts";
import { recordingHost } from "../../../src/host/recording-host.ts";
import { b64, propagateVar, transformJson } from "../../../src/kit/common.ts";
import { renderTemplate } from "../../../src/kit/templates.ts";

const templates: Record<string, string> = {
  "greeting.j2": "{% for name in names %}\nHello {{ name }} & {{ other | default('nobody') }}\n{% endfor %}\n",
  "header.j2": "## template: jinja\n\n{% if list %}{{ list }}{% endif %}{{ section.a.upper() }}\n",
  "broken.j2": "{% if %}",
  "undefined.j2": "{{ missing }}",
};
const render = (...args: Parameters<typeof renderTemplate>): ReturnType<typeof renderTemplate> =>
  withRegistry(
    newRegistry(async (name) => templates[name]),
    () => renderTemplate(...args),
  );

test("a template is rendered as Jinja2 would, nothing is escaped", async () => {
  const host = recordingHost({});
  const change = await render(host, "greeting.j2", "/etc/greeting", { names: ["<a>", "b"] }, { mode: 0o600 });
  expect(change).toBe("created");
  expect(await host.readFile("/etc/greeting")).toBe("Hello <a> & nobody\nHello b & nobody\n");
  expect((await host.stat("/etc/greeting"))?.mode).toBe(0o600);
});

test.each([
  ["missing.j2", "no-template"],
  ["broken.j2", "template-failed"],
  ["undefined.j2", "template-failed"],
])("%s is an error and writes nothing", async (name, code) => {
  const host = recordingHost({});
  await expect(render(host, name, "/etc/x", {})).rejects.toMatchObject({
    code,
    message: expect.stringContaining(name),
  });
  expect(host.steps).toEqual([]);
});

test("a section of the configuration is a variable, and the line with which cloud-init marks templates is left out", async () => {
  interface Section {
    readonly section: { readonly a: string; readonly b?: string };
    readonly list: readonly string[];
  }
  const conf: Section = { section: { a: "x" }, list: [] };
  const host = recordingHost({});
  await render(host, "header.j2", "/etc/header", conf);
  expect(await host.readFile("/etc/header")).toBe("\nX\n");
});

test("what the host says of the file is not blamed on the template", async () => {
  const host = recordingHost({ files: { "/etc": "a file" } });
  await expect(render(host, "greeting.j2", "/etc/x", { names: [] })).rejects.toMatchObject({
    name: "HostError",
  });
});

test("b64 encodes UTF-8", () => {
  expect(b64("é")).toBe("w6k=");
});

test("a variable is set for commands where the configuration has it", () => {
  const host = recordingHost({});
  propagateVar(host, { http: "http://proxy" } as { http?: string; https?: string }, "http", "http_proxy");
  propagateVar(host, {} as { http?: string; https?: string }, "https", "https_proxy");
  expect(host.steps).toEqual([{ kind: "environment", name: "http_proxy", value: "http://proxy" }]);
});

test("transformJson makes a copy in which the replaced is not looked into", () => {
  const value = { a: ["x", 1, null, { b: "x" }], c: "y" };
  const transformed = transformJson(value, (node) => (node === "x" ? ["x"] : undefined));
  expect(transformed).toEqual({ a: [["x"], 1, null, { b: ["x"] }], c: "y" });
  expect(value.a[0]).toBe("x");
});
