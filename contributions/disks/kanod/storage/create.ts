import type { Host, Store } from "kanod-configure";
import { AgentError, settleDevices } from "kanod-configure";
import { contentId, identityOf, probe, tableId } from "./identity.ts";
import { type BlockDevice, descendantsOf, type Layout, readLayout } from "./layout.ts";
import { contentsOf, type MadeFileSystem, makeFileSystem, notEmpty } from "./make-file-system.ts";
import { wipedBefore } from "./marks.ts";
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

/** What disks are prepared with. */
interface Context {
  host: Host;
  store: Store;
  /** cloud-init's instance-id; empty where there is none. */
  instance: string;
}

/**
 * Creates partitions and file systems that are not there yet. What a disk already holds is never touched, unless the disk
 * is not in use and all of its contents are given away by `wipe`. That consent is for one disk and one instance, whatever
 * path leads to the disk, and is used up when the disk was wiped.
 *
 * @returns what was done, for people; empty when all was there
 * @throws AgentError `no-disk`, `disk-in-use`, `disk-not-empty`, `does-not-fit`, `bad-partition` for entries of one disk
 *   that cannot be combined, `damaged-state`; CommandError
 */
export async function createPartitions(context: Context, requests: readonly PartitionRequest[]): Promise<string[]> {
  const disks = new Map<string, { disk: Disk; requests: PartitionRequest[] }>();
  for (const request of requests) {
    const disk = await findDisk(context.host, request.device);
    if (disk === undefined) continue;
    const known = disks.get(disk.device.kernelName) ?? { disk, requests: [] };
    known.requests.push(request);
    disks.set(disk.device.kernelName, known);
  }
  // Before anything is changed on any of them.
  for (const { requests: ofDisk } of disks.values()) refuseConflicts(ofDisk);
  const done: string[] = [];
  for (const { disk, requests: ofDisk } of disks.values()) done.push(...(await prepareDisk(context, disk, ofDisk)));
  return done;
}

/** The check of the configuration does this for equal paths; here several paths may lead to one disk. */
function refuseConflicts(requests: readonly PartitionRequest[]): void {
  for (const [index, { device, name }] of requests.entries()) {
    const other = requests
      .slice(0, index)
      .find((one) => one.name === name || (one.name === undefined) !== (name === undefined));
    if (other === undefined) continue;
    throw new AgentError(
      "bad-partition",
      `${other.device} and ${device} are one disk, for which two entries conflict`,
      {
        hint: "use one path for the disk, a different name for each partition, and either names or the whole device",
      },
    );
  }
}

interface Disk {
  /** As the configuration calls it. */
  name: string;
  device: BlockDevice;
  layout: Layout;
  /** See {@link Identity}. */
  id: string | undefined;
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
  const identity = await identityOf(host, name);
  const device = layout.devices.find(({ kernelName }) => kernelName === identity?.kernelName);
  if (device === undefined) throw new AgentError("no-disk", `${name} is no disk`);
  return { name, device, layout, id: identity?.id };
}

async function prepareDisk(context: Context, disk: Disk, requests: readonly PartitionRequest[]): Promise<string[]> {
  const { host, store } = context;
  const done: string[] = [];
  // In a plan a wiped disk still has its contents, which must not be taken for what the rest of the plan finds.
  let isEmpty = false;
  const named = requests.filter((request): request is NamedRequest => request.name !== undefined);
  const removed = await removeUnfinishedTable(context, disk);
  if (removed !== undefined) done.push(`unfinished partition table of ${disk.name} removed`);
  isEmpty = removed === "planned";
  if (!isEmpty && requests.some(({ wipe }) => wipe === true) && (await mayWipe(context, disk, requests))) {
    const wiped = await wipeDisk(context, disk, named);
    if (wiped !== undefined) done.push(`${disk.name} wiped`);
    isEmpty = wiped === "planned";
    await useConsent(context, disk.id);
  }
  if (named.length > 0) done.push(...(await addPartitions(context, disk, named, isEmpty)));
  for (const request of requests) {
    const { path, uuid } = await nodeOf(host, disk, request, isEmpty);
    const type = request.filesystem ?? "ext4";
    const label = request.label ?? request.name;
    if (type === "none") continue;
    const key = uuid ?? (request.name === undefined ? undefined : `${disk.id}/${request.name}`) ?? storeKey(disk);
    const onUuid = (made: string): Promise<void> =>
      request.name === undefined ? useConsent(context, contentId(made)) : Promise.resolve();
    if (await makeFileSystem(host, store, { path, type, label, isEmpty, key, onUuid })) {
      done.push(`${type} made on ${path}`);
    }
  }
  return done;
}

