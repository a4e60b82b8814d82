import { join } from "node:path";
import type { Problem } from "../config/problem.ts";
import { shown } from "../config/shown.ts";
import { parseTemplate } from "../jinja/parser.ts";
import { TemplateError } from "../jinja/template-error.ts";
import { BuildError, buildProblem, fileProblem } from "./build-error.ts";
import type { ElementInput } from "./elements.ts";
import { type FolderEntry, listFolder, listTree, pathKind, readBytes, realPath } from "./workspace.ts";

/** What an element brings into the agent. */
export interface CollectedElement {
  name: string;
  /** Its folder as the user wrote it: what messages name. */
  path: string;
  /** Its folder, absolute and without links. */
  folder: string;
  /** The text of `schema.yaml`. */
  schema: string | undefined;
  /** Paths of `kanod/*.{ts,js,mjs}` relative to the folder, sorted. */
  contributions: readonly string[];
  /** Paths of `kanod/*.d.ts`, sorted: types of packages that bring none. */
  declarations: readonly string[];
  /** The files below `kanod/templates`, sorted. */
  templates: readonly Template[];
}

export interface Template {
  /** Path below `kanod/templates`. */
  name: string;
  file: string;
  text: string;
}

/**
 * Looks through elements, in image order, for what they bring. Elements that bring nothing are left out when they are
 * optional.
 *
 * @throws BuildError with all that is wrong with them
 */
export async function collectContributions(elements: readonly ElementInput[]): Promise<CollectedElement[]> {
  const problems: Problem[] = duplicateNames(elements);
  const collected: CollectedElement[] = [];
  for (const element of elements) {
    const found = await collectElement(element, problems);
    if (found === undefined) continue;
    if (bringsSomething(found)) collected.push(found);
    else if (element.optional !== true && problems.length === 0) problems.push(nothingFound(element));
  }
  problems.push(...duplicateTemplates(collected));
  if (problems.length > 0) throw new BuildError(problems);
  return collected;
}

async function collectElement(input: ElementInput, problems: Problem[]): Promise<CollectedElement | undefined> {
  const { name, path } = input;
  const kind = await pathKind(path);
  if (kind !== "folder") {
    const what = kind === "none" ? "does not exist" : "is not a folder";
    problems.push(buildProblem("no-element", `element ${shown(name)}: ${shown(path)} ${what}`));
    return undefined;
  }
  const files = (await listFolder(join(path, "kanod"))) ?? [];
  problems.push(...files.flatMap((entry) => unusableFile(entry, path)), ...sameModules(files, path));
  const inKanod = (pattern: RegExp): string[] => {
    return files
      .filter((entry) => entry.kind === "file" && pattern.test(entry.name))
      .map((entry) => `kanod/${entry.name}`);
  };
  return {
    name,
    path,
    folder: await realPath(path),
    schema: await readUtf8(path, "schema.yaml", problems),
    contributions: inKanod(/^[^.].*\.(ts|js|mjs)$/).filter((file) => !isDeclaration(file) && !isTest(file)),
    declarations: inKanod(/^[^.].*\.ts$/).filter(isDeclaration),
    templates: await collectTemplates(path, problems),
  };
}

function isDeclaration(file: string): boolean {
  return file.endsWith(".d.ts");
}

/** `greeter.test.ts` beside `greeter.ts` tests it, and is no contribution. */
function isTest(file: string): boolean {
  return /\.(test|spec)\.\w+$/.test(file);
}

/** Files that look as if their author took them for contributions. */
function unusableFile({ name, kind }: FolderEntry, path: string): Problem[] {
  const file = join(path, "kanod", name);
  if (kind === "none") return [buildProblem("bad-contribution", `${shown(file)} is a link that points to nothing`)];
  const ending = /\.(py|mts|cts|cjs|tsx|jsx)$/.exec(name)?.[1];
  if (kind !== "file" || ending === undefined || name.startsWith(".") || name.endsWith(".d.mts")) return [];
  if (ending === "py") {
    const hint = "write it in TypeScript; `kanod-configure new-element` shows how";
    return [fileProblem(file, "python-contribution", "contributions in Python are not supported", hint)];
  }
  const hint =
    "a contribution ends in .ts, .js or .mjs; what only contributions import belongs in a folder below kanod";
  return [fileProblem(file, "bad-contribution", `a file that ends in ${shown(`.${ending}`)} is no contribution`, hint)];
}

