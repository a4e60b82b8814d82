import { join, relative } from "node:path";
import type { Problem } from "../config/problem.ts";
import { shown } from "../config/shown.ts";
import { buildProblem, fileProblem } from "./build-error.ts";
import type { BundleReport } from "./bundle.ts";
import type { CollectedElement } from "./collect.ts";
import { findString } from "./source-search.ts";
import type { Stage } from "./stage.ts";
import { pathKind } from "./workspace.ts";

/** What is wrong with a bundle, at its place in the author's files. */
export async function bundleProblems(
  report: BundleReport,
  elements: readonly CollectedElement[],
  stage: Stage,
): Promise<Problem[]> {
  const problems = new BundleProblems(elements, stage);
  const found = await Promise.all([
    ...report.missing.map(({ request, file }) => problems.ofMissing(request, file)),
    ...report.assets.map(({ name, files }) => problems.ofAsset(name, files)),
    ...report.invalid.map(({ message, files }) => problems.ofInvalid(message, files)),
  ]);
  return found.flat();
}

/** A module of an element, as its author knows it. */
interface Place {
  element: CollectedElement;
  /** Where its text can be read. */
  path: string;
  /** As it is shown. */
  file: string;
}

class BundleProblems {
  readonly #elements: readonly CollectedElement[];
  readonly #stage: Stage;

  constructor(elements: readonly CollectedElement[], stage: Stage) {
    this.#elements = elements;
    this.#stage = stage;
  }

  /**
   * What a package misses is no problem: many look for others that they can do without. One that it does need shows when
   * the agent is started.
   */
  async ofMissing(request: string, module: string): Promise<Problem[]> {
    const place = await this.#placeOf(module);
    if (place === undefined) return [];
    const { path, file, element } = place;
    // The compiler may have replaced the ending.
    const source = await findString([request, request.replace(/js$/, "ts")], path, file);
    const details = source === undefined ? {} : { source };
    if (/^[./#]/.test(request)) {
      const hint =
        "only files of the same element can be imported, by their full name; packages hold what several share";
      return [
        buildProblem("missing-import", `${shown(request)} leads to no file of the element`, { hint, ...details }),
      ];
    }
    const hint = `install it in ${shown(element.path)}, or correct the name`;
    return [buildProblem("missing-package", `no package was found for ${shown(request)}`, { hint, ...details })];
  }

  /** `files`: the module that needs the asset, the one that imports that, and so on. */
  async ofAsset(name: string, files: readonly string[]): Promise<Problem[]> {
    const places = await Promise.all(files.map((file) => this.#placeOf(file)));
    const place = places.find((each) => each !== undefined);
    const owner = this.#stage.packages.originOf(files[0] ?? "");
    const imported = files
      .map((file) => this.#stage.packages.originOf(file)?.name)
      .filter((each) => each !== undefined);
    const source = place && (await findString([...new Set(imported)].reverse(), place.path, place.file));
    const at = (code: "native-addon" | "left-out-file", message: string, hint: string): Problem => {
      const problem = fileProblem(place?.file ?? owner?.file ?? name, code, message, hint);
      return source === undefined ? problem : { ...problem, source };
    };
    const subject = owner === undefined ? "the file" : `the package ${shown(owner.name)}`;
    if ([name, files[0] ?? ""].some((file) => file.endsWith(".node"))) {
      const message = `${subject}, which element ${shown(place?.element.name)} uses, has native code: ${shown(name)}`;
      return [at("native-addon", message, "an agent is one file that runs on any image: use a package without it")];
    }
    const message = `${subject} refers to the file ${shown(name)}, which does not get into the agent`;
    const hint = "reading it fails at run time; what contributions read themselves belongs in kanod/templates";
    return [{ ...at("left-out-file", message, hint), severity: "warning" }];
  }

  async ofInvalid(message: string, modules: readonly string[]): Promise<Problem[]> {
    if (modules.length === 0) return [buildProblem("bundle-failed", `the contributions cannot be bundled: ${message}`)];
    const hint = "of import.meta only import.meta.url works in an agent";
    return Promise.all(
      modules.map(async (module) => {
        const file = (await this.#placeOf(module))?.file ?? this.#stage.packages.originOf(module)?.file ?? module;
        return fileProblem(file, "bundle-failed", `the file cannot be bundled: ${message}`, hint);
      }),
    );
  }

  async #placeOf(module: string): Promise<Place | undefined> {
    for (const element of this.#elements) {
      const own = `${this.#stage.elementFolder(element.name)}/`;
      if (!module.startsWith(own)) continue;
      const compiled = relative(own, module);
      const typed = compiled.replace(/js$/, "ts");
      const original = (await pathKind(join(element.folder, typed))) === "file" ? typed : compiled;
      return { element, path: join(element.folder, original), file: join(element.path, original) };
    }
    return undefined;
  }
}