function storeKey({ id, device }: Disk): string {
  return id ?? device.kernelName;
}

async function mayWipe(
  { store, instance }: Context,
  { id }: Disk,
  requests: readonly PartitionRequest[],
): Promise<boolean> {
  for (const { device } of requests) if ((await store.get(wipedBefore(device))) !== undefined) return false;
  return id === undefined || (await store.get(`wiped:${id}`)) !== instance;
}

/** From now on the disk is not wiped again in the life of this instance. */
async function useConsent({ store, instance }: Context, id: string | undefined): Promise<void> {
  if (id !== undefined) await store.set(`wiped:${id}`, instance);
}

/**
 * Removes all signatures, so that nothing takes the disk for what it held. Undefined where there are none.
 *
 * @throws AgentError `disk-in-use`, `damaged-state`, `does-not-fit`
 */
async function wipeDisk(
  { host, store }: Context,
  { device, layout, name, id }: Disk,
  requests: readonly NamedRequest[],
): Promise<"wiped" | "planned" | undefined> {
  const inside = descendantsOf(layout, device);
  const used = [device, ...inside].find(({ type, mountPoint }) => mountPoint !== undefined || !isPlain(type));
  if (used !== undefined) throw new AgentError("disk-in-use", `${name} is not wiped: ${used.path} on it is in use`);
  const lost = await describeContents(host, [device, ...inside]);
  if (inside.length === 0 && lost.length === 0) return undefined;
  await store.requireIntact(`wipe ${name}`);
  if (id === undefined) {
    throw new AgentError(
      "disk-not-empty",
      `${name} is not wiped: it has neither serial number nor UUID to tell it by`,
      {
        hint: `\`wipefs --all ${device.path}\` wipes it by hand`,
      },
    );
  }
  placePartitions(
    name,
    await emptyTableOf(host, device),
    requests.map((request) => ({ name: request.name, size: request.size })),
  );
  const skipped = await wipe(host, name, [...inside, device], `wipe: true was asked for; lost: ${lost.join("; ")}`);
  await host.run(["partx", "--delete", device.path], { okExitCodes: [0, 1], why: "forget the partitions" });
  return skipped ? "planned" : "wiped";
}

/** Without `--force` wipefs opens each device exclusively: what the kernel, or anybody, holds is not wiped. */
async function wipe(host: Host, name: string, devices: readonly BlockDevice[], why: string): Promise<boolean> {
  for (const { path } of devices) {
    const { exitCode, stderr } = await host.query(["wipefs", "--all", "--no-act", path], { okExitCodes: [0, 1] });
    if (exitCode === 0) continue;
    throw new AgentError("disk-in-use", `${name} is not wiped: ${path} cannot be opened exclusively (${stderr})`);
  }
  let isSkipped = false;
  for (const { path } of devices) isSkipped = (await host.run(["wipefs", "--all", path], { why })).skipped || isSkipped;
  return isSkipped;
}

/** For people: `/dev/vdb1 of 10 GiB (ext4 "data")`. */
async function describeContents(host: Host, devices: readonly BlockDevice[]): Promise<string[]> {
  const texts: string[] = [];
  for (const { path, size } of devices) {
    const contents = await contentsOf(host, path);
    const shown = contents.map(({ type, label }) => (label === "" ? type : `${type} "${label}"`));
    if (shown.length > 0) texts.push(`${path} of ${formatBytes(size)} (${shown.join(", ")})`);
  }
  return texts;
}

const tableTypes = ["gpt", "PMBR", "dos"];

/**
 * A table that a run was cut off in writing has no partitions with contents yet: they come after it. It is removed only
 * where nothing but our table is on the disk.
 */
