import type { InterfaceFacts } from "kanod-configure";
import { findDevice } from "./find-device.ts";
import { type Device, interfaceName, isPhysical, settingsOf } from "./network.ts";

/** The interfaces of the machine that a device is for; a virtual one is found by its name. */
export function matchingInterfaces(device: Device, interfaces: readonly InterfaceFacts[]): InterfaceFacts[] {
  if (!isPhysical(device)) return interfaces.filter(({ name }) => name === device.id);
  const { mac, drivers, pattern } = findDevice(device, { interfaces: [] });
  const hasMatch = mac !== undefined || drivers.length > 0 || pattern !== undefined;
  const setName = settingsOf(device).text("set-name");
  const found = interfaces.filter((each) => {
    if (!hasMatch) return each.name === device.id;
    const isNamed = pattern === undefined || fitsPattern(pattern, each.name) || each.name === setName;
    const isDriven = drivers.length === 0 || drivers.some((driver) => fitsPattern(driver, each.driver ?? ""));
    return isNamed && isDriven && (mac === undefined || each.mac === mac);
  });
  // VLANs and bridges have the MAC address of what they stand on.
  const hardware = found.filter(({ isVirtual }) => !isVirtual);
  return mac !== undefined && hardware.length > 0 ? hardware : found;
}

/** The names that the interfaces of a device have once they are configured. */
export function namesOf(device: Device, interfaces: readonly InterfaceFacts[]): string[] {
  const name = interfaceName(device);
  return name === undefined ? matchingInterfaces(device, interfaces).map((each) => each.name) : [name];
}

/** fnmatch(3), as far as systemd and netplan use it. */
export function fitsPattern(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("[!", "[^")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  try {
    return new RegExp(`^${source}$`).test(text);
  } catch {
    return pattern === text;
  }
}
