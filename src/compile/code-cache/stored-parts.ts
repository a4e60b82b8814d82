import { join } from "node:path";
import { isMapping } from "../../config/mapping.ts";
import { parseYaml } from "../../config/yaml.ts";
import { agentBundle, agentCode, filesOf } from "../agent-files.ts";
import { BuildError, buildProblem } from "../build-error.ts";
import type { CollectedElement } from "../collect.ts";
import { agentProgram, assetsOf, bundledParts, type ImagePart, imageParts, storedPart } from "../launcher.ts";
import { pathKind, readText, writeText } from "../workspace.ts";
import { compileCode } from "./agent-code.ts";
import { agentParts } from "./split-bundle.ts";

/** The program of an executable: its script, and the files that it reads its parts from. */
export interface StoredProgram {
  main: string;
  /** By the names that the script has for them. */
  assets: Readonly<Record<string, string>>;
}

/**
 * Lays the parts of a program out in files, with the code that V8 compiles for them when the examples of the elements are
 * validated. Those of the agent lie in this package.
 *
 * @param options `withCode`: the program runs on this machine's Node
 * @throws BuildError where that does not come to an end
 */
export async function storeParts(
  image: Readonly<Record<ImagePart, string>>,
  elements: readonly CollectedElement[],
  options: { work: string; withCode: boolean; signal: AbortSignal | undefined },
): Promise<StoredProgram> {
  const { work, withCode, signal } = options;
  const parts = [...agentParts, ...imageParts];
  const files = { ...agentBundle, ...filesOf(imageParts, (part) => join(work, `${part}.cjs`)) };
  for (const part of imageParts) await writeText(files[part], image[part]);
  const code = filesOf(parts, (part) => join(work, `${part}.code`));
  if (withCode) {
    const example = join(work, "example.yaml");
    await writeText(example, await exampleOf(elements));
    const argv = ["kanod-configure", "validate", example];
    const known = (await pathKind(agentCode.agent)) === "file" ? agentCode : {};
    const { exitCode } = await compileCode({ work, texts: files, known, code, argv, signal });
    if (exitCode === undefined) throw new BuildError([hanging]);
  }
  const assets = parts.flatMap((part) => {
    const names = assetsOf(part);
    return [[names.text, files[part]], ...(withCode ? [[names.code, code[part]]] : [])];
  });
  return {
    main: agentProgram(
      bundledParts((part) => storedPart(part, withCode)),
      true,
    ),
    assets: Object.fromEntries(assets),
  };
}

const hanging = buildProblem("check-hangs", "the validation of the elements' examples does not come to an end", {
  hint: "a check looks at the configuration alone, and waits for nothing",
});

/** A configuration with all that the elements show in their `example.yaml`. */
async function exampleOf(elements: readonly CollectedElement[]): Promise<string> {
  const example: Record<string, unknown> = { name: "machine" };
  for (const { folder } of elements) {
    const file = join(folder, "example.yaml");
    const { value } = parseYaml((await readText(file)) ?? "", file);
    if (isMapping(value)) Object.assign(example, value);
  }
  return JSON.stringify(example);
}
