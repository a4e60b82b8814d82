import { join } from "node:path";
import { packageFolder, readText } from "../compile/workspace.ts";
import { compileValidator } from "../config/compile-validator.ts";
import { hasErrors, sortProblems } from "../config/problem.ts";
import type { JsonSchema } from "../config/schema.ts";
import { validateDocument } from "../config/validate.ts";
import { parseYaml, requireMapping } from "../config/yaml.ts";
import type { DocumentChecker } from "../user-data/read/check.ts";
import { airshipDocument, isAirship } from "./documents/airship.ts";

/** Checks `config.yaml` of a module against its schema, as `kanod-image-builder` does before it resolves modules. */
export function moduleCheck(): Promise<DocumentChecker> {
  return schemaCheck("module");
}

/** Checks an image build document, also one of Airship's image builder, against the schema. */
export async function imageCheck(): Promise<DocumentChecker> {
  const check = await schemaCheck("image");
  return (document) => {
    if (!isAirship(document.value)) return check(document);
    const { document: ours, value, problems } = airshipDocument(document);
    const checked = check({ ...document, ...ours, value });
    return { ...checked, problems: sortProblems([...problems, ...checked.problems]) };
  };
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
    if (!hasErrors(problems)) problems.push(...validateDocument(document, { schema, validator }));
    return { problems, secretLines: new Set() };
  };
}
