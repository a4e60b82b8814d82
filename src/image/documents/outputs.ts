import { resolve } from "node:path";
import type { Problem } from "../../config/problem.ts";
import { shown } from "../../config/shown.ts";
import type { OutputRequest } from "./image-part.ts";
import { type Layer, lastOf, type Path } from "./layer.ts";

/** Something to make of the root file system of an image. */
export interface PlannedOutput {
  readonly action: OutputRequest["action"];
  /** `folder`, or a format of diskimage-builder. */
  readonly format: string;
  readonly fileName: string;
  /** Files of this machine that a live system has for a seed, by the keys that name them. */
  readonly seed: Readonly<Partial<Record<SeedKey, string>>>;
  readonly path: Path;
  readonly layer: Layer;
}

export const seedKeys = ["userDataFileName", "networkConfigFileName"] as const;
export type SeedKey = (typeof seedKeys)[number];

/** What each action makes, the usual format first. */
const formats = {
  "build-root": ["tar", "tgz", "folder"],
  "build-qcow": ["qcow2", "raw", "vdi", "vhd", "vhdx", "vmdk", "vpc"],
  "build-iso": ["iso"],
} as const satisfies Record<OutputRequest["action"], readonly string[]>;

/** What an image asks for, with its names; `render` fills in a template, and reports what is wrong with it. */
export function plannedOutputs(
  layers: readonly Layer[],
  name: string,
  render: (layer: Layer, path: Path, text: string) => string,
): { outputs: PlannedOutput[]; problems: Problem[] } {
  const { layer, value } = lastOf(layers, "outputs") ?? {
    layer: layers.at(-1) as Layer,
    value: [{ action: "build-qcow" }] satisfies OutputRequest[],
  };
  const problems: Problem[] = [];
  const outputs = value.map((request: OutputRequest, index): PlannedOutput => {
    const { action, format, fileName } = request;
    const path: Path = ["outputs", index];
    const possible: readonly string[] = formats[action];
    const chosen = format ?? formats[action][0];
    if (!possible.includes(chosen)) {
      const message = `${shown(action)} cannot make the format ${shown(format)}`;
      problems.push(layer.problem([...path, "format"], "wrong-format", message));
    }
    const own = fileName === undefined ? undefined : render(layer, [...path, "fileName"], fileName);
    const seed = seedKeys.flatMap((key) => {
      const file = request[key];
      if (file === undefined) return [];
      if (action !== "build-iso") problems.push(uselessSeed(layer, [...path, key], key));
      return [[key, resolve(layer.folder, render(layer, [...path, key], file))] as const];
    });
    const seedFiles = Object.fromEntries(seed);
    return { action, format: chosen, fileName: own ?? defaultName(name, chosen), seed: seedFiles, path, layer };
  });
  return { outputs, problems };
}

function uselessSeed(layer: Layer, path: Path, key: SeedKey): Problem {
  const hint = "`configuration` is for all outputs; a disk gets its user-data from the datasource of its machine";
  return layer.problem(path, "useless-seed", `only ${shown("build-iso")} takes ${shown(key)}`, { hint, at: "key" });
}

function defaultName(name: string, format: string): string {
  return format === "folder" ? `${name}-root` : `${name}.${format}`;
}

/** What diskimage-builder has to make for the outputs, the one it is called with first. */
export function neededFormats(outputs: readonly PlannedOutput[]): string[] {
  return [...new Set(outputs.map(({ format }) => (format === "folder" || format === "iso" ? "tar" : format)))];
}
