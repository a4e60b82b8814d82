import type { Host } from "kanod-configure";
import type { CommandLineChange } from "./command-line.ts";

/** Where the kernel's command line of the next boot comes from: one object for each kind, listed in boot-loaders.ts. */
export interface BootLoader {
  readonly name: string;
  /** Whether this loader starts the machine. */
  isUsed(host: Host): Promise<boolean>;
  /**
   * Makes the change for all installed kernels and, where the loader allows, for later ones. Writes nothing that is
   * already as wanted. @throws AgentError, CommandError, HostError
   */
  apply(host: Host, change: CommandLineChange): Promise<void>;
}
