import { join } from "node:path";
import { stringify } from "yaml";
import { readText, sha256, writeText } from "../../compile/workspace.ts";
import { AgentError } from "../../config/agent-error.ts";
import { shown } from "../../config/shown.ts";
import type { ImageBuildManifest } from "../image-manifest.ts";
import type { RequestedImage } from "./request-images.ts";

/** What was made of an image (`outputMetadataFileName`), for whatever uploads and deploys it. */
export interface ImageMetadata {
  readonly version: 1;
  readonly name: string;
  readonly architecture: string;
  readonly images: readonly MetadataImage[];
  readonly elements: readonly string[];
  /** Of the agent's executable; absent for an image without one. */
  readonly agent?: { readonly sha256: string };
  /** Of the merged schema, `NAME-schema.yaml`. */
  readonly schema?: { readonly sha256: string };
  /** Of all that decided what is in the image. */
  readonly inputs?: string;
}

/** `checksum`, `checksumType` and `format` as Metal3 wants them in `image`. */
interface MetadataImage {
  readonly fileName: string;
  readonly format: string;
  readonly bytes: number;
  readonly checksum: string;
  readonly checksumType: "sha256";
}

export async function imageMetadata(
  { name, outputs, folder }: RequestedImage,
  manifest: ImageBuildManifest,
  built: string = folder,
): Promise<ImageMetadata> {
  const schema = await readText(join(built, `${name}-schema.yaml`));
  return {
    version: 1,
    name,
    architecture: manifest.architecture,
    images: outputs.flatMap(({ format, fileName }) => {
      const file = manifest.files.find((each) => each.name === fileName);
      if (file === undefined) return [];
      return [{ fileName, format, bytes: file.bytes, checksum: file.sha256, checksumType: "sha256" }];
    }),
    elements: manifest.elements,
    ...(manifest.agent === undefined ? {} : { agent: { sha256: manifest.agent.sha256 } }),
    ...(schema === undefined ? {} : { schema: { sha256: sha256(schema) } }),
    ...(manifest.inputs === undefined ? {} : { inputs: manifest.inputs }),
  };
}

/** Writes the metadata where the document asks for it: JSON by the name's ending, otherwise YAML. */
export async function writeMetadata(image: RequestedImage): Promise<void> {
  const { metadataFile, folder } = image;
  if (metadataFile === undefined) return;
  const metadata = await imageMetadata(image, await readImageManifest(image));
  const text = metadataFile.endsWith(".json") ? `${JSON.stringify(metadata, undefined, 2)}\n` : stringify(metadata);
  await writeText(join(folder, metadataFile), text);
}

/** @throws AgentError `not-built` for an image that is not there yet */
async function readImageManifest({ folder, name }: RequestedImage): Promise<ImageBuildManifest> {
  const file = join(folder, `${name}-manifest.json`);
  const text = await readText(file);
  if (text === undefined)
    throw new AgentError("not-built", `${file} does not exist: the image ${shown(name)} is not built`);
  return JSON.parse(text) as ImageBuildManifest;
}

/** Formats of a disk that Metal3 writes (metal3.io/v1alpha1, `BareMetalHost.spec.image.format`). */
const diskFormats = ["raw", "qcow2", "vdi", "vmdk"];

/**
 * `image` of a BareMetalHost for each disk and each live system, by name: as YAML, to be pasted.
 *
 * @param url of the folder that the files are served from
 * @throws AgentError `not-built`
 */
export async function metal3Snippets(images: readonly RequestedImage[], url: string): Promise<string> {
  const snippets: string[] = [];
  for (const image of images) {
    const { images: made } = await imageMetadata(image, await readImageManifest(image));
    for (const { fileName, format, checksum, checksumType } of made) {
      const isLive = format === "iso";
      if (!isLive && !diskFormats.includes(format)) continue;
      const address = `${url.replace(/\/$/, "")}/${encodeURIComponent(fileName)}`;
      // A live system is attached as a CD, not written to the disk, and Metal3 checks no sum of it.
      const how = isLive ? { format: "live-iso" } : { checksum, checksumType, format };
      const snippet = { image: { url: address, ...how } };
      snippets.push(`# ${fileName}\n${stringify(snippet)}`);
    }
  }
  return snippets.join("---\n");
}
