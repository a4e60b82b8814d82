/** What a machine is made of. What cannot be found out is absent. */
export interface Facts {
  system: SystemFacts;
  firmware: FirmwareFacts;
  processors: ProcessorFacts;
  /** In bytes, without what the kernel keeps for itself. */
  memory?: number;
  /** Release of the kernel, as `uname -r` prints it. */
  kernel?: string;
  disks: DiskFacts[];
  /** All but `lo`, by name. */
  interfaces: InterfaceFacts[];
}

export interface SystemFacts {
  vendor?: string;
  model?: string;
  serial?: string;
  /** The SMBIOS UUID, in lower case. */
  uuid?: string;
}

export interface FirmwareFacts {
  vendor?: string;
  version?: string;
  /** YYYY-MM-DD. */
  date?: string;
}

export interface ProcessorFacts {
  /** As `uname -m` prints it. */
  architecture?: string;
  model?: string;
  /** Those that Linux runs on: threads. */
  count?: number;
  cores?: number;
  sockets?: number;
}

export interface DiskFacts {
  path: string;
  /** In bytes. */
  size: number;
  vendor?: string;
  model?: string;
  serial?: string;
  wwn?: string;
  /** As lsblk(8) names it: `sata`, `nvme`, `sas`, `usb`, … */
  transport?: string;
  rotational?: boolean;
}

export interface InterfaceFacts {
  name: string;
  /** Permanent MAC address in lower case, or the present one where the interface has no permanent one. */
  mac: string;
  driver?: string;
  /** `up`, `down`, `unknown`, …: the kernel's operational state (RFC 2863). */
  state: string;
  /** In Mbit/s; of an interface that is up. */
  speed?: number;
  /** Made by software: a bridge, a bond, a VLAN, a cable of a container … */
  isVirtual: boolean;
}
