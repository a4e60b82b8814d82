import { join } from "node:path";
import { ownVersion } from "../../compile/own-version.ts";
import {
  findProgram,
  listFolder,
  packageFolder,
  pathKind,
  readBytes,
  readText,
  sha256,
} from "../../compile/workspace.ts";
import type { ImageFileContent } from "../build-image.ts";
import { expandElements } from "../diskimage-builder.ts";
import type { Environment } from "./layer-module.ts";
import type { RequestedImage } from "./request-images.ts";

/**
 * A hash of all that decides what is in an image, as far as it is on this machine: document, modules, elements with all
 * their files, values and files of required variables, `DIB_*` of the caller, versions of diskimage-builder and of
 * this package. What mirrors hold is not known, so a new release of a package does not change it.
 *
 * @returns undefined where diskimage-builder cannot be asked for the elements
 */
export async function inputsHash(
  image: RequestedImage,
  files: ReadonlyMap<string, ImageFileContent>,
  environment: Environment,
): Promise<string | undefined> {
  const program = await findProgram("disk-image-create");
  if (program === undefined) return undefined;
  const { plan, outputs } = image;
  const expanded = await expandElements(program, plan.elements, (plan.variables.get("ELEMENTS_PATH") ?? "").split(":"));
  if (expanded === undefined || "fault" in expanded) return undefined;
  const elements = await Promise.all(
    expanded.elements.map(async ({ name, folder }) => [name, await treeHash(folder)] as const),
  );
  const { ELEMENTS_PATH: _, ...variables } = Object.fromEntries(plan.variables);
  const facts = {
    own: [await ownVersion(), await treeHash(join(packageFolder, "dist"))],
    diskimageBuilder: expanded.version,
    elements,
    variables,
    packages: [plan.packages, plan.elements, plan.architecture, plan.formats],
    outputs: await Promise.all(
      outputs.map(async ({ action, format, fileName, seed }) => {
        const seeds = Object.entries(seed).map(async ([key, file]) => [key, sha256((await readBytes(file)) ?? "")]);
        return [action, format, fileName, await Promise.all(seeds)];
      }),
    ),
    files: [...files],
    caller: Object.entries(environment)
      .filter(([name]) => name.startsWith("DIB_") && !caches.has(name))
      .sort(([one], [other]) => (one < other ? -1 : 1)),
    required: await Promise.all(
      image.requiredVariables.map(({ name, file }) => requiredValue(environment[name], file)),
    ),
  };
  return sha256(JSON.stringify(facts));
}

/** Where things are kept decides nothing. */
const caches: ReadonlySet<string> = new Set(["DIB_IMAGE_CACHE"]);

async function requiredValue(value = "", isFile = false): Promise<string> {
  if (!isFile) return sha256(value);
  return sha256((await readBytes(value)) ?? "");
}

/** A hash of names and contents of all files below a folder; links count as what they lead to. */
async function treeHash(folder: string): Promise<string> {
  const entries = (await listFolder(folder)) ?? [];
  const hashes = await Promise.all(
    entries.map(async ({ name, kind }) => {
      const path = join(folder, name);
      if (name === "node_modules") return [name, "packages"];
      return [name, kind, kind === "folder" ? await treeHash(path) : sha256((await readBytes(path)) ?? "")];
    }),
  );
  return sha256(JSON.stringify(hashes));
}

/** Whether what an earlier build left is complete, and of the same inputs. */
export async function isBuilt(image: RequestedImage, inputs: string): Promise<boolean> {
  const { folder, name, outputs, metadataFile } = image;
  const text = await readText(join(folder, `${name}-manifest.json`));
  if (text === undefined) return false;
  try {
    if ((JSON.parse(text) as { inputs?: string }).inputs !== inputs) return false;
  } catch {
    return false;
  }
  const files = [...outputs.map(({ fileName }) => fileName), ...(metadataFile === undefined ? [] : [metadataFile])];
  const kinds = await Promise.all(files.map((file) => pathKind(join(folder, file))));
  return kinds.every((kind) => kind !== "none");
}
