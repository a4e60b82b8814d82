import { join } from "node:path";
import { AgentError } from "../../config/agent-error.ts";
import { makeFolder, move, removeTree, runProgram, userId } from "../workspace.ts";
import type { RequestedImage } from "./request-images.ts";

/**
 * Makes of the files that diskimage-builder left in `folder` what the document asks for, under the names it gives.
 *
 * @throws AgentError `output-unwritable`, `interrupted`
 */
export async function finishOutputs(image: RequestedImage, folder: string, signal: AbortSignal): Promise<void> {
  const { name, outputs } = image;
  const root = join(folder, `${name}.tar`);
  for (const { format, fileName } of outputs) {
    if (format === "folder") await unpack(root, join(folder, fileName), signal);
  }
  if (!outputs.some(({ format }) => format === "tar")) await removeTree(root);
  for (const { format, fileName } of outputs) {
    const made = `${name}.${format}`;
    if (format !== "folder" && fileName !== made) await move(join(folder, made), join(folder, fileName));
  }
}

/** With owners, permissions and extended attributes as they are in the image, so it takes root's rights. */
async function unpack(root: string, target: string, signal: AbortSignal): Promise<void> {
  await makeFolder(target);
  const tar = [
    "tar",
    "--extract",
    "--file",
    root,
    "--directory",
    target,
    "--numeric-owner",
    "--xattrs",
    "--same-owner",
  ];
  const argv = userId() === 0 ? tar : ["sudo", ...tar];
  const { exitCode, stderr, fault } = await runProgram([...argv, "--same-permissions"], { timeout: 1800, signal });
  if (exitCode === 0) return;
  throw new AgentError(
    "output-unwritable",
    `${target} cannot be written: ${fault ?? stderr.trim().split("\n").at(-1)}`,
  );
}
