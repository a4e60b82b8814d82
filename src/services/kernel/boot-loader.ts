import type { Host } from "../../host/host.ts";
import { bootEntries } from "./boot-entries.ts";
import type { CommandLineChange } from "./command-line.ts";
import { grub } from "./grub.ts";

/** Where the kernel's command line of the next boot comes from. */
export interface BootLoader {
  readonly name: string;
  /**
   * Makes the change for all kernels, installed ones and, where the loader allows, those to come. Nothing is done where
   * all is as wanted. @throws AgentError, CommandError, HostError
   */
  apply(change: CommandLineChange): Promise<void>;
}

/** The boot loader of this machine; undefined where it has none that is known, as in a container. */
export async function findBootLoader(host: Host): Promise<BootLoader | undefined> {
  return (await bootEntries(host)) ?? (await grub(host));
}
