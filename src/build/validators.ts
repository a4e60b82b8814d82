import { join } from "node:path";
import { generateValidators } from "../config/generate-validators.ts";
import type { JsonSchema } from "../config/schema.ts";
import { inAscii } from "./agent-bundle.ts";
import { readText, writeText } from "./workspace.ts";

/** The validators of an image: CompiledValidators of src/agent/image.ts. */
const names = ["configuration", "boot", "system"] as const;

export type ValidatorName = (typeof names)[number];

/** How the image's module imports the validators, relative to it. */
export const validatorsModule = "./generated/validators.mjs";

function fileOf(folder: string, name: string): string {
  return join(folder, "generated", `${name}-validator.mjs`);
}

/** Writes a module for each validator, and the one that has them all. */
export async function writeValidators(
  folder: string,
  schemas: Readonly<Record<ValidatorName, JsonSchema>>,
): Promise<void> {
  for (const name of names) {
    await writeText(fileOf(folder, name), inAscii(generateValidators({ [name]: schemas[name] })));
  }
  const exported = names.map((name) => `export { ${name} } from "./${name}-validator.mjs";\n`);
  await writeText(join(folder, validatorsModule), exported.join(""));
}

/**
 * The validators as texts of CommonJS modules, by their names. They are most of an image, and import nothing, so they
 * get into the agent as they are: the bundler would take longer over them than over all the rest.
 */
export async function validatorParts(folder: string): Promise<Record<string, string>> {
  const parts: Record<string, string> = {};
  for (const name of names) {
    const text = (await readText(fileOf(folder, name))) ?? "";
    const part = text.replace(/^export const (\w+) = /m, "exports.$1 = ");
    if (part === text || /^(?:export|import)\b/m.test(part)) throw new Error(`the validator ${name} has another form`);
    parts[name] = part;
  }
  return parts;
}
