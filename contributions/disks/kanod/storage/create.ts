import type { Host } from "kanod-configure";
import { AgentError, readJson, settleDevices } from "kanod-configure";
import { type BlockDevice, descendantsOf, type Layout, readLayout } from "./layout.ts";
import { type MadeFileSystem, makeFileSystem, notEmpty, signatures } from "./make-file-system.ts";
import { Marks } from "./marks.ts";
import { type PartitionTable, readTable } from "./partition-table.ts";
import { emptyTable, placePartitions } from "./placement.ts";
import { formatBytes } from "./size.ts";

/** A partition with its file system, or a file system on a whole device, as in `boot.partitions`. */
export interface PartitionRequest {
  /** Path of the disk, best one that stays (/dev/disk/by-path/…). */
  device: string;
  /** Name in the partition table, by which a later run knows it again; without one the device itself is formatted. */
  name?: string;
  size?: string;
  /** Default `ext4`. */
  filesystem?: MadeFileSystem | "none";
  /** Default: `name`. */
  label?: string;
  wipe?: boolean;
}

type NamedRequest = PartitionRequest & { name: string };

/**
 * Creates partitions and file systems that are not there yet. What a disk holds already is never touched, but for a disk
 * that is not in use and all of whose contents `wipe` gives away: that is wiped once.
 *
 * @returns what was done, for people; empty when all was there
 * @throws AgentError `no-disk`, `disk-in-use`, `disk-not-empty`, `does-not-fit`; CommandError
 */
export async function createPartitions(host: Host, requests: readonly PartitionRequest[]): Promise<string[]> {
  const marks = await Marks.read(host);
  const done: string[] = [];
  for (const device of new Set(requests.map((request) => request.device))) {
    const disk = await findDisk(host, device);
    if (disk === undefined) continue;
    const ofDisk = requests.filter((request) => request.device === device);
    done.push(...(await prepareDisk(host, disk, ofDisk, marks)));
  }
  return done;
}

interface Disk {
  /** As the configuration calls it. */
  name: string;
  device: BlockDevice;
  layout: Layout;
}

/** Undefined on a target tree, which has no disks. */
async function findDisk(host: Host, name: string): Promise<Disk | undefined> {
  if ((await host.stat(name)) === undefined) {
    await settleDevices(host, `wait for ${name}`);
  }
  const layout = await readLayout(host);
  if (layout === undefined) return undefined;
  if ((await host.stat(name)) === undefined) {
    const disks = layout.devices.filter(({ parents }) => parents.length === 0).map(({ path }) => path);
    throw new AgentError("no-disk", `there is no disk ${name}, only ${disks.join(", ")}`);
  }
  // lsblk follows links; a name is not to be taken apart.
  const { stdout } = await host.query(["lsblk", "--json", "--nodeps", "--output", "KNAME", name]);
  const [found] = readJson<{ blockdevices: { kname: string }[] }>("lsblk", stdout).blockdevices;
  const device = layout.devices.find(({ kernelName }) => kernelName === found?.kname);
  if (device === undefined) throw new AgentError("no-disk", `${name} is no disk`);
  return { name, device, layout };
}

async function prepareDisk(
  host: Host,
  disk: Disk,
  requests: readonly PartitionRequest[],
  marks: Marks,
): Promise<string[]> {
  const done: string[] = [];
  const key = `disk ${disk.name}`;
  let isEmpty = false;
  if (marks.get(key) === undefined) {
    const wiped = requests.some(({ wipe }) => wipe === true) ? await wipeDisk(host, disk) : undefined;
    if (wiped !== undefined) done.push(`${disk.name} wiped`);
    // In a plan it still has its contents, which must not be taken for what the rest of the plan finds.
    isEmpty = wiped === "planned";
    const { size } = disk.device;
    await marks.set(key, { asked: "prepare", within: size, target: size, done: true });
  }
  const named = requests.filter((request): request is NamedRequest => request.name !== undefined);
  if (named.length > 0) done.push(...(await addPartitions(host, disk, named, isEmpty)));
  for (const request of requests) {
    const path = await nodeOf(host, disk, request, isEmpty);
    const type = request.filesystem ?? "ext4";
    if (
      type !== "none" &&
      (await makeFileSystem(host, { path, type, label: request.label ?? request.name, isEmpty }))
    ) {
      done.push(`${type} made on ${path}`);
    }
  }
  return done;
}

