import type { Host, Store } from "kanod-configure";
import { AgentError } from "kanod-configure";
import { readJson } from "./command-output.ts";

export type MadeFileSystem = "ext4" | "xfs" | "btrfs" | "vfat" | "swap";

/** In seconds: a large ext4 writes its tables. */
const timeout = 1800;

interface Maker {
  argv: readonly string[];
  labelOption: string;
  longestLabel: number;
  /** Options that give the file system this UUID. */
  uuidOptions: (uuid: string) => string[];
}

const makers: Readonly<Record<MadeFileSystem, Maker>> = {
  ext4: { argv: ["mkfs.ext4", "-q"], labelOption: "-L", longestLabel: 16, uuidOptions: (uuid) => ["-U", uuid] },
  xfs: { argv: ["mkfs.xfs", "-q"], labelOption: "-L", longestLabel: 12, uuidOptions: (uuid) => ["-m", `uuid=${uuid}`] },
  btrfs: { argv: ["mkfs.btrfs", "-q"], labelOption: "-L", longestLabel: 255, uuidOptions: (uuid) => ["-U", uuid] },
  vfat: {
    argv: ["mkfs.vfat"],
    labelOption: "-n",
    longestLabel: 11,
    uuidOptions: (uuid) => ["-i", uuid.replace("-", "")],
  },
  swap: { argv: ["mkswap"], labelOption: "-L", longestLabel: 15, uuidOptions: (uuid) => ["-U", uuid] },
};

/** What is wrong with a label for a type of file system, or undefined. */
export function labelFault(type: MadeFileSystem, label: string): string | undefined {
  const { longestLabel } = makers[type];
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(label)) return "is no label: letters, digits, dots, hyphens and underscores";
  return label.length > longestLabel ? `is longer than the ${longestLabel} characters that ${type} takes` : undefined;
}

/** Where a file system goes, and which. */
export interface FileSystemRequest {
  path: string;
  type: MadeFileSystem;
  label: string | undefined;
  /** Do not look, it will be empty by then. */
  isEmpty: boolean;
  /** What the device is called in the store: its PARTUUID, or the disk's identity. */
  key: string;
  /** The UUID of a new file system is known before it is made. */
  onUuid?: (uuid: string) => Promise<void>;
}

/** A file system whose making was begun. */
interface Begun {
  type: MadeFileSystem;
  uuid: string;
}

/**
 * Makes a file system on a device that is empty. Returns false where the device has one of this type already. One that
 * was begun by a run that was cut off is made again, as long as the device holds nothing else.
 *
 * @throws AgentError `disk-not-empty` for a device that holds anything else
 */
export async function makeFileSystem(host: Host, store: Store, request: FileSystemRequest): Promise<boolean> {
  const { path, type, label, isEmpty, key } = request;
  const mark = `making:${key}`;
  const begun = await store.get<Begun>(mark);
  const content = isEmpty ? [] : await contentsOf(host, path);
  const isUnfinished =
    begun?.type === type && content.every((one) => one.type === type && (one.uuid === "" || one.uuid === begun.uuid));
  if (content.some((one) => one.type === type) && (!isUnfinished || (await isMounted(host, path)))) {
    await store.delete(mark);
    return false;
  }
  if (content.length > 0 && !isUnfinished)
    throw notEmpty(
      path,
      content.map((one) => one.type),
    );
  if (content.length > 0) {
    await host.run(["wipefs", "--all", path], { why: `a run that was cut off left an unfinished ${type} here` });
  }
  const uuid = begun?.uuid ?? newUuid(type);
  await store.set(mark, { type, uuid } satisfies Begun);
  await request.onUuid?.(uuid);
  const { argv, labelOption, uuidOptions } = makers[type];
  const labelled = label === undefined ? [] : [labelOption, label];
  await host.run([...argv, ...labelled, ...uuidOptions(uuid), path], { timeout, why: "the device is empty" });
  await store.delete(mark);
  return true;
}

/** vfat has a serial number of 32 bits in place of a UUID, as blkid(8) writes it. */
function newUuid(type: MadeFileSystem): string {
  const uuid = crypto.randomUUID();
  return type === "vfat" ? `${uuid.slice(0, 4)}-${uuid.slice(4, 8)}`.toUpperCase() : uuid;
}

async function isMounted(host: Host, path: string): Promise<boolean> {
  const argv = ["lsblk", "--json", "--nodeps", "--output", "MOUNTPOINT", path];
  const { stdout } = await host.query(argv);
  const [found] = readJson<{ blockdevices: { mountpoint: string | null }[] }>("lsblk", stdout).blockdevices;
  return found?.mountpoint !== undefined && found.mountpoint !== null;
}

/** A signature of a file system or the like, as wipefs(8) calls it. */
export interface Content {
  type: string;
  /** Empty where it has none. */
  uuid: string;
  label: string;
}

/**
 * What is on a device; nothing on one that is not there, as a partition that a plan has not made. (wipefs has `--json`
 * only since util-linux 2.33.)
 */
export async function contentsOf(host: Host, path: string): Promise<Content[]> {
  if ((await host.stat(path)) === undefined) return [];
  const { stdout } = await host.query(["wipefs", "--no-act", "--parsable", path]);
  const lines = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const found = lines.map((line): [string, Content] => {
    const [, uuid = "", ...rest] = line.split(",");
    const type = rest.pop() ?? "";
    return [type, { type, uuid, label: rest.join(",") }];
  });
  return [...new Map(found).values()];
}

export function notEmpty(name: string, content: readonly string[]): AgentError {
  return new AgentError("disk-not-empty", `${name} is not empty: it holds ${content.join(", ")}`, {
    hint: "`wipe: true` gives away everything on the disk",
  });
}