/** `a.ts` and `a.js` would become the same module: most often the second was compiled from the first. */
function sameModules(files: readonly FolderEntry[], path: string): Problem[] {
  const names = new Set(files.map(({ name }) => name));
  return files
    .filter(({ name }) => /\.ts$/.test(name) && names.has(name.replace(/\.ts$/, ".js")))
    .map(({ name }) => {
      const other = name.replace(/\.ts$/, ".js");
      const hint = `remove ${shown(other)} if it was made from ${shown(name)}: compile does that itself`;
      return fileProblem(
        join(path, "kanod", other),
        "same-module",
        `${shown(other)} and ${shown(name)} are the same module`,
        hint,
      );
    });
}

async function collectTemplates(path: string, problems: Problem[]): Promise<Template[]> {
  const folder = "kanod/templates";
  const templates: Template[] = [];
  for (const name of await listTree(join(path, folder), (each) => !each.startsWith("."))) {
    if (/(?:^|\/)\.[^/]*$/.test(name)) continue;
    const file = `${folder}/${name}`;
    const text = await readUtf8(path, file, problems);
    if (text === undefined) continue;
    templates.push({ name, file, text });
    problems.push(...templateFaults(join(path, file), text));
  }
  return templates;
}

/** What makes it impossible to render a template, whatever its variables. */
function templateFaults(file: string, text: string): Problem[] {
  try {
    parseTemplate(text, { trimBlocks: true });
    return [];
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const { line, column, message } = error;
    return [buildProblem("bad-template-file", message, { source: { file, line, column, endColumn: column + 1 } })];
  }
}

async function readUtf8(path: string, file: string, problems: Problem[]): Promise<string | undefined> {
  const full = join(path, file);
  try {
    const bytes = await readBytes(full);
    return bytes && new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") {
      problems.push(fileProblem(full, "not-utf8", "the file is not encoded in UTF-8"));
    } else {
      problems.push(buildProblem("unreadable-file", `${shown(full)} cannot be read (${code ?? String(error)})`));
    }
    return undefined;
  }
}

function bringsSomething({ schema, contributions, templates }: CollectedElement): boolean {
  return schema !== undefined || contributions.length > 0 || templates.length > 0;
}

function nothingFound({ name, path }: ElementInput): Problem {
  const hint = "an element has a schema.yaml, contributions in kanod/*.ts, or both";
  return buildProblem(
    "empty-element",
    `element ${shown(name)}: ${shown(path)} has neither a contribution nor a schema`,
    { hint },
  );
}

function duplicateNames(elements: readonly ElementInput[]): Problem[] {
  const first = new Map<string, string>();
  return elements.flatMap(({ name, path }) => {
    const earlier = first.get(name);
    if (earlier !== undefined) {
      return [
        buildProblem(
          "duplicate-element",
          `two elements are named ${shown(name)}: ${shown(earlier)} and ${shown(path)}`,
        ),
      ];
    }
    first.set(name, path);
    return [];
  });
}

function duplicateTemplates(elements: readonly CollectedElement[]): Problem[] {
  const first = new Map<string, string>();
  return elements.flatMap((element) =>
    element.templates.flatMap(({ name, file }) => {
      const path = join(element.path, file);
      const earlier = first.get(name);
      first.set(name, earlier ?? path);
      if (earlier === undefined) return [];
      const hint = `renderTemplate finds a template by its name alone: rename one, such as ${shown(`${element.name}-${name}`)}`;
      return [
        fileProblem(path, "duplicate-template", `there is another template ${shown(name)}: ${shown(earlier)}`, hint),
      ];
    }),
  );
}
