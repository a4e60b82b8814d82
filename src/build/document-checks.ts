import { join } from "node:path";
import { compileValidator } from "../config/compile-validator.ts";
import type { DocumentChecker } from "../config/embedded/check.ts";
import { hasErrors } from "../config/problem.ts";
import type { JsonSchema } from "../config/schema.ts";
import { validateDocument } from "../config/validate.ts";
import { parseYaml, requireMapping } from "../config/yaml.ts";
import { packageFolder, readText } from "./workspace.ts";

/** Checks `config.yaml` of a module against its schema, as `kanod-image-builder` does before it resolves modules. */
export function moduleCheck(): Promise<DocumentChecker> {
  return schemaCheck("module");
}

async function schemaCheck(name: string): Promise<DocumentChecker> {
  const file = join(packageFolder, "schema", `${name}.schema.yaml`);
  const text = await readText(file);
  if (text === undefined) throw new Error(`${file} is missing: this package is not complete`);
  const schema = parseYaml(text, file).value as JsonSchema;
  const validator = await compileValidator(schema);
  return (document) => {
    const problems = [...document.problems];
    if (!hasErrors(problems)) problems.push(...requireMapping(document));
    if (!hasErrors(problems)) problems.push(...validateDocument(document, schema, validator));
    return { problems, secretLines: new Set() };
  };
}
