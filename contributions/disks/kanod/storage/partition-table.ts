import type { Host } from "kanod-configure";
import { readJson } from "./command-output.ts";

/** A partition table as sfdisk(8) reads it. */
export interface PartitionTable {
  label: "gpt" | "dos" | string;
  /** In bytes: the unit of all numbers here. */
  sectorSize: number;
  /** First and last sector that partitions may take; undefined in a table that is no GPT. */
  first: number | undefined;
  last: number | undefined;
  partitions: Partition[];
}

export interface Partition {
  node: string;
  /** In sectors. */
  start: number;
  size: number;
  /** Its name in a GPT. */
  name: string | undefined;
  /** PARTUUID. */
  uuid: string | undefined;
}

interface RawTable {
  label: string;
  id?: string;
  sectorsize?: number;
  firstlba?: number;
  lastlba?: number;
  partitions?: { node: string; start: number; size: number; name?: string; uuid?: string }[];
}

/** The partition table of a disk; undefined where it has none. */
export async function readTable(host: Host, disk: string): Promise<PartitionTable | undefined> {
  const { stdout, exitCode } = await host.query(["sfdisk", "--json", disk], { okExitCodes: [0, 1] });
  if (exitCode === 1 || stdout === "") return undefined;
  const table = readJson<{ partitiontable: RawTable }>("sfdisk", stdout).partitiontable;
  const partitions = (table.partitions ?? []).map(({ node, start, size, name, uuid }) => ({
    node,
    start,
    size,
    name,
    uuid,
  }));
  return {
    label: table.label,
    sectorSize: table.sectorsize ?? 512,
    first: table.firstlba,
    last: table.lastlba,
    partitions,
  };
}

/** In bytes: the copy of a GPT takes 17 to 20 KiB behind the last usable sector; what is more is a disk that grew. */
const backupSize = 2 ** 20;

/**
 * Moves the copy of a GPT to the end of a disk that is larger than its image was: firmware may refuse the table, and
 * nothing can use the space behind the copy. Returns whether it had to be moved.
 */
export async function moveBackupTable(host: Host, disk: { path: string; size: number }): Promise<boolean> {
  const table = await readTable(host, disk.path);
  if (table?.label !== "gpt" || table.last === undefined) return false;
  if (disk.size - table.last * table.sectorSize < backupSize) return false;
  // Written anew without its limits it gets those of the disk. `sfdisk --relocate` would do it since util-linux 2.36 only.
  const { stdout } = await host.query(["sfdisk", "--dump", disk.path]);
  const lines = stdout.split("\n").filter((line) => !/^(first|last)-lba:/.test(line));
  // The partitions stay where they are, so there is nothing to tell the kernel, which would refuse for a disk in use.
  await host.run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", disk.path], {
    input: `${lines.join("\n")}\n`,
    why: "move the copy of the partition table to the end of the disk",
  });
  return true;
}
