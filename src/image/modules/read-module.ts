import type { SourceRange } from "../../config/problem.ts";
import { jsonPointer } from "../../config/problem.ts";
import type { YamlDocument } from "../../config/yaml.ts";
import type { Entry, ModuleDefinition, ModuleOption, ModuleVariable, Recipe } from "./module-definition.ts";

/** A `config.yaml` that module.schema.yaml accepts, as data. */
interface ModuleFile {
  options?: {
    name: string;
    kind: "var" | "flag";
    description?: string;
    default?: string;
    choices?: string[];
    secret?: boolean;
  }[];
  env?: { name: string; value: string; when?: string[] }[];
  recipes?: { packages?: string[]; elements?: string[]; when?: string[] }[];
}

/** The definition in a document that module.schema.yaml has accepted. */
export function moduleDefinition(document: YamlDocument, name: string, folder: string): ModuleDefinition {
  const file = document.value as ModuleFile;
  return {
    name,
    folder,
    options: (file.options ?? []).map((option, index): ModuleOption => {
      const at = ["options", index];
      return {
        kind: option.kind,
        name: entry(document, [...at, "name"], option.name),
        description: option.description,
        default: option.default === undefined ? undefined : entry(document, [...at, "default"], option.default),
        choices: option.choices,
        secret: option.secret === true,
      };
    }),
    variables: (file.env ?? []).map((variable, index): ModuleVariable => {
      const at = ["env", index];
      return {
        name: entry(document, [...at, "name"], variable.name),
        value: entry(document, [...at, "value"], variable.value),
        when: entries(document, [...at, "when"], variable.when),
      };
    }),
    recipes: (file.recipes ?? []).map((recipe, index): Recipe => {
      const at = ["recipes", index];
      return {
        source: rangeOf(document, jsonPointer(at)),
        packages: entries(document, [...at, "packages"], recipe.packages),
        elements: entries(document, [...at, "elements"], recipe.elements),
        when: entries(document, [...at, "when"], recipe.when),
      };
    }),
  };
}

type Path = readonly (string | number)[];

function entries(document: YamlDocument, path: Path, texts: readonly string[] = []): Entry[] {
  return texts.map((text, index) => entry(document, [...path, index], text));
}

function entry(document: YamlDocument, path: Path, text: string): Entry {
  const pointer = jsonPointer(path);
  return { text, pointer, source: rangeOf(document, pointer) };
}

function rangeOf(document: YamlDocument, pointer: string): SourceRange {
  return document.locate(pointer) ?? { file: document.file, line: 1, column: 1, endColumn: 1 };
}