/**
 * Removes all signatures, so that nothing takes the disk for what it held. Undefined where there are none.
 *
 * @throws AgentError `disk-in-use`
 */
async function wipeDisk(host: Host, { device, layout, name }: Disk): Promise<"wiped" | "planned" | undefined> {
  const inside = descendantsOf(layout, device);
  const used = [device, ...inside].find(({ type, mountPoint }) => mountPoint !== undefined || !isPlain(type));
  if (used !== undefined) throw new AgentError("disk-in-use", `${name} is not wiped: ${used.path} on it is in use`);
  if (inside.length === 0 && (await signatures(host, device.path)).length === 0) return undefined;
  const argv = ["wipefs", "--all", "--force", ...inside.map(({ path }) => path), device.path];
  const { skipped } = await host.run(argv, { why: "wipe: true was asked for this disk" });
  await host.run(["partx", "--delete", device.path], { okExitCodes: [0, 1], why: "forget the partitions" });
  return skipped ? "planned" : "wiped";
}

/** Volumes, encrypted devices and the like are there only because something uses what is below them. */
function isPlain(type: string): boolean {
  return ["disk", "part", "loop", "mpath"].includes(type);
}

async function addPartitions(
  host: Host,
  disk: Disk,
  requests: readonly NamedRequest[],
  isEmpty: boolean,
): Promise<string[]> {
  const { device, name: diskName } = disk;
  const present = isEmpty ? undefined : await readTable(host, device.path);
  const table = present ?? (await newTable(host, disk, isEmpty));
  if (table.label !== "gpt") {
    throw new AgentError(
      "disk-not-empty",
      `${diskName} has a partition table of the kind ${table.label}, without names`,
      {
        hint: "`wipe: true` replaces it, and with it all that is on the disk",
      },
    );
  }
  const missing = requests.filter(({ name }) => !table.partitions.some((one) => one.name === name));
  if (missing.length === 0) return [];
  const wanted = missing.map(({ name, size }) => ({ name, size }));
  const placements = placePartitions(diskName, table, wanted);
  const lines = placements.map(({ name, start, size }) => `start=${start}, size=${size}, name="${name}"`);
  // What an earlier use of the space left behind is no content of the new partition.
  const options = ["--no-reread", "--no-tell-kernel", "--wipe-partitions", "always"];
  await host.run(["sfdisk", "--quiet", ...(present === undefined ? [] : ["--append"]), ...options, device.path], {
    input: `${[...(present === undefined ? ["label: gpt"] : []), ...lines].join("\n")}\n`,
    why: "create partitions",
  });
  const mapper = device.type === "mpath" ? ["kpartx", "-u"] : ["partx", "--update"];
  await host.run([...mapper, device.path], { why: "make the new partitions known" });
  await settleDevices(host, "wait for the nodes of the new partitions");
  const bytes = (sectors: number): string => formatBytes(sectors * table.sectorSize);
  return placements.map(({ name, size }) => `partition ${name} of ${bytes(size)} created on ${diskName}`);
}

async function newTable(host: Host, { device, name }: Disk, isEmpty: boolean): Promise<PartitionTable> {
  const content = isEmpty ? [] : await signatures(host, device.path);
  if (content.length > 0) throw notEmpty(name, content);
  const size = await host.readFile(`/sys/class/block/${device.kernelName}/queue/logical_block_size`);
  return emptyTable(device.size, Number(size ?? 512));
}

/** Where a request's file system goes. In a plan the partition is not there: then the name that udev will give it. */
async function nodeOf(host: Host, disk: Disk, { name }: PartitionRequest, isEmpty: boolean): Promise<string> {
  if (name === undefined) return disk.device.path;
  const table = isEmpty ? undefined : await readTable(host, disk.device.path);
  return table?.partitions.find((one) => one.name === name)?.node ?? `/dev/disk/by-partlabel/${name}`;
}
