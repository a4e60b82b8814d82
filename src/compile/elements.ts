import { basename, resolve } from "node:path";
import { shown } from "../config/shown.ts";
import { parseYaml, requireMapping } from "../config/yaml.ts";
import { BuildError, buildProblem } from "./build-error.ts";

/** An element of an image, in the sense of diskimage-builder. */
export interface ElementInput {
  name: string;
  /** Its folder. */
  path: string;
  /** It may be an element that has nothing for us: most elements of an image have nothing. */
  optional?: boolean;
}

/** An element that a user names by its folder: it is called as its folder is, as diskimage-builder does it. */
export function elementOfFolder(path: string): ElementInput {
  return { name: basename(resolve(path)), path };
}

const variable = "IMAGE_ELEMENT_YAML";

/**
 * The elements of an image, from the text of `IMAGE_ELEMENT_YAML`: a YAML mapping of names to folders, which
 * diskimage-builder sets for the hooks of a build (diskimage_builder/element_dependencies.py).
 *
 * @throws BuildError when the text is no such mapping
 */
export function elementsOfImage(text: string): ElementInput[] {
  const document = parseYaml(text, variable);
  const problems = [...document.problems, ...requireMapping(document)];
  if (problems.length > 0) throw new BuildError(problems);
  const entries = Object.entries(document.value as Record<string, unknown>);
  const wrong = entries.filter(([, path]) => typeof path !== "string");
  if (wrong.length > 0) {
    const names = wrong.map(([name]) => shown(name)).join(", ");
    throw new BuildError([buildProblem("bad-elements", `${variable} gives no folder for ${names}`)]);
  }
  return entries.map(([name, path]) => ({ name, path: String(path), optional: true }));
}
