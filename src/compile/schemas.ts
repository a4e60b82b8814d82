import { join } from "node:path";
import { stringify } from "yaml";
import { checkSchema } from "../config/check-schema.ts";
import { hasErrors, type Problem } from "../config/problem.ts";
import type { JsonSchemaObject } from "../config/schema.ts";
import { BuildError } from "./build-error.ts";
import type { CollectedElement } from "./collect.ts";
import { badExamples } from "./examples.ts";
import { type MergedSchema, mergeSchemas, type SchemaText } from "./merge-schemas.ts";
import { packageFolder, readText } from "./workspace.ts";

export interface ImageSchemas {
  /** Of the configuration: ours, then what the elements add in image order. */
  schema: JsonSchemaObject;
  /** Of system.yaml. */
  systemSchema: JsonSchemaObject;
  /** Not errors, but most likely not what was meant. */
  warnings: readonly Problem[];
}

/** Merges and checks the schemas of an image. @throws BuildError */
export async function loadSchemas(elements: readonly CollectedElement[]): Promise<ImageSchemas> {
  const added = elements.flatMap(({ path, schema }) =>
    schema === undefined ? [] : [{ file: join(path, "schema.yaml"), text: schema }],
  );
  const merged = mergeSchemas([await ownSchema("core"), ...added]);
  const system = mergeSchemas([await ownSchema("system")]);
  const problems = [merged, system].flatMap(({ schema, locate }: MergedSchema) => checkSchema(schema, locate));
  if (hasErrors(problems)) throw new BuildError(problems);
  const warnings = [...problems, ...(await badExamples(merged, elements))];
  return { schema: merged.schema, systemSchema: system.schema, warnings };
}

/** The text of `schema.yaml`. */
export function schemaText(schema: JsonSchemaObject): string {
  const header = "# Schema of the configuration (JSON Schema, draft-07), merged from the elements of the image.\n";
  return header + stringify(schema, { lineWidth: 0, aliasDuplicateObjects: false });
}

async function ownSchema(name: string): Promise<SchemaText> {
  const file = join(packageFolder, "schema", `${name}.schema.yaml`);
  const text = await readText(file);
  if (text === undefined) throw new Error(`${file} is missing: this package is not complete`);
  return { file, text };
}
