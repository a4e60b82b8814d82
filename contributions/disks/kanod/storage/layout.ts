import type { Host } from "kanod-configure";
import { readJson } from "./command-output.ts";

/** A block device as lsblk(8) tells it. */
export interface BlockDevice {
  /** The kernel's name, such as `nvme0n1p3` or `dm-2`: the name in /sys/class/block. */
  kernelName: string;
  /** Node to use in commands, such as `/dev/mapper/vg-lv_root`. */
  path: string;
  /** `disk`, `part`, `lvm`, `crypt`, `mpath`, `loop`, `raid1`, … */
  type: string;
  /** In bytes. */
  size: number;
  /** File system or other content (`ext4`, `crypto_LUKS`) as udev noted it: see {@link contentOf}. */
  content: string | undefined;
  /** `8:1`. */
  majorMinor: string;
  mountPoint: string | undefined;
  /** What it is made of: the disk of a partition, the paths of a multipath device. Kernel names. */
  parents: string[];
}

export interface Layout {
  devices: readonly BlockDevice[];
  /** What is mounted at /; undefined where that is no block device of this machine, as in a container. */
  root: BlockDevice | undefined;
}

/**
 * With NAME among them lsblk answers with a tree, otherwise with a list. With `--paths` names are paths of nodes:
 * util-linux 2.32 (RHEL 8) has no column PATH.
 */
const columns = ["NAME", "KNAME", "TYPE", "SIZE", "FSTYPE", "MAJ:MIN", "MOUNTPOINT"];

interface RawDevice {
  name: string;
  kname: string;
  type: string;
  size: number | string;
  fstype: string | null;
  "maj:min": string;
  mountpoint: string | null;
  children?: RawDevice[];
}

/** All block devices of the machine; undefined on a target tree, which has none. */
export async function readLayout(host: Host): Promise<Layout | undefined> {
  const argv = ["lsblk", "--json", "--bytes", "--paths", "--output", columns.join(",")];
  const [{ stdout, skipped }, root] = await Promise.all([host.query(argv), readRootMount(host)]);
  if (skipped) return undefined;
  const devices = flatten(readJson<{ blockdevices: RawDevice[] }>("lsblk", stdout).blockdevices);
  return { devices, root: await findRoot(host, devices, root) };
}

/** Each device once: lsblk repeats one that has several parents. */
function flatten(trees: readonly RawDevice[]): BlockDevice[] {
  const found = new Map<string, BlockDevice>();
  const visit = (raw: RawDevice, parent: string | undefined): void => {
    const device = found.get(raw.kname) ?? deviceOf(raw);
    found.set(raw.kname, device);
    if (parent !== undefined && !device.parents.includes(parent)) device.parents.push(parent);
    for (const child of raw.children ?? []) visit(child, device.kernelName);
  };
  for (const tree of trees) visit(tree, undefined);
  return [...found.values()];
}

/** The name in sysfs of a node's path: a slash in it is an exclamation mark there. */
export function kernelName(path: string): string {
  return path.replace(/^\/dev\//, "").replaceAll("/", "!");
}

function deviceOf(raw: RawDevice): BlockDevice {
  return {
    kernelName: kernelName(raw.kname),
    path: raw.name,
    type: raw.type,
    size: Number(raw.size),
    content: raw.fstype ?? undefined,
    majorMinor: raw["maj:min"].trim(),
    mountPoint: raw.mountpoint ?? undefined,
    parents: [],
  };
}

type RootMount = { source: string; "maj:min": string };

/** findmnt tells the device of a btrfs subvolume too, and of a root that several paths lead to. */
async function readRootMount(host: Host): Promise<RootMount | undefined> {
  const argv = ["findmnt", "--json", "--nofsroot", "--output", "SOURCE,MAJ:MIN", "--target", "/"];
  const { stdout } = await host.query(argv, { okExitCodes: [0, 1] });
  return stdout === "" ? undefined : readJson<{ filesystems: RootMount[] }>("findmnt", stdout).filesystems[0];
}

/**
 * A container sees the disks of its host in lsblk, but has no nodes for them: what cannot be opened is not this
 * machine's.
 */
async function findRoot(
  host: Host,
  devices: readonly BlockDevice[],
  mount: RootMount | undefined,
): Promise<BlockDevice | undefined> {
  const device = devices.find(({ majorMinor, path }) => majorMinor === mount?.["maj:min"] || path === mount?.source);
  if (device === undefined) return undefined;
  return (await host.stat(device.path)) === undefined ? undefined : device;
}

/** File system or other content of a device. Where udev has not noted it (yet) the device itself is looked at. */
export async function contentOf(host: Host, { content, path }: BlockDevice): Promise<string | undefined> {
  if (content !== undefined) return content;
  // Exit code 2: nothing was found (blkid(8)).
  const argv = ["blkid", "--probe", "--output", "value", "--match-tag", "TYPE", path];
  const { stdout } = await host.query(argv, { okExitCodes: [0, 2] });
  return stdout === "" ? undefined : stdout;
}

/** The devices that `device` is made of. */
export function parentsOf(layout: Layout, device: BlockDevice): BlockDevice[] {
  return layout.devices.filter(({ kernelName }) => device.parents.includes(kernelName));
}

/** The disks at the bottom of `devices`, each once; a multipath device counts as one, and not the paths to it. */
export function disksOf(layout: Layout, devices: readonly BlockDevice[]): BlockDevice[] {
  const below = (device: BlockDevice): BlockDevice[] => {
    const parents = parentsOf(layout, device);
    return parents.length === 0 || device.type === "mpath" ? [device] : parents.flatMap(below);
  };
  return [...new Set(devices.flatMap(below))];
}

/** All that is made of `device`, directly or not. */
export function descendantsOf(layout: Layout, device: BlockDevice): BlockDevice[] {
  const children = layout.devices.filter(({ parents }) => parents.includes(device.kernelName));
  return [...new Set(children.flatMap((child) => [child, ...descendantsOf(layout, child)]))];
}

/**
 * The number of a partition in its disk's table. The kernel says it in sysfs; for a partition of a multipath device
 * kpartx(8) puts it into the device mapper's uuid (`part3-mpath-…`).
 */
export async function partitionNumber(host: Host, partition: BlockDevice): Promise<number | undefined> {
  const folder = `/sys/class/block/${partition.kernelName}`;
  const number = await host.readFile(`${folder}/partition`);
  if (number !== undefined) return Number(number);
  const mapped = /^part(\d+)-/.exec((await host.readFile(`${folder}/dm/uuid`)) ?? "");
  return mapped?.[1] === undefined ? undefined : Number(mapped[1]);
}
