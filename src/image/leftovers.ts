import {
  listFolder,
  listProcesses,
  type ProcessEntry,
  pathKind,
  readText,
  runProgram,
  signalProcess,
  userId,
} from "../compile/workspace.ts";

/**
 * What a build that was ended leaves behind, all of it below the build's own temporary folder: so that nothing of another
 * build, or of the user, is touched.
 */
export interface Leftovers {
  /** Processes that run in a root folder below it. */
  readonly processes: readonly ProcessEntry[];
  /** Mount points, the innermost first. */
  readonly mounts: readonly string[];
  /** Loop devices, such as `/dev/loop3`, whose file is below it. */
  readonly loops: readonly string[];
}

export async function findLeftovers(folder: string): Promise<Leftovers> {
  const processes = (await listProcesses()).filter(({ root }) => isBelow(root, folder));
  return { processes, mounts: await mountsBelow(folder), loops: await loopsOn(folder) };
}

/**
 * Ends, unmounts and detaches all that is left, then removes the folder. Nothing is removed while something is still
 * mounted below it.
 *
 * @returns what could not be cleaned up, for people; empty when all is well
 */
export async function removeLeftovers(folder: string): Promise<string[]> {
  // What was in the way of one step may be gone after the next one: a file system holds the file of a loop device.
  for (let round = 0; round < 3; round++) {
    const { processes, mounts, loops } = await findLeftovers(folder);
    if (processes.length + mounts.length + loops.length === 0) break;
    await endProcesses(processes, round === 0 ? "SIGTERM" : "SIGKILL");
    for (const mount of mounts) await privileged(["umount", mount]);
    for (const loop of loops) await detach(loop);
  }
  const { processes, mounts, loops } = await findLeftovers(folder);
  if (mounts.length === 0) await privileged(["rm", "-rf", "--one-file-system", folder]);
  const remaining = (await pathKind(folder)) === "none" ? [] : [`the folder ${folder}`];
  return [
    ...processes.map(({ pid, command }) => `the process ${pid} (${command})`),
    ...mounts.map((mount) => `the mount ${mount}`),
    ...loops.map((loop) => `the loop device ${loop}`),
    ...remaining,
  ];
}

/** Ends processes, also those that run as root for this user. */
export async function endProcesses(processes: readonly ProcessEntry[], signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  const foreign = processes.filter(({ pid }) => !signalProcess(pid, signal));
  if (foreign.length > 0) await privileged(["kill", `-${signal.slice(3)}`, ...foreign.map(({ pid }) => String(pid))]);
}

/** Runs a program as root. It never asks for a password: a build that got as far as this had asked already. */
async function privileged(argv: readonly string[]): Promise<void> {
  await runProgram(userId() === 0 ? argv : ["sudo", "-n", ...argv], { timeout: 30 });
}

async function mountsBelow(folder: string): Promise<string[]> {
  const lines = ((await readText("/proc/self/mounts")) ?? "").split("\n");
  const points = lines.flatMap((line) => line.split(" ").slice(1, 2)).map(unescapeMount);
  return points.filter((point) => isBelow(point, folder)).reverse();
}

/** fstab(5): space, tab, newline and backslash are written in octal. */
function unescapeMount(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Loop devices with a file below the folder, and those that stand on such a device, which come first. */
async function loopsOn(folder: string): Promise<string[]> {
  const names = ((await listFolder("/sys/block")) ?? [])
    .map(({ name }) => name)
    .filter((name) => /^loop\d+$/.test(name));
  const files = await Promise.all(names.map((name) => readText(`/sys/block/${name}/loop/backing_file`)));
  const loops = names.map((name, index) => ({ path: `/dev/${name}`, file: files[index]?.trim() ?? "" }));
  const own = loops.filter(({ file }) => isBelow(file, folder));
  for (const { path } of own) own.push(...loops.filter(({ file }) => new RegExp(`^${path}(p\\d+)?$`).test(file)));
  return own.map(({ path }) => path).reverse();
}

/** Takes down what stands on a loop device, from the top: volume groups, partitions, the device itself. */
async function detach(loop: string): Promise<void> {
  const { stdout } = await runProgram(["lsblk", "--list", "--noheadings", "--paths", "--output", "NAME,TYPE", loop]);
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  for (const [name = ""] of rows.filter(([, type]) => type === "lvm").reverse()) {
    await privileged(["lvchange", "--activate", "n", name]);
  }
  await privileged(["kpartx", "-d", loop]);
  await privileged(["losetup", "--detach", loop]);
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}
