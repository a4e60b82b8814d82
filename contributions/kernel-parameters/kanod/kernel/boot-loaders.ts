import type { Host } from "kanod-configure";
import { grubWithEntries, systemdBoot } from "./boot-entries.ts";
import type { BootLoader } from "./boot-loader.ts";
import { grub } from "./grub.ts";

/** The first that is used counts: RHEL's GRUB has /etc/default/grub as well. */
export const bootLoaders: readonly BootLoader[] = [grubWithEntries, systemdBoot, grub];

/** The boot loader that starts the machine; undefined where none of the known ones does. */
export async function findBootLoader(
  host: Host,
  loaders: readonly BootLoader[] = bootLoaders,
): Promise<BootLoader | undefined> {
  for (const loader of loaders) if (await loader.isUsed(host)) return loader;
  return undefined;
}
