import { join } from "node:path";
import {
  filePermissions,
  makeFolder,
  move,
  readBytes,
  removeTree,
  runProgram,
  setPermissions,
  userId,
} from "../../compile/workspace.ts";
import { AgentError } from "../../config/agent-error.ts";
import type { FinishPlaces } from "../build-image.ts";
import { makeLiveIso } from "../live-iso.ts";
import { liveSystem, type Seed } from "../live-system.ts";
import type { PlannedOutput } from "./outputs.ts";
import type { RequestedImage } from "./request-images.ts";

/**
 * Makes of the files that diskimage-builder left what the document asks for, under the names it gives.
 *
 * @throws AgentError `output-unwritable`, `output-failed`, `no-kernel`, `interrupted`
 */
export async function finishOutputs(
  { name, outputs }: RequestedImage,
  { folder, work, step }: FinishPlaces,
  signal: AbortSignal,
): Promise<void> {
  const root = join(folder, `${name}.tar`);
  for (const { format, fileName } of outputs) {
    if (format !== "folder") continue;
    step("unpack");
    await unpack(root, join(folder, fileName), signal);
  }
  const isos = outputs.filter(({ format }) => format === "iso");
  if (isos.length > 0) await makeIsos(isos, root, { folder, work, step }, signal);
  if (!outputs.some(({ format }) => format === "tar")) await removeTree(root);
  for (const { format, fileName } of outputs) {
    const made = `${name}.${format}`;
    const isOurs = format === "folder" || format === "iso";
    if (!isOurs && fileName !== made) await move(join(folder, made), join(folder, fileName));
  }
}

/** All have the same files, which are packed once, and each its own seed. */
async function makeIsos(
  isos: readonly PlannedOutput[],
  root: string,
  { folder, work, step }: FinishPlaces,
  signal: AbortSignal,
): Promise<void> {
  step("squashfs");
  const system = await liveSystem(root, join(work, "live"), signal);
  step("iso");
  for (const [index, output] of isos.entries()) {
    const target = join(folder, output.fileName);
    const seed = await readSeed(output);
    await makeLiveIso({ system, seed, target, folder: join(work, `live-${index}`), signal });
    await setPermissions(target, await isoPermissions(output));
  }
}

async function readSeed({
  seed: { userDataFileName, networkConfigFileName },
}: PlannedOutput): Promise<Seed | undefined> {
  if (userDataFileName === undefined && networkConfigFileName === undefined) return undefined;
  return { userData: await seedFile(userDataFileName), networkConfig: await seedFile(networkConfigFileName) };
}

async function seedFile(file: string | undefined): Promise<Uint8Array | undefined> {
  if (file === undefined) return undefined;
  const content = await readBytes(file);
  if (content !== undefined) return content;
  throw new AgentError("missing-input", `${file} is gone, which was there when the build began`);
}

/** User-data may hold secrets: nobody can read them in the medium who could not read them before. */
async function isoPermissions({ seed }: PlannedOutput): Promise<number> {
  const permissions = await Promise.all(Object.values(seed).map(filePermissions));
  return permissions.reduce((all, one) => all & (one | 0o200), 0o644);
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
