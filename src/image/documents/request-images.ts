import { join, resolve } from "node:path";
import { BuildError } from "../../compile/build-error.ts";
import { isWritable, makeFolder, pathKind } from "../../compile/workspace.ts";
import { AgentError } from "../../config/agent-error.ts";
import { type Problem, type SourceRange, withoutRepetitions } from "../../config/problem.ts";
import { shown } from "../../config/shown.ts";
import { renderTemplate } from "../../jinja/evaluate.ts";
import { TemplateError } from "../../jinja/template-error.ts";
import { elementsPath } from "../elements-path.ts";
import { type ImagePlan, planImage } from "../image-plan.ts";
import { liveArchitecture } from "../live-iso.ts";
import { findModule } from "../modules/find-module.ts";
import { loadModules } from "../modules/load-modules.ts";
import type { ModuleDefinition } from "../modules/module-definition.ts";
import { settleOptions } from "../modules/options.ts";
import { type BuildResolution, resolveBuild } from "../modules/resolve.ts";
import type { RequiredVariable } from "./image-part.ts";
import { type DeclaredImage, declaredImages } from "./inheritance.ts";
import { joinedList, type Layer, lastOf, type Path } from "./layer.ts";
import { type Environment, layerModule } from "./layer-module.ts";
import { type Combination, combinations } from "./matrix.ts";
import { neededFormats, type PlannedOutput, plannedOutputs } from "./outputs.ts";
import type { ImageDocument } from "./read-documents.ts";
import { storageProblems } from "./storage.ts";

/** One image that a file of documents asks for, with all that decides what is in it. */
export interface RequestedImage {
  readonly name: string;
  /** Where the name stands. */
  readonly source: SourceRange;
  readonly layers: readonly Layer[];
  readonly combination: Combination;
  readonly modules: readonly ModuleDefinition[];
  readonly resolution: BuildResolution;
  readonly plan: ImagePlan;
  readonly outputs: readonly PlannedOutput[];
  /** Folder for all that is made. */
  readonly folder: string;
  /** Name of the file for what was made. */
  readonly metadataFile: string | undefined;
  readonly requiredVariables: readonly (RequiredVariable & { readonly source: SourceRange })[];
}

export interface RequestContext {
  readonly workingDirectory: string;
  readonly environment: Environment;
  readonly offline: boolean;
}

/** All images of documents, in their order; complete only where there are no problems. Nothing is built or written. */
export async function requestImages(
  documents: readonly ImageDocument[],
  context: RequestContext,
): Promise<{ images: readonly RequestedImage[]; problems: readonly Problem[] }> {
  const { images: declared, problems: declaredProblems } = declaredImages(documents);
  const layers = [
    ...new Set(documents.flatMap(({ images }) => images.flatMap(({ spec, own }) => [spec, own ?? spec]))),
  ];
  const problems = [...declaredProblems, ...(await inputProblems(layers, context)), ...layers.flatMap(storageProblems)];
  const images: RequestedImage[] = [];
  for (const image of declared) {
    const matrix = combinations(image.layers);
    problems.push(...matrix.problems);
    for (const combination of matrix.combinations) {
      const request = new Request(image, combination, context);
      const requested = await request.resolve();
      problems.push(...request.problems);
      if (requested !== undefined) images.push(requested);
    }
  }
  problems.push(...sameOutputs(images));
  return { images, problems: withoutRepetitions(problems) };
}

/** Modules and folders that do not exist, also of what is not built because something else is wrong with it. */
async function inputProblems(layers: readonly Layer[], { environment }: RequestContext): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const { layer, path, text } of joinedList(layers, "modules")) {
    try {
      await findModule(text, layer.folder);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      problems.push(layer.problem(path, "unknown-module", error.message, { hint: error.hint }));
    }
  }
  for (const { layer, path, text } of joinedList(layers, "elementsPath")) {
    const place = elementsFolder(layer, text, environment);
    if ((await pathKind(place)) === "folder") continue;
    problems.push(layer.problem(path, "missing-folder", `there is no folder ${shown(place)}`));
  }
  return problems;
}

function elementsFolder(layer: Layer, text: string, environment: Environment): string {
  return resolve(layer.folder, text.replace(/^~(?=\/|$)/, environment["HOME"] ?? "~"));
}

function architectureOf(layers: readonly Layer[]): string {
  return lastOf(layers, "architecture")?.value ?? "amd64";
}

/** The way from a declaration and values of its matrix to an image. */
class Request {
  readonly problems: Problem[] = [];
  readonly #image: DeclaredImage;
  readonly #layers: readonly Layer[];
  readonly #combination: Combination;
  readonly #context: RequestContext;

