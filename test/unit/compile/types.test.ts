import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { generateTypes } from "../../../src/compile/types.ts";
import type { JsonSchema } from "../../../src/config/schema.ts";
import { temporaryFolder } from "../../support/cli.ts";

const tsc = new URL("../../../node_modules/typescript/bin/tsc", import.meta.url).pathname;

/** Interfaces as the package declares and exports them. */
const packageTypes = {
  "package.d.ts": 'export * from "./interfaces.js";\n',
  "interfaces.d.ts":
    "export interface Configuration {}\nexport interface BootConfiguration {}\n" +
    "export interface SystemSettings { [key: string]: unknown }\n" +
    "export type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;\n",
};

/** What tsc says, without places, of a function body with `conf`, `boot` and `system`. */
async function errorsOf(body: string, schema: JsonSchema, systemSchema: JsonSchema = true): Promise<string[]> {
  const folder = temporaryFolder();
  const source =
    'import type { BootConfiguration, Configuration, SystemSettings } from "kanod-configure";\n' +
    `export function code(conf: Configuration, boot: BootConfiguration, system: SystemSettings): void {\n${body}\n}\n`;
  const types = await generateTypes(schema, systemSchema);
  const texts = { ...packageTypes, ...Object.fromEntries([...types].map(([name, text]) => [`types/${name}`, text])) };
  mkdirSync(join(folder, "types"));
  for (const [name, text] of Object.entries({ ...texts, "code.ts": source })) writeFileSync(join(folder, name), text);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2023",
    lib: ["es2023"],
    types: [],
    module: "esnext",
    moduleResolution: "bundler",
    noPropertyAccessFromIndexSignature: true,
    paths: { "kanod-configure": ["./package.d.ts"] },
  };
  const project = { compilerOptions, files: ["code.ts", "types/kanod-configure.d.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
  const { stdout } = await execa(process.execPath, [tsc, "--pretty", "false"], { cwd: folder, reject: false });
  return stdout.split("\n").flatMap((line) => /error (TS\d+: .*)$/.exec(line)?.[1] ?? []);
}

const schema = {
  type: "object",
  title: "Core Image Configuration",
  required: ["name"],
  additionalProperties: false,
  definitions: {
    boot_definition: {
      type: "object",
      description: "Ends a comment */ does it not?",
      properties: { marker: { type: "string" }, lvm: { type: "array", items: { $ref: "#/definitions/volume" } } },
    },
    volume: { type: "object", properties: { size: { type: "integer", "x-kanod-secret": true } } },
  },
  properties: {
    name: { type: "string" },
    greeting: { type: "string" },
    boot: { $ref: "#/definitions/boot_definition" },
    anything: { type: "object" },
    description: { type: "object", properties: { properties: { type: "string" } } },
    names: { type: "array", items: { type: "string" }, minItems: 1, maxItems: 30 },
  },
};

test("what the schema has can be read, with its type", async () => {
  const body = `
    const name: string = conf.name;
    const greeting: string | undefined = conf.greeting;
    const size: number | undefined = conf.boot?.lvm?.[0]?.size;
    const marker: string | undefined = boot.marker;
    const whatever: unknown = conf.anything?.["key"];
    const nested: string | undefined = conf.description?.properties;
    const names: readonly string[] | undefined = conf.names;
    return void [name, greeting, size, marker, whatever, nested, names];
  `;
  expect(await errorsOf(body, schema)).toEqual([]);
});

test("a key that no schema has is an error, at every depth and in the boot part", async () => {
  const errors = await errorsOf("conf.greetng; conf.boot?.lvm?.[0]?.sice; boot.maker; boot.name;", schema);
  expect(errors).toEqual([
    expect.stringContaining("Property 'greetng' does not exist on type 'Configuration'. Did you mean 'greeting'?"),
    expect.stringContaining("Property 'sice' does not exist on type '{ readonly size"),
    expect.stringContaining("Property 'maker' does not exist on type 'BootConfiguration'."),
    expect.stringContaining("Property 'name' does not exist on type 'BootConfiguration'."),
  ]);
});

test("what may be absent has to be looked for", async () => {
  expect(await errorsOf("conf.greeting.length; conf.name.length;", schema)).toEqual([
    expect.stringContaining("'conf.greeting' is possibly 'undefined'"),
  ]);
});

test("system settings have the types of their schema, and keys of elements' own", async () => {
  const systemSchema = {
    type: "object",
    additionalProperties: true,
    properties: { container_engine: { enum: ["docker", "crio"] } },
  };
  const body =
    'const engine: "docker" | "crio" | undefined = system.container_engine; const own: unknown = system["x"];';
  expect(await errorsOf(`${body} return void [engine, own];`, schema, systemSchema)).toEqual([]);
  expect(
    await errorsOf("const engine: number | undefined = system.container_engine; void engine;", schema, systemSchema),
  ).toHaveLength(1);
});

test("a configuration without a boot part, and conditions at the top, make usable types", async () => {
  const plain = { properties: { name: { type: "string" } }, anyOf: [{ required: ["name"] }, { required: ["other"] }] };
  expect(await errorsOf("void conf.name;", plain)).toEqual([]);
  expect(await errorsOf("void conf.boot; void boot.any;", plain)).toHaveLength(2);
});

test("the texts are the same in every run", async () => {
  expect([...(await generateTypes(schema, true))]).toEqual([...(await generateTypes(structuredClone(schema), true))]);
});
