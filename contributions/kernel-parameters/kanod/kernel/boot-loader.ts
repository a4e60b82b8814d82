import type { CommandLineChange } from "./command-line.ts";

/** Where the kernel's command line of the next boot comes from. */
export interface BootLoader {
  readonly name: string;
  /**
   * Makes the change for all kernels, installed ones and, where the loader allows, those to come. Nothing is done where
   * all is as wanted. @throws AgentError, CommandError, HostError
   */
  apply(change: CommandLineChange): Promise<void>;
}
