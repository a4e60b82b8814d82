import type { CommandOptions, Host } from "kanod-configure";
import { isNotFound, readJson } from "./command-output.ts";
import type { Layout } from "./layout.ts";
import type { Room } from "./size.ts";

export interface PhysicalVolume {
  path: string;
  /** Empty for one that belongs to no group. */
  group: string;
  majorMinor: string;
  /** Where its first extent begins, in bytes. */
  dataStart: number;
  /** In extents. */
  extents: number;
}

export interface VolumeGroup extends Room {
  name: string;
}

export interface LogicalVolume {
  name: string;
  group: string;
  path: string;
  /** `253:0`; undefined for one that is not active. */
  majorMinor: string | undefined;
  /** In bytes. */
  size: number;
}

export interface LvmReport {
  physicalVolumes: PhysicalVolume[];
  groups: VolumeGroup[];
  volumes: LogicalVolume[];
}

/** The tools warn of descriptors that they inherited; nothing of that is theirs to judge here. */
const env = { LVM_SUPPRESS_FD_WARNINGS: "1" };
export const lvmOptions: CommandOptions = { env };

/**
 * Whether a physical volume may be anywhere: LVM's tools take longer, at every boot, than all other looks at the disks
 * together. A device of which udev has noted something, but no content, has none that LVM would have been told of.
 */
export async function mayHaveLvm(host: Host, { devices }: Layout): Promise<boolean> {
  if (devices.some(({ type, content }) => type === "lvm" || content === "LVM2_member")) return true;
  const parents = new Set(devices.flatMap((device) => device.parents));
  for (const { kernelName, path, content, majorMinor } of devices) {
    if (content !== undefined || parents.has(kernelName)) continue;
    const isKnown = (await host.stat(`/run/udev/data/b${majorMinor}`)) !== undefined;
    // A container sees the devices of its host, too.
    if (!isKnown && (await host.stat(path)) !== undefined) return true;
  }
  return false;
}

/** What the LVM tools report; all empty on a machine without LVM. */
export async function readLvm(host: Host): Promise<LvmReport> {
  try {
    const { stdout, skipped } = await host.query(reportCommand, lvmOptions);
    const reports = skipped ? [] : readJson<{ report: RawReport[] }>("lvm", stdout).report;
    return {
      physicalVolumes: reports.flatMap(({ pv = [] }) => pv.map(physicalVolume)),
      groups: reports.flatMap(({ vg = [] }) => vg.map(volumeGroup)),
      volumes: reports.flatMap(({ lv = [] }) => lv.map(logicalVolume)),
    };
  } catch (error) {
    if (isNotFound(error)) return { physicalVolumes: [], groups: [], volumes: [] };
    throw error;
  }
}

const fields = {
  pv: ["pv_name", "vg_name", "pv_major", "pv_minor", "pe_start", "pv_pe_count"],
  vg: ["vg_name", "vg_extent_size", "vg_extent_count", "vg_free_count"],
  lv: ["lv_name", "vg_name", "lv_path", "lv_kernel_major", "lv_kernel_minor", "lv_size"],
};

/** One command instead of pvs, vgs and lvs, each of which takes as long. */
const reportCommand = [
  ...["lvm", "fullreport", "--reportformat", "json", "--units", "b", "--nosuffix"],
  ...Object.entries(fields).flatMap(([kind, names]) => ["--configreport", kind, "--options", names.join(",")]),
];

type Row = Readonly<Record<string, string>>;

/** lvmreport(7): `{"report": [{"vg": [{"vg_name": "vg", …}], "pv": […], …}]}`, one for each group, all values strings. */
type RawReport = Partial<Record<keyof typeof fields, Row[]>>;

function physicalVolume(row: Row): PhysicalVolume {
  return {
    path: row["pv_name"] ?? "",
    group: row["vg_name"] ?? "",
    majorMinor: `${row["pv_major"]}:${row["pv_minor"]}`,
    dataStart: Number(row["pe_start"]),
    extents: Number(row["pv_pe_count"]),
  };
}

function volumeGroup(row: Row): VolumeGroup {
  return {
    name: row["vg_name"] ?? "",
    extentSize: Number(row["vg_extent_size"]),
    total: Number(row["vg_extent_count"]),
    free: Number(row["vg_free_count"]),
  };
}

function logicalVolume(row: Row): LogicalVolume {
  const major = row["lv_kernel_major"] ?? "-1";
  return {
    name: row["lv_name"] ?? "",
    group: row["vg_name"] ?? "",
    path: row["lv_path"] ?? "",
    majorMinor: major === "-1" ? undefined : `${major}:${row["lv_kernel_minor"]}`,
    size: Number(row["lv_size"]),
  };
}
