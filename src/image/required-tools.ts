import { findProgram, pathKind } from "../compile/workspace.ts";
import { grubFolders } from "./live-iso.ts";
import { liveElement } from "./live-system.ts";

/** A program, or a part of one, that a build calls, and the packages that have it. */
interface Tool {
  readonly program: string;
  /** Other name of the program. */
  readonly alias?: string;
  /** Paths of which one is there where it is installed, for what is no program. */
  readonly files?: readonly string[];
  readonly debian: string;
  readonly fedora: string;
  readonly suse: string;
  /** Needed for one of these formats, */
  readonly formats?: readonly string[];
  /** or when one of these elements is in the image. Without both it is always needed. */
  readonly elements?: readonly string[];
}

const efiElements = ["block-device-efi", "block-device-efi-lvm", "block-device-kanod-lvm-efi"];
const gptElements = [...efiElements, "block-device-gpt", "block-device-kanod-lvm"];
const diskElements = [...gptElements, "block-device-mbr", "vm"];
const converted = ["qcow2", "vdi", "vhdx", "vmdk", "vpc"];

/** What diskimage-builder calls on the host, and when (its `disk-image-create`, block_device and elements). */
const tools: readonly Tool[] = [
  same("sudo", "sudo"),
  same("fstrim", "util-linux"),
  same("losetup", "util-linux"),
  same("mkfs.ext4", "e2fsprogs"),
  { ...tool("qemu-img", "qemu-utils", "qemu-img", "qemu-tools"), formats: converted },
  { ...tool("mksquashfs", "squashfs-tools", "squashfs-tools", "squashfs"), formats: ["squashfs"] },
  { ...tool("vhd-util", "blktap-utils", "blktap", "blktap"), formats: ["vhd"] },
  { ...tool("docker", "docker.io", "moby-engine", "docker"), formats: ["docker"] },
  { ...tool("kpartx", "kpartx", "kpartx", "kpartx"), elements: diskElements },
  { ...tool("sgdisk", "gdisk", "gdisk", "gptfdisk"), elements: gptElements },
  { ...same("mkfs.vfat", "dosfstools"), elements: efiElements },
  { ...same("lvcreate", "lvm2"), elements: ["block-device-efi-lvm", "block-device-lvm", "kanod-lvm"] },
  { ...same("debootstrap", "debootstrap"), elements: ["debootstrap"] },
  { ...same("git", "git"), elements: ["source-repositories"] },
  { ...same("curl", "curl"), elements: ["cache-url"] },
  { ...same("dnf", "dnf"), elements: ["yum-minimal"] },
  { ...same("zypper", "zypper"), elements: ["zypper-minimal"] },
  // What we make live systems with: see live-iso.ts.
  { ...tool("mksquashfs", "squashfs-tools", "squashfs-tools", "squashfs"), elements: [liveElement] },
  { ...same("xorriso", "xorriso"), elements: [liveElement] },
  { ...same("mformat", "mtools"), elements: [liveElement] },
  { ...tool("grub-mkimage", "grub-common", "grub2-tools", "grub2"), alias: "grub2-mkimage", elements: [liveElement] },
  { ...grub("i386-pc"), ...tool("GRUB for a BIOS", "grub-pc-bin", "grub2-pc-modules", "grub2-i386-pc") },
  {
    ...grub("x86_64-efi"),
    ...tool("GRUB for UEFI", "grub-efi-amd64-bin", "grub2-efi-x64-modules", "grub2-x86_64-efi"),
  },
];

function grub(platform: string): Pick<Tool, "files" | "elements"> {
  return { files: grubFolders.map((folder) => `${folder}/${platform}/kernel.img`), elements: [liveElement] };
}

function tool(program: string, debian: string, fedora: string, suse: string): Tool {
  return { program, debian, fedora, suse };
}

function same(program: string, name: string): Tool {
  return tool(program, name, name, name);
}

export interface MissingTool {
  readonly program: string;
  /** Where to get it, for people. */
  readonly packages: string;
}

/** The programs that a build needs and PATH does not have. `elements` are all of the image's, expanded. */
export async function missingTools(
  formats: readonly string[],
  elements: readonly string[],
): Promise<readonly MissingTool[]> {
  const needed = tools.filter((each) => isNeeded(each, formats, elements));
  const installed = await Promise.all(needed.map(isInstalled));
  return needed
    .filter((_, index) => !installed[index])
    .map(({ program, debian, fedora, suse }) => ({
      program,
      packages:
        new Set([debian, fedora, suse]).size === 1 ? debian : `${debian} (Fedora: ${fedora}, openSUSE: ${suse})`,
    }));
}

async function isInstalled({ program, alias, files }: Tool): Promise<boolean> {
  if (files !== undefined) return (await Promise.all(files.map(pathKind))).includes("file");
  const paths = await Promise.all([program, alias ?? program].map(findProgram));
  return paths.some((path) => path !== undefined);
}

function isNeeded(each: Tool, formats: readonly string[], elements: readonly string[]): boolean {
  if (each.formats === undefined && each.elements === undefined) return true;
  return formats.some((name) => each.formats?.includes(name)) || elements.some((name) => each.elements?.includes(name));
}
