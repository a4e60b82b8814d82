import { join } from "node:path";
import { bootSchema, type JsonSchema } from "../config/schema.ts";
import { secretSchema } from "../config/secret-values.ts";
import type { CollectedElement } from "./collect.ts";
import { inAscii } from "./launcher.ts";
import type { Manifest } from "./manifest.ts";
import type { Stage } from "./stage.ts";
import { validatorsModule, writeValidators } from "./validators.ts";
import { writeText } from "./workspace.ts";

export interface ImageContent {
  elements: readonly CollectedElement[];
  schema: JsonSchema;
  systemSchema: JsonSchema;
  manifest: Manifest;
}

/** A dynamic import that the bundler keeps in the same file, where it is evaluated when it is asked for. */
const lazyImport = 'import(/* webpackMode: "eager" */ ';

/**
 * Writes the module that holds all that is particular to one image. Its default export fulfils CompiledImage
 * (src/agent/image.ts).
 *
 * @returns its path
 */
export async function writeCompiledImage(stage: Stage, content: ImageContent): Promise<string> {
  const { elements, schema, systemSchema, manifest } = content;
  const generated = (name: string, text: string): Promise<void> =>
    writeText(join(stage.folder, "generated", name), text);
  await generated("schema.mjs", exportDefault(JSON.stringify(schema)));
  await generated("system-schema.mjs", exportDefault(JSON.stringify(systemSchema)));
  const schemas = { configuration: schema, boot: bootSchema(schema), system: systemSchema };
  const secrets = Object.entries(schemas).map(([name, each]) => [name, secretSchema(each)]);
  await generated("secrets.mjs", exportDefault(JSON.stringify(Object.fromEntries(secrets))));
  await generated("manifest.mjs", exportDefault(manifest));
  await generated("templates.mjs", exportDefault(templatesOf(elements)));
  await writeValidators(stage.folder, schemas);
  const path = join(stage.folder, "image.js");
  await writeText(path, imageText(stage, elements));
  return path;
}

function exportDefault(value: unknown): string {
  return `export default ${inAscii(JSON.stringify(value))};\n`;
}

function templatesOf(elements: readonly CollectedElement[]): Record<string, string> {
  return Object.fromEntries(elements.flatMap(({ templates }) => templates.map(({ name, text }) => [name, text])));
}

function imageText(stage: Stage, elements: readonly CollectedElement[]): string {
  const modules = elements.flatMap(({ name, contributions }) =>
    contributions.map((file) => {
      const load = `() => ${lazyImport}${JSON.stringify(`./${stage.moduleOf(name, file)}`)})`;
      return `    { element: ${JSON.stringify(name)}, file: ${JSON.stringify(file)}, load: ${load} },\n`;
    }),
  );
  return `export default {
  modules: [
${modules.join("")}  ],
  schema: async () => (await ${lazyImport}"./generated/schema.mjs")).default,
  systemSchema: async () => (await ${lazyImport}"./generated/system-schema.mjs")).default,
  validators: () => ${lazyImport}"${validatorsModule}"),
  secrets: async () => JSON.parse((await ${lazyImport}"./generated/secrets.mjs")).default),
  template: async (name) => {
    const { default: templates } = await ${lazyImport}"./generated/templates.mjs");
    return Object.hasOwn(templates, name) ? templates[name] : undefined;
  },
  manifest: async () => (await ${lazyImport}"./generated/manifest.mjs")).default,
};
`;
}
