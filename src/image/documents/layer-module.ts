import { liveElement } from "../live-system.ts";
import type { Entry, ModuleDefinition, ModuleVariable, Recipe } from "../modules/module-definition.ts";
import type { ImagePart } from "./image-part.ts";
import type { Layer, Path } from "./layer.ts";
import { blockDevice } from "./storage.ts";

/** Variables of the caller's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A layer in the form of a module, so that documents and modules are joined, explained and found faulty in one way.
 * `matrix`: names that templates may use.
 */
export function layerModule(layer: Layer, matrix: readonly string[], environment: Environment): ModuleDefinition {
  const { part } = layer;
  return {
    name: layer.title,
    folder: layer.folder,
    options: matrix.map((name) => ({
      kind: "var",
      name: layer.entry(["matrix", name], name),
      description: undefined,
      default: undefined,
      choices: undefined,
      secret: false,
    })),
    variables: [...variables(layer, environment), ...storageVariables(layer)],
    recipes: recipes(layer, part),
  };
}

function variables(layer: Layer, environment: Environment): ModuleVariable[] {
  return Object.entries(layer.part.env ?? {}).flatMap(([name, given]) => {
    const path = ["env", name];
    const { value, overridable = false, secret = false } = typeof given === "string" ? { value: given } : given;
    // The caller's own value reaches diskimage-builder by itself.
    if (overridable && environment[name] !== undefined) return [];
    const at = typeof given === "string" ? path : [...path, "value"];
    return [{ name: nameOf(layer, path, name), value: layer.entry(at, value), when: [], secret }];
  });
}

function nameOf(layer: Layer, path: Path, text: string): Entry {
  return { text, pointer: layer.pointer(path), source: layer.source(path, "key") };
}

function storageVariables(layer: Layer): ModuleVariable[] {
  const { storage } = layer.part;
  if (storage === undefined) return [];
  const path = ["storage"];
  const size = storage.size === undefined ? [] : [["DIB_IMAGE_SIZE", String(storage.size)] as const];
  return [["DIB_BLOCK_DEVICE_CONFIG", JSON.stringify(blockDevice(storage))] as const, ...size].map(([name, value]) => ({
    name: nameOf(layer, path, name),
    value: layer.entry(path, value),
    when: [],
  }));
}

/** Layouts of diskimage-builder and of ours, of which an image can have only one. */
const layouts = ["mbr", "gpt", "efi", "kanod-lvm", "kanod-lvm-efi"].map((name) => `block-device-${name}`);

function recipes(layer: Layer, part: ImagePart): Recipe[] {
  const list = (path: Path, texts: readonly string[] = []): Entry[] =>
    texts.map((text, index) => layer.entry([...path, index], text));
  const own = {
    elements: list(["elements"], part.elements),
    packages: [...list(["packages"], part.packages), ...list(["software", "packages"], part.software?.packages)],
  };
  const storage = storageElements(part).map((text) => layer.entry(["storage"], text));
  const live = outputElements(part).map((text) => layer.entry(["outputs"], text));
  const recipe = { source: layer.source([]), when: [] };
  return [
    ...(own.elements.length + own.packages.length === 0 ? [] : [{ ...recipe, ...own }]),
    ...[storage, live].flatMap((elements) => (elements.length === 0 ? [] : [{ ...recipe, elements, packages: [] }])),
  ];
}

/** The outputs of a layer replace those of the layers before it, so do the elements that they need. */
function outputElements({ outputs }: ImagePart): string[] {
  if (outputs === undefined) return [];
  return [`!${liveElement}`, ...(outputs.some(({ action }) => action === "build-iso") ? [liveElement] : [])];
}

function storageElements({ storage }: ImagePart): string[] {
  if (storage === undefined) return [];
  const uses = storage.partitions.map(({ use }) => use);
  const layout = storage.table === "mbr" ? "mbr" : uses.includes("efi") ? "efi" : "gpt";
  const lvm = uses.includes("lvm") ? ["kanod-lvm"] : [];
  return [...layouts.map((name) => `!${name}`), "!kanod-lvm", `block-device-${layout}`, ...lvm];
}
