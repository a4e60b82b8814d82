import type { Host } from "kanod-configure";
import { AgentError, reloadUnits, settleDevices } from "kanod-configure";
import { type FstabEntry, parseFstab, withEntries } from "./fstab.ts";

const fstabPath = "/etc/fstab";

/** In seconds: a file system of many terabytes may have to replay its journal, a server may be slow. */
const mountTimeout = 300;

/**
 * Makes `entries` our part of fstab, and mounts what is not mounted. What was ours and is no longer wanted leaves fstab
 * and stays mounted until the next boot, because it may be in use.
 *
 * @returns what was done, for people; empty when all was right already
 * @throws AgentError `mount-conflict` when fstab has another entry for one of the paths (nothing is changed then), or
 *   when something else is mounted on it
 * @throws AgentError `not-mounted` for a device that is not there; CommandError when something cannot be mounted
 */
export async function applyMounts(host: Host, entries: readonly FstabEntry[]): Promise<string[]> {
  const text = (await host.readFile(fstabPath)) ?? "";
  const { ours, others } = parseFstab(text);
  // What is mounted below another one has to come after it, or would be hidden by it.
  const ordered = entries.toSorted((one, other) => depth(one) - depth(other));
  const wanted = ordered.filter((entry) => !isCovered(entry, others));
  const done: string[] = [];
  for (const entry of wanted) await refuseOccupied(host, entry);
  if ((await host.writeFile(fstabPath, withEntries(text, wanted))) !== "same") {
    done.push("fstab written");
    await reloadUnits(host);
  }
  for (const entry of wanted) {
    const before = ours.find(({ path, source }) => path === entry.path && source === entry.source);
    const isChanged = before !== undefined && before.options !== entry.options;
    const did = entry.type === "swap" ? await swapOn(host, entry) : await mount(host, entry, isChanged);
    if (did !== undefined) done.push(did);
  }
  return done;
}

/** Whether fstab has entries of ours. */
export async function hasEntries(host: Host): Promise<boolean> {
  return parseFstab((await host.readFile(fstabPath)) ?? "").ours.length > 0;
}

function depth({ path }: FstabEntry): number {
  return path.split("/").length;
}

/** Whether others' part of fstab has the very mount already. */
function isCovered(entry: FstabEntry, others: readonly FstabEntry[]): boolean {
  const sameSource = others.filter(({ source }) => source === entry.source);
  if (entry.type === "swap") return sameSource.some(({ type }) => type === "swap");
  if (sameSource.some(({ path }) => path === entry.path)) return true;
  const other = others.find(({ path }) => path === entry.path);
  if (other === undefined) return false;
  throw new AgentError("mount-conflict", `${fstabPath} already mounts ${other.source} on ${entry.path}`, {
    hint: "only one of the two can be mounted there: remove that line from the image, or choose another path",
  });
}

async function mount(host: Host, entry: FstabEntry, isChanged: boolean): Promise<string | undefined> {
  await host.makeDirectory(entry.path);
  if (isManual(entry)) return undefined;
  const mounted = await isMounted(host, ["--mountpoint", entry.path]);
  if (mounted && !isChanged) return undefined;
  if (!mounted) await waitForDevice(host, entry.source);
  const argv = mounted ? ["mount", "-o", "remount", entry.path] : ["mount", entry.path];
  const { skipped } = await host.run(argv, { timeout: mountTimeout, why: "as fstab says" });
  // With `nofail` mount is content with a device that is not there.
  if (!skipped && !(await isMounted(host, ["--mountpoint", entry.path]))) throw notThere(entry);
  return `${entry.source} ${mounted ? "mounted anew" : "mounted"} on ${entry.path}`;
}

/** Before anything is changed: fstab would say something else than what is mounted, and the next run would believe it. */
async function refuseOccupied(host: Host, entry: FstabEntry): Promise<void> {
  if (isManual(entry) || entry.type === "swap" || !(await isMounted(host, ["--mountpoint", entry.path]))) return;
  if (await isMountedFrom(host, entry)) return;
  throw new AgentError("mount-conflict", `something other than ${entry.source} is mounted on ${entry.path}`, {
    hint: `\`umount ${entry.path}\` if it is no longer needed, or choose another path`,
  });
}

/** The kernel knows a bind mount by the file system of its source, and an image file by its loop device. */
async function isMountedFrom(host: Host, { source, path, options }: FstabEntry): Promise<boolean> {
  if (await isMounted(host, ["--source", source, "--mountpoint", path])) return true;
  const words = options.split(",");
  if (words.includes("bind") || words.includes("rbind")) {
    const argv = ["stat", "--dereference", "--format", "%d:%i", source, path];
    const [one, other] = (await host.query(argv, { okExitCodes: [0, 1] })).stdout.split("\n");
    return one !== undefined && one === other;
  }
  if (!words.some((word) => word === "loop" || word.startsWith("loop="))) return false;
  const { stdout } = await host.query(["findmnt", "--noheadings", "--output", "SOURCE", "--mountpoint", path]);
  const file = await host.readFile(`/sys/block/${stdout.replace("/dev/", "")}/loop/backing_file`);
  return file?.trim() === source;
}

async function isMounted(host: Host, condition: readonly string[]): Promise<boolean> {
  const { stdout } = await host.query(["findmnt", "--noheadings", "--output", "TARGET", ...condition], {
    okExitCodes: [0, 1],
  });
  return stdout !== "";
}

async function swapOn(host: Host, entry: FstabEntry): Promise<string | undefined> {
  if (isManual(entry)) return undefined;
  await waitForDevice(host, entry.source);
  if (await isUsedForSwap(host, entry.source)) return undefined;
  const { skipped } = await host.run(["swapon", entry.source], { why: "as fstab says" });
  if (!skipped && !(await isUsedForSwap(host, entry.source))) throw notThere(entry);
  return `${entry.source} used for swap`;
}

/** /proc/swaps has the kernel's name of a device, to which a label or a link has to be followed. */
async function isUsedForSwap(host: Host, source: string): Promise<boolean> {
  const device = await host.query(["findfs", source], { okExitCodes: [0, 1, 2] });
  const path = await host.query(["readlink", "--canonicalize", device.stdout || source], { okExitCodes: [0, 1] });
  const lines = ((await host.readFile("/proc/swaps")) ?? "").split("\n");
  return lines.some((line) => line.split(/\s/)[0] === path.stdout);
}

function notThere({ source, path, type }: FstabEntry): AgentError {
  const where = type === "swap" ? "used for swap" : `mounted on ${path}`;
  return new AgentError("not-mounted", `${source} was not ${where}: it is not there`, {
    hint: "`lsblk --fs` lists the devices, with their labels and UUIDs",
  });
}

function isManual({ options }: FstabEntry): boolean {
  return options.split(",").includes("noauto");
}

/** Only a device that is not there yet is waited for; what is still missing then, mount and swapon say. */
async function waitForDevice(host: Host, source: string): Promise<void> {
  if (await isPresent(host, source)) return;
  await settleDevices(host, `wait for ${source}`);
}

async function isPresent(host: Host, source: string): Promise<boolean> {
  if (source.startsWith("/dev/")) return (await host.stat(source)) !== undefined;
  if (!/^(PART)?(UUID|LABEL)=/.test(source)) return true;
  return (await host.query(["findfs", source], { okExitCodes: [0, 1, 2] })).exitCode === 0;
}
