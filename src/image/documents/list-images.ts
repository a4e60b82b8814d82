import { relative } from "node:path";
import type { RequestedImage } from "./request-images.ts";

/** One build, as engines that spread builds out get to know it. */
export interface ListedImage {
  /** What `--only` takes. */
  readonly name: string;
  readonly architecture: string;
  /** Values of the matrix's variables. */
  readonly matrix: Readonly<Record<string, string>>;
  /** Relative to the folder that the program is called in. */
  readonly files: readonly string[];
}

export function listedImages(images: readonly RequestedImage[], workingDirectory: string): ListedImage[] {
  return images.map(({ name, plan, combination, folder, outputs }) => ({
    name,
    architecture: plan.architecture,
    matrix: Object.fromEntries(combination),
    files: outputs.map(({ fileName }) => relative(workingDirectory, `${folder}/${fileName}`)),
  }));
}

/** One image a line, the name first. */
export function listText(images: readonly ListedImage[]): string {
  const width = Math.max(...images.map(({ name }) => name.length));
  return images.map(({ name, files }) => `${name.padEnd(width)}  ${files.join(" ")}\n`).join("");
}

/** A mapping with `include`, which GitHub Actions takes for a matrix as it is. */
export function listJson(images: readonly ListedImage[]): string {
  return `${JSON.stringify({ version: 1, include: images })}\n`;
}
