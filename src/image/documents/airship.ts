import { join } from "node:path";
import { isMapping } from "../../config/mapping.ts";
import { jsonPointer, type Problem, pointerParts } from "../../config/problem.ts";
import { shown } from "../../config/shown.ts";
import type { YamlDocument } from "../../config/yaml.ts";
import type { DocumentValue, ImagePart } from "./image-part.ts";
import type { Path, PlacedDocument } from "./layer.ts";

/** A build document of Airship's image builder, as one of ours. */
export interface ConvertedDocument {
  readonly value: DocumentValue;
  /** Finds what stands in our form where it stands in Airship's. */
  readonly document: PlacedDocument;
  /** Warnings about what has no meaning here. */
  readonly problems: readonly Problem[];
}

type Mapping = Readonly<Record<string, unknown>>;

/** Keys that hold what we look for, and mean nothing by themselves. */
const containers = ["spec", "metadata", "container", "builder", "isobuilder", "qcowbuilder", "params", "image"];
/** Keys that we know the meaning of, wherever they stand: the layout differs from one document of Airship to another. */
const texts = ["name", "volume", "outputMetadataFileName", "action"];
const seeds = ["userDataFileName", "networkConfigFileName"];
const meaningful = [
  ...texts,
  ...seeds,
  "type",
  "outputFileName",
  "networking",
  "software",
  "storage",
  "apiVersion",
  "kind",
];
/** An action that we do not have is for the schema to refuse. */
const actions: Readonly<Record<string, string>> = {
  isobuilder: "build-iso",
  qcowbuilder: "build-qcow",
  iso: "build-iso",
  qcow: "build-qcow",
  qcow2: "build-qcow",
};

/** `kind: AirshipImage…`, or an `ImageConfiguration` of airshipit.org. */
export function isAirship(value: unknown): value is Mapping {
  if (!isMapping(value)) return false;
  const { apiVersion, kind } = value;
  if (typeof kind !== "string") return false;
  if (kind.startsWith("AirshipImage")) return true;
  return kind === "ImageConfiguration" && typeof apiVersion === "string" && apiVersion.startsWith("airshipit.org/");
}

/** Reads a document for which {@link isAirship} holds. What the schema of our form refuses is not looked for here. */
export function airshipDocument(document: YamlDocument): ConvertedDocument {
  const found: Found[] = [];
  const problems: Problem[] = [];
  const report: Report = (path, message) => {
    const pointer = jsonPointer(path);
    const source = document.locate(pointer, "key");
    problems.push({
      severity: "warning",
      code: "no-meaning",
      pointer,
      message,
      ...(source === undefined ? {} : { source }),
    });
  };
  collect(document.value as Mapping, [], found, report);
  const { value, places } = convert(found, report);
  return {
    value,
    document: {
      file: document.file,
      text: document.text,
      locate: (pointer, at) => document.locate(origin(places, pointer), at),
      linesOf: (pointer) => document.linesOf(origin(places, pointer)),
    },
    problems,
  };
}

interface Found {
  key: string;
  path: Path;
  value: unknown;
}

type Report = (path: Path, message: string) => void;

function collect(mapping: Mapping, at: Path, found: Found[], report: Report): void {
  for (const [key, value] of Object.entries(mapping)) {
    const path = [...at, key];
    if (meaningful.includes(key)) {
      if (value === null) continue;
      const earlier = found.find((each) => each.key === key && key !== "action");
      if (earlier === undefined) found.push({ key, path, value });
      else if (earlier.value !== value) report(path, `${shown(key)} was given before: this one has no meaning`);
    } else if (containers.includes(key) && (isMapping(value) || value === null)) {
      found.push({ key, path, value });
      if (value !== null) collect(value, path, found, report);
    } else report(path, `${shown(key)} has no meaning for kanod-image-builder`);
  }
}

type Places = ReadonlyMap<string, Path>;

