import type { DiskFacts, Facts, Host } from "kanod-configure";

/** What a machine is made of. What cannot be found out is left out. */
export interface Inventory {
  vendor?: string;
  model?: string;
  serial?: string;
  /** The SMBIOS UUID, in lower case. */
  uuid?: string;
  /** Its version. */
  firmware?: string;
  /** As `uname -m` has it. */
  architecture?: string;
  kernel?: string;
  operatingSystem?: string;
  cpu?: { model?: string; count: number };
  /** In bytes. */
  memory?: number;
  disks: DiskFacts[];
  interfaces: NetworkInterface[];
}

export interface NetworkInterface {
  name: string;
  /** The permanent one: both ports of a bond show the bond's. */
  mac: string;
  driver?: string;
  /** Whether the link is up; undefined where the kernel does not know. */
  up?: boolean;
  /** In Mbit/s. */
  speed?: number;
}

/** The inventory of the machine. On a target tree it is empty, because the tree may be for any machine. */
export async function readInventory(host: Host, operatingSystem: string): Promise<Inventory> {
  const facts = await host.facts();
  return facts === undefined ? { disks: [], interfaces: [] } : inventoryOf(facts, operatingSystem);
}

/** The facts in the form of report.schema.yaml, which keeps its keys. */
function inventoryOf(facts: Facts, operatingSystem: string): Inventory {
  const { system, firmware, processors, memory, kernel, disks } = facts;
  const { architecture, model, count } = processors;
  return {
    ...system,
    ...(firmware.version === undefined ? {} : { firmware: firmware.version }),
    ...(architecture === undefined ? {} : { architecture }),
    ...(kernel === undefined ? {} : { kernel }),
    operatingSystem,
    ...(count === undefined ? {} : { cpu: { ...(model === undefined ? {} : { model }), count } }),
    ...(memory === undefined ? {} : { memory }),
    disks,
    interfaces: interfacesOf(facts),
  };
}

/** Only those of a device: bridges, bonds and the like have none, and are no inventory. */
function interfacesOf({ interfaces }: Facts): NetworkInterface[] {
  return interfaces
    .filter(({ isVirtual }) => !isVirtual)
    .map(({ name, mac, driver, state, speed }) => ({
      name,
      mac,
      ...(driver === undefined ? {} : { driver }),
      ...(state === "up" || state === "down" ? { up: state === "up" } : {}),
      ...(speed === undefined ? {} : { speed }),
    }));
}
