import { readFileSync } from "node:fs";
import type { CompiledImage, ContributionModule } from "../../src/agent/image.ts";
import { compileValidator } from "../../src/config/compile-validator.ts";
import { bootSchema, type JsonSchema } from "../../src/config/schema.ts";
import { secretSchema } from "../../src/config/secret-values.ts";
import { parseYaml } from "../../src/config/yaml.ts";

const schemaFile = (name: string): JsonSchema => {
  const path = new URL(`../../schema/${name}`, import.meta.url);
  return parseYaml(readFileSync(path), name).value as JsonSchema;
};

/** An image as a compiled agent holds it, made of the core schema, further properties and some modules. */
export function testImage(given: {
  properties?: Record<string, JsonSchema>;
  boot?: Record<string, JsonSchema>;
  modules?: readonly ContributionModule[];
  templates?: Record<string, string>;
}): CompiledImage {
  const core = schemaFile("core.schema.yaml") as { properties: object; definitions: { boot_definition: object } };
  const schema = {
    ...core,
    properties: { ...core.properties, ...given.properties },
    definitions: {
      ...core.definitions,
      boot_definition: { ...core.definitions.boot_definition, properties: given.boot ?? {} },
    },
  } as JsonSchema;
  const system = schemaFile("system.schema.yaml");
  return {
    modules: given.modules ?? [],
    schema: async () => JSON.stringify(schema),
    systemSchema: async () => JSON.stringify(system),
    validators: async () => ({
      configuration: await compileValidator(schema),
      boot: await compileValidator(bootSchema(schema)),
      system: await compileValidator(system),
    }),
    secrets: async () => ({
      configuration: secretSchema(schema),
      boot: secretSchema(bootSchema(schema)),
      system: secretSchema(system),
    }),
    template: async (name) => given.templates?.[name],
    manifest: async () => ({
      version: 1,
      agent: "0.0.0-test",
      runtime: { kind: "system", node: "", arch: "x64", stripped: false },
      elements: [],
      schemaSha256: "",
    }),
  };
}
