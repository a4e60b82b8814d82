import {
  bootSchema,
  isSchemaObject,
  type JsonSchema,
  type JsonSchemaObject,
  mapping,
  resolveRef,
} from "../config/schema.ts";
import { walkSchema } from "../config/schema-walk.ts";

/** The module that the generated types add to. */
const augmented = "kanod-configure";

/** Keywords that no interface can express; what they say is checked on the machine, not by the compiler. */
const conditions = new Set(["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependencies", "title", "$id"]);

/**
 * Types of the merged configuration: texts of declaration files by their names, which lie in one folder. The first one
 * adds the properties to `Configuration`, `BootConfiguration` and `SystemSettings` of "kanod-configure", so that a
 * contribution that reads a key which no schema has does not compile.
 */
export async function generateTypes(schema: JsonSchema, systemSchema: JsonSchema): Promise<Map<string, string>> {
  const boot = flatten(bootSchema(schema));
  return new Map([
    ["kanod-configure.d.ts", augmentation],
    ["configuration.d.ts", await interfaceOf(withBootType(flatten(schema)))],
    ["boot.d.ts", await interfaceOf(boot)],
    ["system.d.ts", await interfaceOf(flatten(systemSchema))],
  ]);
}

const augmentation = `import type { DeepReadonly } from "${augmented}";
import type * as boot from "./boot.js";
import type * as configuration from "./configuration.js";
import type * as system from "./system.js";

declare module "${augmented}" {
  interface Configuration extends DeepReadonly<configuration.Root> {}
  interface BootConfiguration extends DeepReadonly<boot.Root> {}
  interface SystemSettings extends DeepReadonly<system.Root> {}
}
`;

async function interfaceOf(schema: JsonSchemaObject): Promise<string> {
  // It loads a formatter that is never used: only who generates types pays for it.
  const { compile } = await import("json-schema-to-typescript");
  return compile(adapted(schema), "Root", {
    bannerComment: "",
    format: false,
    // Otherwise every list with maxItems becomes one tuple type for each possible length.
    ignoreMinAndMaxItems: true,
    $refOptions: { resolve: { file: false, http: false } },
  });
}

/** The schema of a mapping with its `$ref` followed, and without what would make it no interface. */
function flatten(root: JsonSchema): JsonSchemaObject {
  const definitions = isSchemaObject(root) ? root["definitions"] : undefined;
  const flat: Record<string, unknown> = {};
  const seen = new Set<JsonSchema>();
  for (let next: JsonSchema | undefined = root; isSchemaObject(next) && !seen.has(next); ) {
    seen.add(next);
    const { $ref, properties, required, ...rest }: JsonSchemaObject = next;
    for (const [keyword, value] of Object.entries(rest)) if (!conditions.has(keyword)) flat[keyword] ??= value;
    if (isSchemaObject(properties)) flat["properties"] = { ...properties, ...(flat["properties"] ?? {}) };
    if (Array.isArray(required)) flat["required"] = [...((flat["required"] as unknown[]) ?? []), ...required];
    next = typeof $ref === "string" ? resolveRef(root, $ref) : undefined;
  }
  return { ...flat, type: "object", ...(definitions === undefined ? {} : { definitions }) };
}

/** What a contribution finds in `conf.boot` is what a boot contribution finds in `conf`. */
function withBootType(schema: JsonSchemaObject): JsonSchemaObject {
  const { properties } = schema;
  if (!isSchemaObject(properties) || !isSchemaObject(properties["boot"])) return schema;
  const boot = { description: properties["boot"]["description"], tsType: `import("${augmented}").BootConfiguration` };
  return { ...schema, properties: { ...properties, boot } };
}

/** Makes of a schema what the types of it should be like. */
function adapted(schema: JsonSchemaObject): JsonSchemaObject {
  const copy = structuredClone(schema);
  for (const { schema: each } of walkSchema(copy)) adapt(each as Record<string, unknown>);
  return copy;
}

function adapt(schema: Record<string, unknown>): void {
  const { description, properties, additionalProperties, patternProperties } = schema;
  // It becomes a comment, which it must not end.
  if (typeof description === "string") schema["description"] = description.replaceAll("*/", "* /");
  // A key that is only tolerated is of no use to a contribution: more likely it is misspelt.
  const open = additionalProperties === undefined && patternProperties === undefined;
  if (open && Object.keys(mapping(properties)).length > 0) schema["additionalProperties"] = false;
}