async function removeUnfinishedTable({ host, store }: Context, disk: Disk): Promise<"wiped" | "planned" | undefined> {
  const { device, layout, name } = disk;
  const begun = await store.get<{ uuid: string }>(`table:${device.kernelName}`);
  if (begun === undefined) return undefined;
  const { table } = await probe(host, device.path);
  const isOurs = table === undefined || table.toLowerCase() === begun.uuid;
  const types = (await contentsOf(host, device.path)).map(({ type }) => type);
  const inside = descendantsOf(layout, device);
  const isEmpty = (await describeContents(host, inside)).length === 0 && inside.every(({ type }) => isPlain(type));
  const isUnfinished = isOurs && isEmpty && types.length > 0 && types.every((type) => tableTypes.includes(type));
  if (isUnfinished) {
    const why = "a run that was cut off left an unfinished partition table here";
    const skipped = await wipe(host, name, [device], why);
    await host.run(["partx", "--delete", device.path], { okExitCodes: [0, 1], why: "forget the partitions" });
    return skipped ? "planned" : "wiped";
  }
  await store.delete(`table:${device.kernelName}`);
  return undefined;
}

/** Volumes, encrypted devices and the like are there only because something uses what is below them. */
function isPlain(type: string): boolean {
  return ["disk", "part", "loop", "mpath"].includes(type);
}

async function addPartitions(
  context: Context,
  disk: Disk,
  requests: readonly NamedRequest[],
  isEmpty: boolean,
): Promise<string[]> {
  const { host, store } = context;
  const { device, name: diskName } = disk;
  const present = isEmpty ? undefined : await readTable(host, device.path);
  const table = present ?? (await newTable(host, disk, isEmpty));
  if (table.label !== "gpt") {
    throw new AgentError(
      "disk-not-empty",
      `${diskName} has a partition table of the kind ${table.label}, without names`,
      {
        hint: "`wipe: true` replaces it, and with it everything on the disk",
      },
    );
  }
  const missing = requests.filter(({ name }) => !table.partitions.some((one) => one.name === name));
  if (missing.length === 0) return [];
  const wanted = missing.map(({ name, size }) => ({ name, size }));
  const placements = placePartitions(diskName, table, wanted);
  const lines = placements.map(({ name, start, size }) => `start=${start}, size=${size}, name="${name}"`);
  const head = present === undefined ? await beginTable(context, disk) : [];
  // What an earlier use of the space left behind is no content of the new partition.
  const options = ["--no-reread", "--no-tell-kernel", "--wipe-partitions", "always"];
  await host.run(["sfdisk", "--quiet", ...(present === undefined ? [] : ["--append"]), ...options, device.path], {
    input: `${[...head, ...lines].join("\n")}\n`,
    why: "create partitions",
  });
  const mapper = device.type === "mpath" ? ["kpartx", "-u"] : ["partx", "--update"];
  await host.run([...mapper, device.path], { why: "make the new partitions known" });
  await settleDevices(host, "wait for the nodes of the new partitions");
  await store.delete(`table:${device.kernelName}`);
  const bytes = (sectors: number): string => formatBytes(sectors * table.sectorSize);
  return placements.map(({ name, size }) => `partition ${name} of ${bytes(size)} created on ${diskName}`);
}

/** Notes that a table is about to be made, by its UUID, which is the disk's identity where that has no serial number. */
async function beginTable(context: Context, { device }: Disk): Promise<string[]> {
  const uuid = crypto.randomUUID();
  await context.store.set(`table:${device.kernelName}`, { uuid });
  await useConsent(context, tableId(uuid));
  return ["label: gpt", `label-id: ${uuid}`];
}

async function newTable(host: Host, { device, name }: Disk, isEmpty: boolean): Promise<PartitionTable> {
  const content = isEmpty ? [] : await contentsOf(host, device.path);
  if (content.length > 0)
    throw notEmpty(
      name,
      content.map(({ type }) => type),
    );
  return emptyTableOf(host, device);
}

async function emptyTableOf(host: Host, device: BlockDevice): Promise<PartitionTable> {
  const size = await host.readFile(`/sys/class/block/${device.kernelName}/queue/logical_block_size`);
  return emptyTable(device.size, Number(size ?? 512));
}

/** Where a request's file system goes. In a plan the partition is not there: then the name that udev will give it. */
async function nodeOf(
  host: Host,
  disk: Disk,
  { name }: PartitionRequest,
  isEmpty: boolean,
): Promise<{ path: string; uuid: string | undefined }> {
  if (name === undefined) return { path: disk.device.path, uuid: undefined };
  const table = isEmpty ? undefined : await readTable(host, disk.device.path);
  const found = table?.partitions.find((one) => one.name === name);
  return { path: found?.node ?? `/dev/disk/by-partlabel/${name}`, uuid: found?.uuid };
}
