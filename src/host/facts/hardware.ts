import { bios, cpu, diskLayout, type Systeminformation, system } from "systeminformation";

/** What is used of systeminformation. */
export interface Hardware {
  system: Systeminformation.SystemData;
  bios: Systeminformation.BiosData;
  cpu: Systeminformation.CpuData;
  disks: Systeminformation.DiskLayoutData[];
}

/**
 * What systeminformation knows of the machine. It opens files and starts shells by itself, so it never runs in the agent's
 * process: only in a child, see `askForHardware`.
 */
export async function hardware(): Promise<Hardware> {
  return { system: await system(), bios: await bios(), cpu: await cpu(), disks: await diskLayout() };
}
