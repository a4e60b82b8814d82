import { AgentError } from "kanod-configure";
import type { PartitionTable } from "./partition-table.ts";
import { formatBytes, parseSize } from "./size.ts";

/** In bytes: partitions begin at multiples of it, as fdisk(8) places them. */
const alignment = 2 ** 20;

/** Where a new partition goes, in sectors. */
export interface Placement {
  name: string;
  start: number;
  size: number;
}

/** The empty table that a disk of `diskSize` bytes gets: 128 entries and their copy at the end (UEFI, 5.3). */
export function emptyTable(diskSize: number, sectorSize: number): PartitionTable {
  const entries = Math.ceil((128 * 128) / sectorSize);
  const last = Math.floor(diskSize / sectorSize) - 2 - entries;
  return { label: "gpt", sectorSize, first: alignment / sectorSize, last, partitions: [] };
}

/**
 * Places partitions one behind the other, after the last one that there is. A share (`50%FREE`) is one of what those
 * before it have left; without a size it takes all of that.
 *
 * @throws AgentError `does-not-fit`
 */
export function placePartitions(
  disk: string,
  table: PartitionTable,
  requests: readonly { name: string; size: string | undefined }[],
): Placement[] {
  const step = alignment / table.sectorSize;
  const align = (sector: number): number => Math.ceil(sector / step) * step;
  const end = (table.last ?? 0) + 1;
  let next = align(Math.max(table.first ?? 0, ...table.partitions.map(({ start, size }) => start + size)));
  return requests.map(({ name, size }) => {
    // Whole steps, so that the next one begins where this one ends.
    const free = Math.max(0, Math.floor((end - next) / step) * step);
    const sectors = align(wantedSectors(size, free, table.sectorSize));
    if (sectors === 0 || sectors > free) {
      const room = formatBytes(free * table.sectorSize);
      throw new AgentError(
        "does-not-fit",
        `partition ${name} (${size ?? "the rest"}) does not fit: ${disk} has ${room} left`,
      );
    }
    const start = next;
    next += sectors;
    return { name, start, size: sectors };
  });
}

function wantedSectors(text: string | undefined, free: number, sectorSize: number): number {
  const size = parseSize(text ?? "100%FREE");
  if (size === undefined) throw new AgentError("bad-size", `the size ${text} cannot be understood`);
  return "bytes" in size ? Math.ceil(size.bytes / sectorSize) : Math.floor((size.percent * free) / 100);
}
