import { isMapping } from "../../config/mapping.ts";
import type { Host } from "../host.ts";
import type { DiskFacts, Facts, FirmwareFacts, ProcessorFacts, SystemFacts } from "./facts.ts";
import type { Hardware } from "./hardware.ts";
import { readInterfaces } from "./interfaces.ts";
import { meaningful, readLine, withoutUndefined } from "./values.ts";

/**
 * The facts of a machine. What identifies its parts comes from the kernel (/proc, /sys, lsblk(8), ip(8)); systeminformation
 * fills in what those do not tell.
 */
export async function readFacts(host: Host, hardware: Partial<Hardware> = {}): Promise<Facts> {
  return withoutUndefined({
    system: await readSystem(host, hardware.system),
    firmware: await readFirmware(host, hardware.bios),
    processors: await readProcessors(host, hardware.cpu),
    memory: parseMemory((await host.readFile("/proc/meminfo")) ?? ""),
    kernel: await readLine(host, "/proc/sys/kernel/osrelease"),
    disks: await readDisks(host, hardware.disks ?? []),
    interfaces: (await readInterfaces(host)) ?? [],
  });
}

const dmi = (host: Host, name: string): Promise<string | undefined> => readLine(host, `/sys/class/dmi/id/${name}`);

/** Machines without SMBIOS, as most with ARM processors, have a device tree. */
async function readSystem(host: Host, known: Hardware["system"] | undefined): Promise<SystemFacts> {
  const ofTree = (name: string): Promise<string | undefined> => readLine(host, `/proc/device-tree/${name}`);
  const uuid = (await dmi(host, "product_uuid")) ?? meaningful(known?.uuid);
  return withoutUndefined({
    vendor: (await dmi(host, "sys_vendor")) ?? meaningful(known?.manufacturer),
    model: (await dmi(host, "product_name")) ?? (await ofTree("model")) ?? meaningful(known?.model),
    serial: (await dmi(host, "product_serial")) ?? (await ofTree("serial-number")) ?? meaningful(known?.serial),
    uuid: uuid?.toLowerCase(),
  });
}

async function readFirmware(host: Host, known: Hardware["bios"] | undefined): Promise<FirmwareFacts> {
  // SMBIOS has it as MM/DD/YYYY.
  const date = (await dmi(host, "bios_date"))?.replace(/^(\d\d)\/(\d\d)\/(\d{4})$/, "$3-$1-$2");
  return withoutUndefined({
    vendor: (await dmi(host, "bios_vendor")) ?? meaningful(known?.vendor),
    version: (await dmi(host, "bios_version")) ?? meaningful(known?.version),
    date: date ?? meaningful(known?.releaseDate),
  });
}

/** proc_cpuinfo(5): one paragraph for each processor that Linux runs on. Not all architectures name a model. */
async function readProcessors(host: Host, known: Hardware["cpu"] | undefined): Promise<ProcessorFacts> {
  const text = (await host.readFile("/proc/cpuinfo")) ?? "";
  const count = [...text.matchAll(/^processor\s*:/gm)].length || known?.cores;
  const model = /^(?:model name|cpu model|Model)\s*:\s*(.+?)\s*$/m.exec(text)?.[1];
  const { stdout } = await host.query(["uname", "-m"]);
  return withoutUndefined({
    architecture: stdout.trim() || undefined,
    model: model ?? meaningful(`${known?.manufacturer ?? ""} ${known?.brand ?? ""}`),
    count: count || undefined,
    cores: known?.physicalCores || undefined,
    sockets: known?.processors || undefined,
  });
}

/** proc_meminfo(5): in KiB, whatever "kB" says. */
function parseMemory(text: string): number | undefined {
  const kibibytes = /^MemTotal:\s*(\d+) kB$/m.exec(text)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

const columns = "PATH,TYPE,SIZE,VENDOR,MODEL,SERIAL,WWN,TRAN,ROTA";

async function readDisks(host: Host, known: Hardware["disks"]): Promise<DiskFacts[]> {
  const { stdout } = await host.query(["lsblk", "--json", "--bytes", "--nodeps", "--output", columns]);
  const answer: unknown = stdout === "" ? {} : JSON.parse(stdout);
  const devices: unknown = isMapping(answer) ? answer["blockdevices"] : [];
  const disks = (Array.isArray(devices) ? devices : []).filter(isMapping);
  return disks.flatMap(({ path, type, size, vendor, model, serial, wwn, tran, rota }) => {
    if (type !== "disk" || typeof path !== "string" || !(Number(size) > 0)) return [];
    const other = known.find(({ device }) => device === path);
    return withoutUndefined({
      path,
      size: Number(size),
      vendor: meaningful(vendor) ?? meaningful(other?.vendor),
      model: meaningful(model) ?? meaningful(other?.name),
      serial: meaningful(serial) ?? meaningful(other?.serialNum),
      wwn: meaningful(wwn),
      transport: meaningful(tran),
      // Older versions of lsblk print all values as texts.
      rotational: rota === null || rota === undefined ? undefined : rota === true || rota === "1",
    });
  });
}
