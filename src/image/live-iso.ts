import { join } from "node:path";
import { digestFile, findProgram, makeFolder, pathKind, writeText } from "../compile/workspace.ts";
import { shellWord } from "../config/shell-word.ts";
import { type LiveSystem, liveLayer, type Seed, timed } from "./live-system.ts";
import { runTool } from "./run-tool.ts";

/** The architecture, as diskimage-builder names it, whose boot loaders we make. */
export const liveArchitecture = "amd64";

/** What the boot loader needs to find its medium and to start a kernel from it; one for each way of starting. */
const grubModules =
  "iso9660 part_gpt part_msdos search search_fs_file configfile normal echo test serial terminal linux gzio minicmd";
const bootLoaders = {
  bios: { format: "i386-pc-eltorito", modules: "biosdisk" },
  efi: { format: "x86_64-efi", modules: "efi_gop fat" },
} as const;

/** Where GRUB's parts may be, below the name of their platform: Debian and Fedora, openSUSE. */
export const grubFolders: readonly string[] = ["/usr/lib/grub", "/usr/share/grub2"];

export interface LiveIsoOptions {
  readonly system: LiveSystem;
  readonly seed: Seed | undefined;
  /** Path of the ISO image. */
  readonly target: string;
  /** An empty folder, for what is made. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Makes an ISO image that starts a live system: from a CD, and written raw to a disk, by a BIOS and by UEFI.
 *
 * @throws AgentError `output-failed`, `interrupted`
 */
export async function makeLiveIso({ system, seed, target, folder, signal }: LiveIsoOptions): Promise<void> {
  await makeFolder(folder);
  const layer = await liveLayer(system, seed, folder, signal);
  const name = `live-${await contentName([system.root, layer])}`;
  const [early, config] = [join(folder, "early.cfg"), join(folder, "grub.cfg")];
  // The medium that the loader came from, whatever disks and other media a machine has.
  const search = `search --no-floppy --set=root --file /${name}/vmlinuz\nset prefix=($root)/boot/grub\n`;
  await writeText(early, search);
  await writeText(config, menu(system, name, seed !== undefined));
  const mkimage = (await findProgram("grub-mkimage")) ?? "grub2-mkimage";
  for (const [firmware, { format, modules }] of Object.entries(bootLoaders)) {
    const output = join(folder, firmware);
    const argv = [mkimage, "-O", format, "-o", output, "-p", "/boot/grub", "-c", early];
    await runTool([...argv, ...grubModules.split(" "), ...modules.split(" ")], { signal });
  }
  await efiPartition(system, join(folder, "efi"), join(folder, "efi.img"), signal);
  const files = {
    [`${name}/vmlinuz`]: system.kernel,
    [`${name}/initrd.img`]: system.initrd,
    // live-boot lays these over each other in the order of their names.
    [`${name}/1-root.squashfs`]: system.root,
    [`${name}/2-layer.squashfs`]: layer,
    "boot/grub/grub.cfg": config,
    "boot/grub/bios.img": join(folder, "bios"),
  };
  const grafts = Object.entries(files).map(([path, file]) => `/${path}=${file}`);
  const argv = ["xorriso", "-as", "mkisofs", ...(await isoOptions(system, folder)), "-o", target, ...grafts];
  await runTool(argv, { environment: timed(system), signal });
}

/** A name that no other medium has: the boot loader and the live system look for their medium by it. */
async function contentName(files: readonly string[]): Promise<string> {
  const hashes = await Promise.all(files.map(digestFile));
  return hashes.map(({ sha256 }) => sha256.slice(0, 8)).join("");
}

function menu({ parameters, menuTimeout }: LiveSystem, name: string, hasSeed: boolean): string {
  const words = [
    ...["boot=live", `live-media-path=${name}`],
    // The agent and cloud-init configure the network; live-boot would write files for ifupdown.
    "nonetworking",
    // The seed of the medium, whatever else is plugged in.
    ...(hasSeed ? ["ds=nocloud"] : []),
    ...parameters,
  ];
  return `serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
set timeout=${menuTimeout}
menuentry "Live system" {
  linux /${name}/vmlinuz ${words.map(shellWord).join(" ")}
  initrd /${name}/initrd.img
}
`;
}

/** A file system with the boot loader under the name that UEFI looks for on removable media. */
async function efiPartition(system: LiveSystem, loader: string, image: string, signal: AbortSignal): Promise<void> {
  const options = { environment: timed(system), signal };
  // As a floppy disk of 2.88 MB; the serial number would be the time.
  await runTool(["mformat", "-i", image, "-C", "-f", "2880", "-N", "0", "::"], options);
  await runTool(["mmd", "-i", image, "::/EFI", "::/EFI/BOOT"], options);
  await runTool(["mcopy", "-i", image, loader, "::/EFI/BOOT/BOOTX64.EFI"], options);
}

/** See xorrisofs(1): one catalogue with a loader for each firmware, and a partition table for use as a disk. */
async function isoOptions({ time }: LiveSystem, folder: string): Promise<string[]> {
  const sectors = grubFolders.map((path) => join(path, "i386-pc/boot_hybrid.img"));
  const kinds = await Promise.all(sectors.map(pathKind));
  return [
    ...["-quiet", "-volid", "KANOD_LIVE", "-rational-rock", "-iso-level", "3"],
    // A seed may hold secrets: files of the medium are for root, also where it is mounted for all.
    ...["-uid", "0", "-gid", "0", "-dir-mode", "0555", "-file-mode", "0400", "--set_all_file_dates", `=${time}`],
    ...["-eltorito-boot", "boot/grub/bios.img", "-no-emul-boot", "-boot-load-size", "4"],
    ...["-boot-info-table", "--grub2-boot-info", "--grub2-mbr", sectors[kinds.indexOf("file")] ?? ""],
    ...["-append_partition", "2", "0xef", join(folder, "efi.img")],
    ...["-eltorito-alt-boot", "-e", "--interval:appended_partition_2:all::", "-no-emul-boot"],
    "-graft-points",
  ];
}
