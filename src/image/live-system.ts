import { join } from "node:path";
import { fileTime, listFolder, makeFolder, readText, sha256, writeText } from "../compile/workspace.ts";
import { AgentError } from "../config/agent-error.ts";
import { runTool } from "./run-tool.ts";

/** A root file system in the form in which a live system starts from it. */
export interface LiveSystem {
  readonly kernel: string;
  readonly initrd: string;
  /** The files, as they are in all other outputs. */
  readonly root: string;
  /** Parameters of the kernel, as the image's own boot loader has them. */
  readonly parameters: readonly string[];
  /** How long the boot menu waits, in seconds. */
  readonly menuTimeout: number;
  /** A time that the root file system alone decides, in Unix time: its initial RAM disk was made then. */
  readonly time: number;
}

/** What cloud-init gets from a medium itself. */
export interface Seed {
  readonly userData: Uint8Array | undefined;
  readonly networkConfig: Uint8Array | undefined;
}

/** The element that makes an image able to start as a live system. */
export const liveElement = "kanod-live";

/** Of an image without a boot loader of its own. */
const usualParameters = "console=tty0 console=ttyS0,115200";

/**
 * Takes apart the tar archive of a root file system.
 *
 * @param folder an empty one, for what is made
 * @throws AgentError `no-kernel`, `output-failed`, `interrupted`
 */
export async function liveSystem(archive: string, folder: string, signal: AbortSignal): Promise<LiveSystem> {
  const found = join(folder, "found");
  await makeFolder(found);
  const extract = ["tar", "--extract", "--file", archive, "--directory", found, "--no-same-owner"];
  await runTool([...extract, "./boot", "./etc/default"], { signal });
  const names = ((await listFolder(join(found, "boot"))) ?? []).map(({ name }) => name);
  const version = newestVersion(names);
  if (version === undefined) {
    throw new AgentError("no-kernel", "the image has no kernel with an initial RAM disk, which a live system needs", {
      hint: "it is looked for as /boot/vmlinuz-VERSION and /boot/initrd.img-VERSION",
    });
  }
  const initrd = join(found, "boot", `initrd.img-${version}`);
  const defaults = (await readText(join(found, "etc/default/grub"))) ?? "";
  const system = {
    kernel: join(found, "boot", `vmlinuz-${version}`),
    initrd,
    root: join(folder, "root.squashfs"),
    parameters: bootParameters(defaults),
    menuTimeout: Number(/^GRUB_TIMEOUT=(\d+)$/m.exec(defaults)?.[1] ?? 5),
    time: await fileTime(initrd),
  };
  await runTool(["mksquashfs", "-", system.root, "-tar", ...squashfsOptions], {
    inputFile: archive,
    environment: timed(system),
    signal,
  });
  return system;
}

function newestVersion(names: readonly string[]): string | undefined {
  const versions = names.flatMap((name) => /^vmlinuz-(.+)$/.exec(name)?.[1] ?? []);
  return versions
    .filter((version) => names.includes(`initrd.img-${version}`))
    .sort((one, other) => one.localeCompare(other, "en", { numeric: true }))
    .at(-1);
}

/** What diskimage-builder's element bootloader has written, without what says where a root on a disk is. */
function bootParameters(defaults: string): string[] {
  const line = defaults.match(/(?<=^GRUB_CMDLINE_LINUX_DEFAULT=").*(?="$)/gm)?.at(-1) ?? usualParameters;
  return line.split(/\s+/).filter((word) => word !== "" && !/^(?:root|boot)=/.test(word));
}

/** Extended attributes, which hold the capabilities of programs, are kept without a word. */
const squashfsOptions = ["-comp", "zstd", "-Xcompression-level", "9", "-noappend", "-no-progress", "-quiet"];

/** Tools that make file systems and archives take this time instead of the present one. */
export function timed({ time }: Pick<LiveSystem, "time">): Readonly<Record<string, string>> {
  return { SOURCE_DATE_EPOCH: String(time) };
}

/**
 * What lies over the root file system on one medium: the mount points that diskimage-builder leaves out of an archive, an
 * fstab that names no disk, and the seed, where cloud-init finds it first.
 *
 * @param folder an empty one, for what is made
 * @returns the file, a squashfs
 */
export async function liveLayer(
  system: LiveSystem,
  seed: Seed | undefined,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const tree = join(folder, "layer");
  for (const path of ["", "proc", "sys"]) await makeFolder(join(tree, path), 0o755);
  for (const [path, content, mode] of layerFiles(seed)) {
    const parts = path.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      await makeFolder(join(tree, ...parts.slice(0, depth)), 0o755);
    }
    await writeText(join(tree, path), content, mode);
  }
  const file = join(folder, "layer.squashfs");
  const argv = ["mksquashfs", tree, file, "-all-root", ...squashfsOptions];
  await runTool(argv, { environment: timed(system), signal });
  return file;
}

const nocloud = "var/lib/cloud/seed/nocloud";
const cloudConfig = "etc/cloud/cloud.cfg.d";

function layerFiles(seed: Seed | undefined): [path: string, content: string | Uint8Array, mode: number][] {
  const files: ReturnType<typeof layerFiles> = [
    ["etc/fstab", "# A live system mounts nothing from a disk by itself.\n", 0o644],
    // There is no disk below the root file system that could grow.
    [`${cloudConfig}/98-kanod-live.cfg`, "growpart: { mode: 'off' }\nresize_rootfs: false\n", 0o644],
  ];
  if (seed === undefined) return files;
  const { userData, networkConfig } = seed;
  files.push(
    [`${nocloud}/user-data`, userData ?? "#cloud-config\n{}\n", 0o600],
    [`${nocloud}/meta-data`, metaData(seed), 0o600],
  );
  if (networkConfig === undefined) return files;
  return [
    ...files,
    [`${nocloud}/network-config`, networkConfig, 0o600],
    // What stands here in the root file system would win over the seed.
    [`${cloudConfig}/99-kanod-network.cfg`, "# The seed of this medium says how the network is.\n{}\n", 0o644],
  ];
}

/** A machine that gets another seed is another instance to cloud-init. */
function metaData({ userData = new Uint8Array(), networkConfig = new Uint8Array() }: Seed): string {
  return `instance-id: iso-${sha256(sha256(userData) + sha256(networkConfig)).slice(0, 16)}\n`;
}
