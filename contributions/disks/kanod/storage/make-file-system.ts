import type { Host } from "kanod-configure";
import { AgentError, readJson } from "kanod-configure";

export type MadeFileSystem = "ext4" | "xfs" | "btrfs" | "vfat" | "swap";

/** In seconds: a large ext4 writes its tables. */
const timeout = 1800;

const makers: Readonly<Record<MadeFileSystem, { argv: readonly string[]; labelOption: string; longestLabel: number }>> =
  {
    ext4: { argv: ["mkfs.ext4", "-q"], labelOption: "-L", longestLabel: 16 },
    xfs: { argv: ["mkfs.xfs", "-q"], labelOption: "-L", longestLabel: 12 },
    btrfs: { argv: ["mkfs.btrfs", "-q"], labelOption: "-L", longestLabel: 255 },
    vfat: { argv: ["mkfs.vfat"], labelOption: "-n", longestLabel: 11 },
    swap: { argv: ["mkswap"], labelOption: "-L", longestLabel: 15 },
  };

/** What is wrong with a label for a type of file system, or undefined. */
export function labelFault(type: MadeFileSystem, label: string): string | undefined {
  const { longestLabel } = makers[type];
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(label)) return "is no label: letters, digits, dots, hyphens and underscores";
  return label.length > longestLabel ? `is longer than the ${longestLabel} characters that ${type} takes` : undefined;
}

/**
 * Makes a file system on a device that is empty. Returns false where the device has one of this type already. `isEmpty`:
 * do not look, it will be empty by then.
 *
 * @throws AgentError `disk-not-empty` for a device that holds anything else
 */
export async function makeFileSystem(
  host: Host,
  { path, type, label, isEmpty }: { path: string; type: MadeFileSystem; label: string | undefined; isEmpty: boolean },
): Promise<boolean> {
  const content = isEmpty ? [] : await signatures(host, path);
  if (content.includes(type)) return false;
  if (content.length > 0) throw notEmpty(path, content);
  const { argv, labelOption } = makers[type];
  const labelled = label === undefined ? argv : [...argv, labelOption, label];
  await host.run([...labelled, path], { timeout, why: "the device is empty" });
  return true;
}

/**
 * The signatures of file systems and the like on a device, as wipefs(8) calls them. None on one that is not there,
 * as a partition that a plan has not made.
 */
export async function signatures(host: Host, path: string): Promise<string[]> {
  if ((await host.stat(path)) === undefined) return [];
  const { stdout } = await host.query(["wipefs", "--json", "--no-act", path]);
  if (stdout === "") return [];
  const found = readJson<{ signatures: { type: string }[] }>("wipefs", stdout).signatures;
  return [...new Set(found.map(({ type }) => type))];
}

export function notEmpty(name: string, content: readonly string[]): AgentError {
  return new AgentError("disk-not-empty", `${name} is not empty: it holds ${content.join(", ")}`, {
    hint: "`wipe: true` gives away all that is on the disk",
  });
}
