import { parseMac } from "kanod-configure";
import type { RenderContext } from "../renderers/renderer.ts";
import { type Device, interfaceName, matchOf, settingsOf } from "./network.ts";
import type { Settings } from "./settings.ts";

/** How a device is found on the machine. */
export interface DeviceMatch {
  /** Its name once it is configured, where that is known. */
  name: string | undefined;
  /** A pattern of names, as written. */
  pattern: string | undefined;
  mac: string | undefined;
  /** The interface has another MAC address once it is configured. */
  changesMac: boolean;
  drivers: readonly string[];
}

/** `job` has what marks `match` as read, and the device's master. */
export function findDevice(
  device: Device,
  context: RenderContext,
  job: { settings: Settings; master?: Device | undefined } = { settings: settingsOf(device) },
): DeviceMatch {
  const match = matchOf(device, job.settings);
  const mac = parseMac(match?.text("macaddress") ?? "");
  const one = match?.text("driver");
  const drivers = one === undefined ? (match?.texts("driver") ?? []) : [one];
  const pattern = match?.text("name");
  return {
    name: interfaceName(device) ?? (pattern === undefined ? interfaceWith(mac, drivers, context) : undefined),
    pattern,
    mac,
    changesMac: job.master?.kind === "bonds" || device.values["macaddress"] !== undefined,
    drivers,
  };
}

/** The interface of the machine that a MAC address (and a driver) says, where it is exactly one. */
function interfaceWith(
  mac: string | undefined,
  drivers: readonly string[],
  context: RenderContext,
): string | undefined {
  if (mac === undefined) return undefined;
  const found = context.interfaces.filter(
    (each) => each.mac === mac && (drivers.length === 0 || drivers.includes(each.driver ?? "")),
  );
  const hardware = found.filter(({ isVirtual }) => !isVirtual);
  const candidates = hardware.length > 0 ? hardware : found;
  return candidates.length === 1 ? candidates[0]?.name : undefined;
}
