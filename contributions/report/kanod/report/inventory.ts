import type { Host } from "kanod-configure";
import { readJson } from "kanod-configure";

/** What a machine is made of. What cannot be found out is left out. */
export interface Inventory {
  vendor?: string;
  model?: string;
  serial?: string;
  /** The SMBIOS UUID, in lower case. */
  uuid?: string;
  firmware?: string;
  /** As `uname -m` has it. */
  architecture?: string;
  kernel?: string;
  operatingSystem?: string;
  cpu?: { model?: string; count: number };
  /** In bytes. */
  memory?: number;
  disks: Disk[];
  interfaces: NetworkInterface[];
}

export interface Disk {
  path: string;
  /** In bytes. */
  size: number;
  model?: string;
  serial?: string;
  wwn?: string;
  /** It turns. */
  rotational?: boolean;
}

export interface NetworkInterface {
  name: string;
  mac: string;
  /** Whether the link is up; undefined where the kernel does not know. */
  up?: boolean;
  /** In Mbit/s. */
  speed?: number;
}

/**
 * Reads the inventory from /proc, /sys and lsblk(8). On a target tree it is empty: those belong to the machine that the
 * tree is on.
 */
export async function readInventory(host: Host, operatingSystem: string): Promise<Inventory> {
  const dmi = (name: string): Promise<string | undefined> => readLine(host, `/sys/class/dmi/id/${name}`);
  const uname = await host.query(["uname", "-m"]);
  if (uname.skipped) return { disks: [], interfaces: [] };
  return withoutUndefined({
    vendor: await dmi("sys_vendor"),
    // Machines without SMBIOS, as most with ARM processors, have a device tree.
    model: (await dmi("product_name")) ?? (await readLine(host, "/proc/device-tree/model")),
    serial: (await dmi("product_serial")) ?? (await readLine(host, "/proc/device-tree/serial-number")),
    uuid: (await dmi("product_uuid"))?.toLowerCase(),
    firmware: await dmi("bios_version"),
    architecture: uname.stdout.trim(),
    kernel: await readLine(host, "/proc/sys/kernel/osrelease"),
    operatingSystem,
    cpu: parseCpu((await host.readFile("/proc/cpuinfo")) ?? ""),
    memory: parseMemory((await host.readFile("/proc/meminfo")) ?? ""),
    disks: await readDisks(host),
    interfaces: await readInterfaces(host),
  });
}

/** The first line of a file of one value; undefined where it says nothing. A device tree ends its texts with a NUL. */
async function readLine(host: Host, path: string): Promise<string | undefined> {
  const text = (await host.readFile(path))?.split(/[\n\0]/)[0]?.trim();
  // Boards whose maker did not fill the field in.
  return text === undefined || /^(|none|not specified|to be filled by o\.e\.m\.|default string)$/i.test(text)
    ? undefined
    : text;
}

/** proc_cpuinfo(5): one paragraph for each processor that Linux runs on. Not all architectures name a model. */
function parseCpu(text: string): Inventory["cpu"] {
  const count = [...text.matchAll(/^processor\s*:/gm)].length;
  const model = /^(?:model name|cpu model|Model)\s*:\s*(.+?)\s*$/m.exec(text)?.[1];
  return count === 0 ? undefined : withoutUndefined({ model, count });
}

/** proc_meminfo(5): in KiB, whatever "kB" says. */
function parseMemory(text: string): number | undefined {
  const kibibytes = /^MemTotal:\s*(\d+) kB$/m.exec(text)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

interface RawDisk {
  path: string;
  type: string;
  size: number | string;
  model: string | null;
  serial: string | null;
  wwn: string | null;
  rota: boolean | "0" | "1" | null;
}

async function readDisks(host: Host): Promise<Disk[]> {
  const argv = ["lsblk", "--json", "--bytes", "--nodeps", "--output", "PATH,TYPE,SIZE,MODEL,SERIAL,WWN,ROTA"];
  const { stdout } = await host.query(argv);
  const { blockdevices } = readJson<{ blockdevices: RawDisk[] }>("lsblk", stdout);
  const disks = blockdevices.filter(({ type, size }) => type === "disk" && Number(size) > 0);
  return disks.map(({ path, size, model, serial, wwn, rota }) =>
    withoutUndefined({
      path,
      size: Number(size),
      model: model?.trim() || undefined,
      serial: serial?.trim() || undefined,
      wwn: wwn ?? undefined,
      rotational: rota === null ? undefined : rota === true || rota === "1",
    }),
  );
}

/** Only those of a device: bridges, bonds and the like have none, and are no inventory. */
async function readInterfaces(host: Host): Promise<NetworkInterface[]> {
  const found: NetworkInterface[] = [];
  for (const name of (await host.list("/sys/class/net")) ?? []) {
    const folder = `/sys/class/net/${name}`;
    if ((await host.stat(`${folder}/device`)) === undefined) continue;
    const mac = await readLine(host, `${folder}/address`);
    const state = await readLine(host, `${folder}/operstate`);
    if (mac === undefined) continue;
    const up = state === "up" ? true : state === "down" ? false : undefined;
    found.push(withoutUndefined({ name, mac, up, speed: up === true ? await readSpeed(host, folder) : undefined }));
  }
  return found;
}

/** The kernel refuses to tell it for some drivers, and says -1 for others. */
async function readSpeed(host: Host, folder: string): Promise<number | undefined> {
  try {
    const speed = Number(await readLine(host, `${folder}/speed`));
    return speed > 0 ? speed : undefined;
  } catch {
    return undefined;
  }
}

/** Without the properties that are undefined, which `exactOptionalPropertyTypes` tells from absent ones. */
function withoutUndefined<T extends object>(
  value: T,
): { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
} {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as never;
}