  constructor(image: DeclaredImage, combination: Combination, context: RequestContext) {
    this.#image = image;
    this.#layers = image.layers;
    this.#combination = combination;
    this.#context = context;
  }

  /** Undefined where modules or options are wrong, so that nothing more can be known. */
  async resolve(): Promise<RequestedImage | undefined> {
    const layers = this.#layers;
    const modules = await this.#modules();
    if (modules === undefined) return undefined;
    const set = this.#options(modules);
    const flags = this.#flags(modules);
    if (this.problems.length > 0) return undefined;
    const resolution = resolveBuild({ modules, set, flags });
    this.problems.push(...resolution.moduleProblems);
    const { vars } = resolution.options;
    const render = (layer: Layer, path: Path, text: string): string => this.#render(layer, path, text, vars);
    const { layer: nameLayer, path: namePath } = this.#image.namePlace;
    const name = render(nameLayer, namePath, this.#image.name);
    const { outputs, problems } = plannedOutputs(layers, name, render);
    this.problems.push(...problems, ...this.#architectureProblems(outputs));
    const metadata = lastOf(layers, "outputMetadataFileName");
    return {
      name,
      source: nameLayer.source(namePath),
      layers,
      combination: this.#combination,
      modules,
      resolution,
      outputs,
      ...(await this.#plan(modules, resolution, outputs, name, render)),
      metadataFile: metadata && render(metadata.layer, ["outputMetadataFileName"], metadata.value),
      requiredVariables: this.#requiredVariables(),
    };
  }

  #architectureProblems(outputs: readonly PlannedOutput[]): Problem[] {
    const architecture = architectureOf(this.#layers);
    if (architecture === liveArchitecture) return [];
    return outputs.flatMap(({ action, layer, path }) => {
      if (action !== "build-iso") return [];
      const message = `a live system for ${shown(architecture)} cannot be made, only one for ${shown(liveArchitecture)}`;
      return [layer.problem([...path, "action"], "wrong-architecture", message)];
    });
  }

  async #modules(): Promise<ModuleDefinition[] | undefined> {
    const { environment, workingDirectory } = this.#context;
    const asked = joinedList(this.#layers, "modules");
    const found = await Promise.all(
      asked.map(({ layer, text }) => findModule(text, layer.folder).catch(() => undefined)),
    );
    const folders = found.flatMap((module) => module?.folder ?? []);
    if (folders.length < asked.length) return undefined;
    try {
      const loaded = await loadModules(folders, workingDirectory);
      const matrix = [...this.#combination.keys()];
      return [...loaded, ...this.#layers.map((layer) => layerModule(layer, matrix, environment))];
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      this.problems.push(...error.problems);
      return undefined;
    }
  }

  #options(modules: readonly ModuleDefinition[]): Record<string, string> {
    const set: Record<string, string> = {};
    for (const layer of this.#layers) {
      for (const [name, template] of Object.entries(layer.part.options ?? {})) {
        const value = this.#render(layer, ["options", name], template, this.#combination);
        set[name] = value;
        this.#reportWishes(modules, { set: { [name]: value }, flags: [] }, layer, ["options", name]);
      }
    }
    for (const [name, value] of this.#combination) {
      set[name] = value;
      const layer = this.#layers.findLast(({ part }) => part.matrix?.[name] !== undefined);
      if (layer === undefined) continue;
      const at = [layer.part.matrix?.[name]?.indexOf(value) ?? 0];
      this.#reportWishes(modules, { set: { [name]: value }, flags: [] }, layer, ["matrix", name, ...at]);
    }
    return set;
  }

  #flags(modules: readonly ModuleDefinition[]): string[] {
    const flags = new Set<string>();
    for (const { layer, path, text } of joinedList(this.#layers, "flags")) {
      if (text.startsWith("!")) flags.delete(text.slice(1));
      else flags.add(text);
      this.#reportWishes(modules, { set: {}, flags: [text.replace(/^!/, "")] }, layer, path);
    }
    return [...flags];
  }

  /** What is wrong with an option knows no place of its own: the options are asked one by one. */
  #reportWishes(
    modules: readonly ModuleDefinition[],
    wishes: Parameters<typeof settleOptions>[1],
    layer: Layer,
    path: Path,
  ): void {
    for (const { code, message, hint } of settleOptions(modules, wishes).wishProblems) {
      this.problems.push(layer.problem(path, code, message, { hint: hint?.replace(/: use --(?:set|bool) .*/, "") }));
    }
  }

  #render(layer: Layer, path: Path, text: string, vars: ReadonlyMap<string, string>): string {
    try {
      return renderTemplate(text, vars);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      const hint = `these can be used: ${[...vars.keys()].join(", ") || "none"}`;
      this.problems.push(layer.problem(path, error.code, error.message, { hint }));
      return text;
    }
  }

  async #plan(
    modules: readonly ModuleDefinition[],
    resolution: BuildResolution,
    outputs: readonly PlannedOutput[],
    name: string,
    render: (layer: Layer, path: Path, text: string) => string,
  ): Promise<{ plan: ImagePlan; folder: string }> {
    const { environment, workingDirectory, offline } = this.#context;
    const said = lastOf(this.#layers, "outputFolder");
    const folder = said === undefined ? "." : render(said.layer, ["outputFolder"], said.value);
    const own = joinedList(this.#layers, "elementsPath").map(({ layer, text }) =>
      elementsFolder(layer, text, environment),
    );
    const inherited =
      resolution.variables.find((each) => each.name === "ELEMENTS_PATH")?.value ?? environment["ELEMENTS_PATH"] ?? "";
    const loaded = modules.slice(0, modules.length - this.#layers.length);
    const plan = planImage(resolution, await elementsPath(loaded, [...own, inherited].join(":")), {
      output: join(folder, name),
      formats: neededFormats(outputs),
      architecture: architectureOf(this.#layers),
      offline,
      morePackages: [],
    });
    // The name is one, not a file name as on the command line, whose ending would be left out.
    return { folder: resolve(workingDirectory, folder), plan: { ...plan, output: join(folder, name) } };
  }

  #requiredVariables(): RequestedImage["requiredVariables"] {
    return this.#layers.flatMap((layer) =>
      (layer.part.requiredEnv ?? []).map((variable, index) => ({
        ...variable,
        source: layer.source(["requiredEnv", index]),
      })),
    );
  }
}

/** Every file that would be made twice. */
function sameOutputs(images: readonly RequestedImage[]): Problem[] {
  const owners = new Map<string, string>();
  return images.flatMap((image) => {
    const { name, folder, layers, source } = image;
    const names = [
      `${name}-manifest.json`,
      ...image.outputs.map(({ fileName }) => fileName),
      image.metadataFile ?? [],
    ].flat();
    const taken = names.find((file) => owners.has(join(folder, file)));
    const twice = names.find((file, index) => names.indexOf(file) !== index);
    for (const file of names) owners.set(join(folder, file), name);
    const file = taken ?? twice;
    if (file === undefined) return [];
    const layer = layers.at(-1) as Layer;
    const message =
      taken === undefined
        ? `the image ${shown(name)} makes the file ${shown(file)} twice`
        : `two images make the file ${shown(file)}`;
    const hint = "give each a name of its own, in a matrix with a template such as `node-{{ release }}`";
    return [{ ...layer.problem([], "same-output", message, { hint }), source }];
  });
}

/** What several images of a matrix, or with one base, have in common is wrong once. */

/** Output folders that cannot be written: they are made where they are missing. */
export async function folderProblems(images: readonly RequestedImage[]): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const folder of new Set(images.map((image) => image.folder))) {
    const fault = await makeFolder(folder)
      .then(() => isWritable(folder))
      .then((writable) => (writable ? undefined : "permission denied"))
      .catch((error: Error) => error.message);
    if (fault === undefined) continue;
    for (const image of images.filter((each) => each.folder === folder)) {
      const { layers, source } = image;
      const said = lastOf(layers, "outputFolder");
      const message = `the folder ${shown(folder)} cannot be written: ${fault}`;
      const place = said?.layer ?? (layers.at(-1) as Layer);
      const problem = place.problem(said === undefined ? [] : ["outputFolder"], "output-unwritable", message);
      problems.push(said === undefined ? { ...problem, source } : problem);
    }
  }
  return withoutRepetitions(problems);
}

/** What the caller's environment lacks, for all images: each variable once, with what it is for. */
export async function environmentProblems(
  images: readonly RequestedImage[],
  { environment, workingDirectory }: RequestContext,
): Promise<Problem[]> {
  const required = new Map(
    images.flatMap((image) => image.requiredVariables.map((each) => [each.name, each] as const)),
  );
  const problems: Problem[] = [];
  for (const { name, description, file, source } of required.values()) {
    const value = environment[name] ?? "";
    const problem = { severity: "error", pointer: "", source } as const;
    if (value === "") {
      const message = `the environment lacks ${shown(name)}: ${description}`;
      problems.push({ ...problem, code: "missing-variable", message, hint: `export ${name}=…` });
    } else if (file === true && (await pathKind(resolve(workingDirectory, value))) !== "file") {
      const message = `${shown(name)} names no file: ${description}`;
      problems.push({ ...problem, code: "missing-input", message });
    }
  }
  return problems;
}
