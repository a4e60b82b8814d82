import type { CommandOptions, Host } from "../../host/host.ts";
import { isNotFound, readJson } from "./command-output.ts";
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

/** What the LVM tools report; all empty on a machine without LVM. */
export async function readLvm(host: Host): Promise<LvmReport> {
  const none: LvmReport = { physicalVolumes: [], groups: [], volumes: [] };
  try {
    const physicalVolumes = (await report(host, "pv", physicalVolumeFields)).map(physicalVolume);
    // Nothing lies on no volumes, and each of these commands takes its time at every boot.
    if (physicalVolumes.length === 0) return none;
    return {
      physicalVolumes,
      groups: (await report(host, "vg", groupFields)).map(volumeGroup),
      volumes: (await report(host, "lv", volumeFields)).map(logicalVolume),
    };
  } catch (error) {
    if (isNotFound(error)) return none;
    throw error;
  }
}

const physicalVolumeFields = ["pv_name", "vg_name", "pv_major", "pv_minor", "pe_start", "pv_pe_count"];
const groupFields = ["vg_name", "vg_extent_size", "vg_extent_count", "vg_free_count"];
const volumeFields = ["lv_name", "vg_name", "lv_path", "lv_kernel_major", "lv_kernel_minor", "lv_size"];

type Row = Readonly<Record<string, string>>;

/** lvmreport(7): `{"report": [{"pv": [{"pv_name": "/dev/sda3", …}]}]}`, every value a string. */
async function report(host: Host, kind: "pv" | "vg" | "lv", fields: readonly string[]): Promise<Row[]> {
  const argv = [`${kind}s`, "--reportformat", "json", "--units", "b", "--nosuffix", "--options", fields.join(",")];
  const { stdout, skipped } = await host.query(argv, lvmOptions);
  if (skipped) return [];
  return readJson<{ report: Record<string, Row[]>[] }>(`${kind}s`, stdout).report.flatMap((one) => one[kind] ?? []);
}

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
