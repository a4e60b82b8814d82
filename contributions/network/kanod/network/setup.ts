import { isMapping, parseYaml } from "kanod-configure";
import type { MachineInterface } from "./interfaces.ts";
import { matchingInterfaces, namesOf } from "./match-interfaces.ts";
import { type Device, isPhysical, type Network, readVersion2, settingsOf } from "./model.ts";
import { netplanFile } from "./render/netplan.ts";
import { keyfileFolder, keyfilePrefix } from "./render/network-manager.ts";
import { networkdFolder } from "./render/networkd.ts";
import type { RenderedFile, RendererName } from "./render/rendering.ts";

/** Network configuration in files, and what the services that read them have to be told besides. */
export interface Setup {
  renderer: RendererName;
  files: readonly RenderedFile[];
  /** Names of the interfaces that it configures. */
  names: readonly string[];
  /** Of these, the ones that starting waits for. */
  awaited: readonly string[];
  /** Of these, the ones that it makes. */
  made: readonly string[];
  /** Keyfiles of the connections to activate, in order. */
  connections: readonly string[];
  /** Interfaces that get another name. */
  renames: readonly { from: string; to: string }[];
}

/** The setup of a configuration that was rendered. */
export function setupOf(
  network: Network,
  renderer: RendererName,
  files: readonly RenderedFile[],
  interfaces: readonly MachineInterface[],
): Setup {
  const { devices } = network;
  const present = (device: Device): boolean =>
    !isPhysical(device) || interfaces.length === 0 || matchingInterfaces(device, interfaces).length > 0;
  const paths = new Set(files.map(({ path }) => path));
  return {
    renderer,
    files,
    names: devices.flatMap((device) => namesOf(device, interfaces)),
    awaited: devices.filter(isAwaited).flatMap((device) => namesOf(device, interfaces)),
    made: devices.filter((device) => !isPhysical(device)).map(({ id }) => id),
    connections: inOrder(devices.filter((device) => isActivated(device) && present(device)))
      .map(({ id }) => `${keyfileFolder}/${keyfilePrefix}${encodeURIComponent(id)}.nmconnection`)
      .filter((path) => paths.has(path)),
    renames: devices.flatMap((device) => {
      const to = settingsOf(device).text("set-name");
      const [found, another] = matchingInterfaces(device, interfaces);
      return to === undefined || found === undefined || another !== undefined || found.name === to
        ? []
        : [{ from: found.name, to }];
    }),
  };
}

/** The setup of files that were there before, as far as they can be understood. */
export function setupOfFiles(
  files: readonly RenderedFile[],
  otherwise: RendererName,
  interfaces: readonly MachineInterface[],
): Setup {
  const netplan = files.find(({ path }) => path === netplanFile);
  const known = netplan === undefined ? undefined : netplanNetwork(netplan.content);
  if (known !== undefined) return setupOf(known, "netplan", files, interfaces);
  const units = files.filter(({ path }) => path.startsWith(`${networkdFolder}/`));
  const keyfiles = files.map(({ path }) => path).filter((path) => path.endsWith(".nmconnection"));
  const names = units.flatMap(({ path, content }) => (path.endsWith(".network") ? valuesOf(content, "Name") : []));
  return {
    renderer: units.length > 0 ? "networkd" : keyfiles.length > 0 ? "network-manager" : otherwise,
    files,
    names,
    awaited: names.filter((name) => interfaces.some((each) => each.name === name)),
    made: units.flatMap(({ path, content }) => (path.endsWith(".netdev") ? valuesOf(content, "Name").slice(0, 1) : [])),
    connections: keyfiles,
    renames: [],
  };
}

function netplanNetwork(text: string): Network | undefined {
  const { value } = parseYaml(text, netplanFile);
  const network = isMapping(value) ? value["network"] : undefined;
  return isMapping(network) ? readVersion2(network, "/network") : undefined;
}

/** The values of a key in a file in the form of systemd.syntax(7). */
function valuesOf(text: string, key: string): string[] {
  return text.split("\n").flatMap((line) => (line.startsWith(`${key}=`) ? line.slice(key.length + 1).split(" ") : []));
}

/** Whether starting waits for the device: it is to get an address, and is not optional. */
function isAwaited(device: Device): boolean {
  const settings = settingsOf(device);
  if (settings.flag("optional") === true || settings.has("activation-mode") || device.id === "lo") return false;
  return settings.flag("dhcp4") === true || settings.flag("dhcp6") === true || settings.has("addresses");
}

/** Wi-Fi connections activate themselves, in the order of what is there. */
function isActivated(device: Device): boolean {
  return device.values["activation-mode"] === undefined && device.kind !== "wifis" && device.kind !== "nm-devices";
}

/** What others stand on first: masters before their ports, and links before VLANs. */
function inOrder(devices: readonly Device[]): Device[] {
  const ranks: Readonly<Record<string, number>> = { vrfs: 0, bridges: 0, bonds: 0, vlans: 2, tunnels: 2 };
  return [...devices].sort((a, b) => (ranks[a.kind] ?? 1) - (ranks[b.kind] ?? 1));
}
