import { join, relative } from "node:path";
import { BuildError, fileProblem } from "../../compile/build-error.ts";
import { packageFolder, readBytes, readText } from "../../compile/workspace.ts";
import { compileValidator } from "../../config/compile-validator.ts";
import type { Problem } from "../../config/problem.ts";
import type { JsonSchema } from "../../config/schema.ts";
import { validateDocument } from "../../config/validate.ts";
import { parseYaml, requireMapping } from "../../config/yaml.ts";
import { type FoundModule, findModule, moduleFile } from "./find-module.ts";
import type { ModuleDefinition } from "./module-definition.ts";
import { moduleDefinition } from "./read-module.ts";

/**
 * Finds and reads modules, in their order. One that is named twice counts once, at its first place.
 *
 * @throws AgentError `unknown-module` (usage error) for one that cannot be found
 * @throws BuildError with all that is wrong in their `config.yaml`
 */
export async function loadModules(names: readonly string[], workingDirectory: string): Promise<ModuleDefinition[]> {
  const found = new Map<string, FoundModule>();
  for (const name of names) {
    const module = await findModule(name, workingDirectory);
    if (!found.has(module.folder)) found.set(module.folder, module);
  }
  const validate = await moduleValidation();
  const read = await Promise.all([...found.values()].map((module) => readModule(module, workingDirectory, validate)));
  const problems = read.flatMap((each) => each.problems);
  if (problems.length > 0) throw new BuildError(problems);
  return read.flatMap(({ definition }) => (definition === undefined ? [] : [definition]));
}

type Validate = (document: ReturnType<typeof parseYaml>) => Problem[];

async function moduleValidation(): Promise<Validate> {
  const file = join(packageFolder, "schema", "module.schema.yaml");
  const text = await readText(file);
  if (text === undefined) throw new BuildError([fileProblem(file, "missing-file", "the package is incomplete")]);
  const schema = parseYaml(text, file).value as JsonSchema;
  const validator = await compileValidator(schema);
  return (document) => validateDocument(document, { schema, validator });
}

async function readModule(module: FoundModule, workingDirectory: string, validate: Validate): Promise<ReadModule> {
  const path = join(module.folder, moduleFile);
  const file = shortest(path, workingDirectory);
  const bytes = await readBytes(path);
  if (bytes === undefined) return { problems: [fileProblem(file, "missing-file", "there is no such file")] };
  const document = parseYaml(bytes, file);
  const start = { file, line: 1, column: 1, endColumn: 1 };
  // An empty file has no place of its own.
  const problems = [...document.problems, ...requireMapping(document)].map(
    (problem): Problem => ({ source: start, ...problem }),
  );
  if (problems.length === 0) problems.push(...validate(document));
  return problems.length > 0
    ? { problems }
    : { problems, definition: moduleDefinition(document, module.name, module.folder) };
}

interface ReadModule {
  problems: Problem[];
  definition?: ModuleDefinition;
}

/** The path as a user would type it: relative where that goes no further up than the folder they are in. */
function shortest(path: string, from: string): string {
  const way = relative(from, path);
  return way.startsWith("..") ? path : way;
}
