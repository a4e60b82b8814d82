import type { Host } from "kanod-configure";
import { readJson } from "./command-output.ts";
import { kernelName } from "./layout.ts";

/** What tells a disk from all others, whatever path leads to it. */
export interface Identity {
  /** The name in /sys/class/block. */
  kernelName: string;
  /**
   * `wwn:…`, `serial:…`, else `table:…` (PTUUID) or `content:…` (UUID) of what is on it; undefined for a blank device that
   * says nothing about itself.
   */
  id: string | undefined;
}

interface Named {
  kname: string;
  serial?: string | null;
  wwn?: string | null;
}

/** The identity of a block device. `path` may be a link; undefined where it is no block device. */
export async function identityOf(host: Host, path: string): Promise<Identity | undefined> {
  const argv = ["lsblk", "--json", "--nodeps", "--paths", "--output", "KNAME,SERIAL,WWN", path];
  const { stdout } = await host.query(argv);
  const [found] = stdout === "" ? [] : readJson<{ blockdevices: Named[] }>("lsblk", stdout).blockdevices;
  if (found === undefined) return undefined;
  const name = kernelName(found.kname);
  const mapped = (await host.readFile(`/sys/class/block/${name}/dm/uuid`))?.trim();
  const own = Object.entries({ wwn: found.wwn ?? mapped, serial: found.serial }).find(([, value]) => value);
  if (own !== undefined) return { kernelName: name, id: own.join(":") };
  const { table, content } = await probe(host, path);
  const id = table === undefined ? content && contentId(content) : tableId(table);
  return { kernelName: name, id };
}

/** The identity of a disk without serial number whose partition table has this UUID. */
export function tableId(uuid: string): string {
  return `table:${uuid.toLowerCase()}`;
}

/** The same for a disk with a file system and no partition table. */
export function contentId(uuid: string): string {
  return `content:${uuid.toLowerCase()}`;
}

/** UUIDs on a device by blkid(8), which looks at the device itself. */
export async function probe(
  host: Host,
  path: string,
): Promise<{ table: string | undefined; content: string | undefined }> {
  // Exit code 2: nothing was found; 8: several contents.
  const argv = ["blkid", "--probe", "--output", "export", path];
  const { stdout } = await host.query(argv, { okExitCodes: [0, 2, 8] });
  const tag = (name: string): string | undefined => new RegExp(`^${name}=(.+)$`, "m").exec(stdout)?.[1];
  return { table: tag("PTUUID"), content: tag("UUID") };
}
