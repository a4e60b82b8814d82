import { join } from "node:path";
import type { Manifest } from "../compile/manifest.ts";
import { readBytes, sha256 } from "../compile/workspace.ts";
import type { ImagePlan } from "./image-plan.ts";
import { moduleFile } from "./modules/find-module.ts";
import type { ModuleDefinition } from "./modules/module-definition.ts";
import type { BuildResolution } from "./modules/resolve.ts";

/** What went into an image (`NAME-manifest.json`). Holds no time, no path of the build host and no secret. */
export interface ImageBuildManifest {
  readonly version: 1;
  readonly name: string;
  /** As diskimage-builder names it. */
  readonly architecture: string;
  readonly files: readonly ImageFile[];
  readonly modules: readonly { name: string; sha256: string }[];
  readonly options: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** All elements, sorted, as far as diskimage-builder could be asked; otherwise those that were asked for. */
  readonly elements: readonly string[];
  readonly packages: readonly string[];
  /** The agent's own manifest, and the hash of its executable; absent for an image without one. */
  readonly agent?: Manifest & { sha256: string };
  /** Hash of all that decided what is in the image; only of images of a build document. */
  readonly inputs?: string;
  /** Version of each tool that could be asked. */
  readonly tools: Readonly<Record<string, string>>;
}

export interface ImageFile {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface ManifestParts {
  plan: ImagePlan;
  name: string;
  modules: readonly ModuleDefinition[];
  resolution: BuildResolution;
  elements: readonly string[];
  files: readonly ImageFile[];
  agent: (Manifest & { sha256: string }) | undefined;
  inputs: string | undefined;
  tools: Readonly<Record<string, string>>;
}

const hidden = "(secret)";

export async function imageManifest(parts: ManifestParts): Promise<ImageBuildManifest> {
  const { plan, name, modules, resolution, elements, files, agent, inputs, tools } = parts;
  const { vars, secret, flags } = resolution.options;
  return {
    version: 1,
    name,
    architecture: plan.architecture,
    files,
    modules: await Promise.all(modules.map(describeModule)),
    options: Object.fromEntries([...vars].map(([option, value]) => [option, secret.has(option) ? hidden : value])),
    flags: [...flags].sort(),
    variables: Object.fromEntries(
      resolution.variables.map((variable) => [variable.name, variable.secret ? hidden : variable.value]),
    ),
    elements,
    packages: [...plan.packages, ...plan.morePackages].flatMap((entry) => entry.split(",")),
    ...(agent === undefined ? {} : { agent }),
    ...(inputs === undefined ? {} : { inputs }),
    tools,
  };
}

async function describeModule({ name, folder }: ModuleDefinition): Promise<{ name: string; sha256: string }> {
  return { name, sha256: sha256((await readBytes(join(folder, moduleFile))) ?? "") };
}
