import { join } from "node:path";
import { generateValidators } from "../config/generate-validators.ts";
import type { JsonSchema } from "../config/schema.ts";
import { inAscii, partOf, type ValidatorName, validatorNames } from "./launcher.ts";
import { readText, writeText } from "./workspace.ts";

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
  for (const name of validatorNames) {
    await writeText(fileOf(folder, name), inAscii(generateValidators({ [name]: schemas[name] })));
  }
  const exported = validatorNames.map((name) => `export { ${name} } from "./${name}-validator.mjs";\n`);
  await writeText(join(folder, validatorsModule), exported.join(""));
}

/**
 * A validator as part of a program. They are most of an image, and import nothing, so they get into the agent as they
 * are: the bundler would take longer over them than over all the rest.
 */
export async function validatorPart(folder: string, name: ValidatorName): Promise<string> {
  const text = (await readText(fileOf(folder, name))) ?? "";
  const module = text.replace(/^export const (\w+) = /m, "exports.$1 = ");
  if (module === text || /^(?:export|import)\b/m.test(module)) {
    throw new Error(`the validator ${name} has another form`);
  }
  return partOf(module);
}
