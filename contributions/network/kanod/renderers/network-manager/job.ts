import type { Finding } from "kanod-configure";
import type { Device } from "../../model/network.ts";
import type { Settings } from "../../model/settings.ts";
import { cannotExpress } from "../expressible.ts";
import type { IniFile } from "../ini.ts";

/** One device on its way to a keyfile. */
export interface KeyfileJob {
  device: Device;
  /** Each key that is expressed is read from here. */
  settings: Settings;
  /** The bond, bridge or VRF that the device is a port of. */
  master: Device | undefined;
  file: IniFile;
  findings: Finding[];
  /** UUID of the connection of a device, or the name itself of one that is not in the configuration. */
  reference(id: string): string;
  /** The same for a device that others are on, which is found by its interface where that is known. */
  parent(id: string): string;
  /** The interface of a port, else its key. */
  interfaceOf(id: string): string;
}

export function refuse(job: KeyfileJob, pointer: string, why?: string): void {
  job.findings.push(cannotExpress("network-manager", pointer, why));
}
