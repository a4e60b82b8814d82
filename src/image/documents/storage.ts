import type { Code } from "../../config/codes/catalogue.ts";
import type { Problem } from "../../config/problem.ts";
import { shown } from "../../config/shown.ts";
import type { Partition, Storage, Volume } from "./image-part.ts";
import type { Layer } from "./layer.ts";

/** Types of partitions, as sgdisk calls them: BIOS boot, EFI system, LVM. */
const partitionTypes = { bios: "EF02", efi: "EF00", lvm: "8E00" } as const;

/**
 * The layout as diskimage-builder reads it (its `DIB_BLOCK_DEVICE_CONFIG`):
 * https://docs.openstack.org/diskimage-builder/latest/user_guide/building_an_image.html#disk-image-layout
 */
export function blockDevice({ table = "gpt", partitions, volumes = [] }: Storage): unknown[] {
  const bases = partitions.filter(({ use }) => use === "lvm").map(({ name }) => name);
  return [
    { local_loop: { name: "image0" } },
    { partitioning: { base: "image0", label: table, partitions: partitions.map((each) => partition(each, table)) } },
    ...(bases.length === 0 ? [] : [lvm(bases, volumes)]),
    ...partitions.flatMap((each) => (hasFileSystem(each) ? [fileSystem(each, each.name)] : [])),
    ...volumes.map((each) => fileSystem(each, `lv_${each.name}`)),
  ];
}

function hasFileSystem({ use, mountPoint }: Partition): boolean {
  return use === "efi" || (use === undefined && mountPoint !== undefined);
}

function partition({ name, size, use, mountPoint }: Partition, table: string): unknown {
  const flags = table === "mbr" && mountPoint === "/" ? { flags: ["boot", "primary"] } : {};
  const type = use === undefined ? {} : { type: table === "mbr" && use === "lvm" ? "0x8e" : partitionTypes[use] };
  return { name, size, ...flags, ...type };
}

function lvm(bases: readonly string[], volumes: readonly Volume[]): unknown {
  return {
    lvm: {
      name: "lvm",
      base: bases,
      pvs: bases.map((base) => ({ name: `pv_${base}`, base, options: ["--force"] })),
      vgs: [{ name: "vg", base: bases.map((base) => `pv_${base}`), options: ["--force"] }],
      lvs: volumes.map(({ name, size }) => ({
        name: `lv_${name}`,
        base: "vg",
        ...(size.endsWith("%") ? { extents: `${size}VG` } : { size }),
      })),
    },
  };
}

function fileSystem(each: Partition | Volume, base: string): unknown {
  const isEfi = "use" in each && each.use === "efi";
  const mountPoint = isEfi ? "/boot/efi" : each.mountPoint;
  const isRoot = mountPoint === "/";
  return {
    mkfs: {
      name: `fs_${each.name}`,
      base,
      type: isEfi ? "vfat" : (each.fileSystem ?? "ext4"),
      label: isRoot ? "img-rootfs" : isEfi ? "MKFS_ESP" : each.name.slice(0, 11),
      mount: {
        mount_point: mountPoint,
        fstab: { options: each.mountOptions ?? "defaults", "fsck-passno": isRoot ? 1 : isEfi ? 0 : 2 },
      },
    },
  };
}

/** What the schema cannot say of a layout. */
export function storageProblems(layer: Layer): Problem[] {
  const { storage } = layer.part;
  if (storage === undefined) return [];
  const { partitions, volumes = [], table = "gpt" } = storage;
  const report = (path: readonly (string | number)[], code: Code, message: string): Problem =>
    layer.problem(["storage", ...path], code, message);
  const mounted = [
    ...partitions.map((each, index) => ({ each, path: ["partitions", index] })),
    ...volumes.map((each, index) => ({ each, path: ["volumes", index] })),
  ];
  const isLvm = partitions.some(({ use }) => use === "lvm");
  return [
    ...(mounted.some(({ each }) => each.mountPoint === "/")
      ? []
      : [report([], "no-root", "nothing is mounted at `/`")]),
    ...(volumes.length > 0 && !isLvm ? [report(["volumes"], "no-volume-group", "no partition has the use `lvm`")] : []),
    ...(volumes.length === 0 && isLvm
      ? [report([], "no-volumes", "there are no `volumes` on the partition with the use `lvm`")]
      : []),
    ...partitions.flatMap(({ use, mountPoint }, index) => {
      if (use !== undefined && mountPoint !== undefined) {
        const message = `a partition with the use ${shown(use)} has no mount point of its own`;
        return [report(["partitions", index, "mountPoint"], "useless-mount-point", message)];
      }
      if (use === undefined && mountPoint === undefined) {
        return [report(["partitions", index], "no-use", "this partition has neither a `use` nor a `mountPoint`")];
      }
      if (table === "mbr" && (use === "bios" || use === "efi")) {
        return [report(["partitions", index, "use"], "wrong-table", `the use ${shown(use)} needs the table \`gpt\``)];
      }
      return [];
    }),
    ...repeated(mounted, "name", report),
    ...repeated(mounted, "mountPoint", report),
  ];
}

function repeated(
  mounted: readonly { each: Partition | Volume; path: readonly (string | number)[] }[],
  key: "name" | "mountPoint",
  report: (path: readonly (string | number)[], code: Code, message: string) => Problem,
): Problem[] {
  return mounted.flatMap(({ each, path }, index) => {
    const value = each[key];
    const earlier = value !== undefined && mounted.slice(0, index).some((other) => other.each[key] === value);
    return earlier ? [report([...path, key], "same-name", `${shown(value)} was given before`)] : [];
  });
}
