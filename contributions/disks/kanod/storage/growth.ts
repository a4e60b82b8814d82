import type { CommandOptions, Host, Store } from "kanod-configure";
import { AgentError } from "kanod-configure";
import { type BlockDevice, type Layout, parentsOf, partitionNumber } from "./layout.ts";

/** In bytes: less at the end of a disk is alignment and the copy of the partition table, which growpart leaves too. */
const slack = 2 * 2 ** 20;

/** In bytes: sysfs and growpart count in sectors of this size, whatever the disk's own are. */
const sysfsSector = 512;

/** What has to be done so that a device fills its disk; nothing is changed before these commands are run. */
export interface GrowthPlan {
  /** In bytes: the size of the device when all is done. */
  size: number;
  commands: { argv: readonly string[]; options: CommandOptions }[];
  /** For people: what the commands do. */
  description: string[];
  /** Stored before the commands and deleted after them: a later run finishes what one of them failed to do. */
  owed?: { key: string; value: OwedResize };
}

/** An encrypted device that is smaller than what it is on by more than its header. */
interface OwedResize {
  /** In bytes. */
  header: number;
}

/**
 * Finds out what a device lies on and whether that can grow to the end of its disk: its partition, or the encrypted
 * device and that one's partition.
 *
 * @throws CommandError, AgentError `bad-command-output`
 */
export async function planGrowth(host: Host, store: Store, layout: Layout, device: BlockDevice): Promise<GrowthPlan> {
  const parents = parentsOf(layout, device);
  const [below] = parents;
  // More than one: a RAID, whose members are not for us to grow; or a multipath device, whose paths grow elsewhere.
  if (below === undefined || parents.length > 1) return nothing(device);
  if (device.type === "part") return planPartition(host, device, below);
  if (device.type === "crypt") return planEncrypted(host, store, layout, device, below);
  return nothing(device);
}

function nothing({ size }: BlockDevice): GrowthPlan {
  return { size, commands: [], description: [] };
}

async function planPartition(host: Host, partition: BlockDevice, disk: BlockDevice): Promise<GrowthPlan> {
  const number = await partitionNumber(host, partition);
  const start = await host.readFile(`/sys/class/block/${partition.kernelName}/start`);
  if (number === undefined) return nothing(partition);
  // A look into sysfs on each boot costs nothing, asking growpart costs 0.2 s.
  const end = start === undefined ? 0 : Number(start) * sysfsSector + partition.size;
  if (disk.size - end < slack) return nothing(partition);
  const target = [disk.path, String(number)];
  const trial = await host.query(["growpart", "--dry-run", ...target], { okExitCodes: [0, 1] });
  if (trial.exitCode === 1) return nothing(partition);
  const why = `grow partition ${number} to the end of the disk`;
  const commands: GrowthPlan["commands"] = [{ argv: ["growpart", ...target], options: { okExitCodes: [0, 1], why } }];
  if (disk.type === "mpath") {
    commands.push({ argv: ["kpartx", "-u", disk.path], options: { why: "map the grown partition" } });
  }
  return { size: sizeAfter(trial.stdout), commands, description: [`${partition.path} grown`] };
}

/** `CHANGE: partition=1 start=2048 old: size=… end=… new: size=8386527 end=…`, in sectors of 512 bytes. */
function sizeAfter(output: string): number {
  const sectors = /new: size=(\d+)/.exec(output)?.[1];
  if (sectors === undefined) throw new AgentError("bad-command-output", "growpart did not say what it would do");
  return Number(sectors) * sysfsSector;
}

async function planEncrypted(
  host: Host,
  store: Store,
  layout: Layout,
  device: BlockDevice,
  below: BlockDevice,
): Promise<GrowthPlan> {
  const { size, commands, description } = await planGrowth(host, store, layout, below);
  const key = `resize:${device.path}`;
  const owed = await store.get<OwedResize>(key);
  if (commands.length === 0 && owed === undefined) return nothing(device);
  const value = owed ?? { header: below.size - device.size };
  const resize = { argv: ["cryptsetup", "resize", device.path], options: { why: "grow the encrypted device" } };
  return {
    size: size - value.header,
    commands: [...commands, resize],
    description: [...description, `${device.path} grown`],
    owed: { key, value },
  };
}
