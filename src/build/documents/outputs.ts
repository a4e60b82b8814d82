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
  readonly path: Path;
  readonly layer: Layer;
}

const rootFormats = ["tar", "tgz", "folder"];

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
  const outputs = value.map(({ action, format, fileName }: OutputRequest, index): PlannedOutput => {
    const path: Path = ["outputs", index];
    const chosen = format ?? { "build-root": "tar", "build-qcow": "qcow2" }[action];
    if (format !== undefined && !fits(action, format)) {
      const message = `${shown(action)} cannot make the format ${shown(format)}`;
      problems.push(layer.problem([...path, "format"], "wrong-format", message));
    }
    const own = fileName === undefined ? undefined : render(layer, [...path, "fileName"], fileName);
    return { action, format: chosen, fileName: own ?? defaultName(name, chosen), path, layer };
  });
  return { outputs, problems };
}

function fits(action: OutputRequest["action"], format: string): boolean {
  return rootFormats.includes(format) === (action === "build-root");
}

function defaultName(name: string, format: string): string {
  return format === "folder" ? `${name}-root` : `${name}.${format}`;
}

/** What diskimage-builder has to make for the outputs, the one it is called with first. */
export function neededFormats(outputs: readonly PlannedOutput[]): string[] {
  return [...new Set(outputs.map(({ format }) => (format === "folder" ? "tar" : format)))];
}