/** The value in our form, and where its parts stand in Airship's. */
function convert(found: readonly Found[], report: Report): { value: DocumentValue; places: Places } {
  const places = new Map<string, Path>();
  const take = (key: string, to: string): unknown => {
    const one = found.find((each) => each.key === key);
    if (one !== undefined) places.set(to, one.path);
    return one?.value;
  };
  const volume = take("volume", "/spec/outputFolder");
  // As `docker run -v`: the folder of this machine, a colon, the folder in the container, perhaps options.
  const folder = typeof volume === "string" ? volume.split(":")[0] : undefined;
  const part = {
    modules: ["core"],
    outputFolder: folder,
    outputMetadataFileName: take("outputMetadataFileName", "/spec/outputMetadataFileName"),
    networking: take("networking", "/spec/networking"),
    software: take("software", "/spec/software"),
    storage: take("storage", "/spec/storage"),
    outputs: convertOutputs(found, folder, places, report),
  };
  const spec = Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as ImagePart;
  const name = take("name", "/metadata/name");
  const metadata = { ...(name === undefined ? {} : { name: name as string }) } as DocumentValue["metadata"];
  return { value: { apiVersion: "kanod.io/v1alpha1", kind: "ImageBuild", metadata, spec }, places };
}

/**
 * What `action` says and what kinds of builder there are; else what kind of image it is; else a live system where there is
 * a seed for it; else a qcow2. `folder`: where the files of a seed are.
 */
function convertOutputs(
  found: readonly Found[],
  folder: string | undefined,
  places: Map<string, Path>,
  report: Report,
): unknown[] | undefined {
  const of = (keys: readonly string[]): Found[] => found.filter(({ key }) => keys.includes(key));
  const said = of(["action"]).map(({ path, value }) => ({ path, action: value }));
  const isSaid = (builder: Found): boolean => said.some(({ path }) => path.at(-2) === builder.key);
  const built = of(["isobuilder", "qcowbuilder"])
    .filter((builder) => !isSaid(builder))
    .map(({ path, key }) => ({ path, action: actions[key] as unknown }));
  const typed = of(["type"]).map(({ path, value }) => ({ path, action: actions[String(value)] ?? value }));
  const asked = [...said, ...built];
  const seed = of(seeds);
  const seeded = seed.slice(0, 1).map(({ path }) => ({ path, action: "build-iso" as unknown }));
  const outputs = [asked, typed, seeded].find((each) => each.length > 0) ?? [];
  if (!outputs.some(({ action }) => action === "build-iso")) {
    for (const { path, key } of seed) report(path, `${shown(key)} has no meaning without an ISO image`);
  }
  const [file] = of(["outputFileName"]);
  const ending = file === undefined ? undefined : actions[String(file.value).split(".").at(-1) ?? ""];
  const owner = outputs.length === 1 ? outputs[0] : outputs.find(({ action }) => action === ending);
  const converted = outputs.map((output, index) => {
    places.set(`/spec/outputs/${index}`, output.path);
    const parts: Record<string, unknown> = { action: output.action };
    if (file !== undefined && output === owner) {
      places.set(`/spec/outputs/${index}/fileName`, file.path);
      parts["fileName"] = file.value;
    }
    for (const { key, path, value } of output.action === "build-iso" ? seed : []) {
      places.set(`/spec/outputs/${index}/${key}`, path);
      parts[key] = typeof value === "string" && folder !== undefined ? join(folder, value) : value;
    }
    return parts;
  });
  return converted.length === 0 ? undefined : converted;
}

/** The place in Airship's form of what stands at `pointer` in ours. */
function origin(places: Places, pointer: string): string {
  const parts = pointerParts(pointer);
  for (let length = parts.length; length > 0; length--) {
    const path = places.get(jsonPointer(parts.slice(0, length)));
    if (path !== undefined) return jsonPointer([...path, ...parts.slice(length)]);
  }
  return "";
}
