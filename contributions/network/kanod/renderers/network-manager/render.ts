import type { Finding } from "kanod-configure";
import { findDevice } from "../../model/find-device.ts";
import { matchingInterfaces, namesOf } from "../../model/match-interfaces.ts";
import { type Device, interfaceName, isPhysical, matchOf, type Network, settingsOf } from "../../model/network.ts";
import type { Settings } from "../../model/settings.ts";
import { cannotExpress, holdsSecret, unexpressed } from "../expressible.ts";
import { fileHeader, IniFile } from "../ini.ts";
import { networkdFolder, networkdPrefix } from "../networkd/folder.ts";
import { linkFile } from "../networkd/link.ts";
import type { RenderContext, RenderedFile, Rendering } from "../renderer.ts";
import { addDevice, addMatch, addOwnSettings, addPort, connectionType } from "./device.ts";
import { addIp } from "./ip.ts";
import type { KeyfileJob } from "./job.ts";
import { connectionUuid, keyfileText } from "./keyfile.ts";
import { addAccessPoint } from "./radio.ts";

export const keyfileFolder = "/etc/NetworkManager/system-connections";
/** Files of cloud-init's renderer have this prefix too: the ones replace the others. */
const keyfilePrefix = "cloud-init-";
/** cloud-init writes it as well. */
const addressModeFile = "/etc/NetworkManager/conf.d/30-cloud-init-ip6-addr-gen-mode.conf";

const addressMode = `${fileHeader}
[.config]
enable=nm-version-min:1.40

[connection.30-cloud-init-ip6-addr-gen-mode]
ipv6.addr-gen-mode=0
`;

/**
 * The network as keyfiles of NetworkManager: a connection for each device, and for each network of a Wi-Fi interface.
 * Source: nm-settings-keyfile(5).
 */
export function renderNetworkManager(network: Network, context: RenderContext): Rendering {
  const findings: Finding[] = [];
  const masters = mastersOf(network);
  const files = network.devices.flatMap((device) => renderDevice(network, device, masters, context, findings));
  const section = network.version2["openvswitch"];
  if (section !== undefined) findings.push(cannotExpress("network-manager", "/network/openvswitch"));
  const mode: RenderedFile = { path: addressModeFile, content: addressMode, mode: 0o644, secret: false };
  return { files: [...files, mode], findings, profiles: profilesOf(network, context) };
}

function renderDevice(
  network: Network,
  device: Device,
  masters: ReadonlyMap<string, Device>,
  context: RenderContext,
  findings: Finding[],
): RenderedFile[] {
  const settings = settingsOf(device);
  const deviceOf = (id: string): Device | undefined => network.devices.find((each) => each.id === id);
  const interfaceOf = (id: string): string => {
    const known = deviceOf(id);
    return (known && findDevice(known, context).name) ?? id;
  };
  const matchesByMac = (id: string): boolean => {
    const known = deviceOf(id);
    return (
      known !== undefined && matchOf(known)?.has("macaddress") === true && findDevice(known, context).name !== undefined
    );
  };
  const points = settings.section("access-points");
  const connections = points === undefined ? [undefined] : points.keys();
  const files = connections.map((ssid) => {
    const name = ssid === undefined ? device.id : `${device.id}-${ssid}`;
    const job: KeyfileJob = {
      device,
      settings,
      master: masters.get(device.id),
      file: new IniFile(),
      findings,
      reference: (id) => {
        const known = deviceOf(id);
        const own = known === undefined ? undefined : settingsOf(known).section("networkmanager")?.text("uuid");
        return own ?? (known === undefined ? id : connectionUuid(context.machineId, id));
      },
      // It does not find the interface of a connection that has only a MAC address.
      parent: (id) => (matchesByMac(id) ? interfaceOf(id) : job.reference(id)),
      interfaceOf,
    };
    const content = connection(job, name, ssid === undefined ? undefined : points?.section(ssid), ssid, context);
    return { path: keyfilePath(name), content, mode: 0o600, secret: holdsSecret(device.values) };
  });
  findings.push(...unexpressed(settings, "network-manager", network));
  return [...files, ...nameFile(device, context)];
}

function connection(
  job: KeyfileJob,
  name: string,
  point: Settings | undefined,
  ssid: string | undefined,
  context: RenderContext,
): string {
  const { device, settings, file } = job;
  const section = file.section("connection");
  section.add("id", keyfileText(`cloud-init ${ssid === undefined ? (interfaceName(device) ?? name) : name}`));
  section.add("uuid", connectionUuid(context.machineId, name));
  section.add("autoconnect-priority", 120);
  file.section("user").add("org.freedesktop.NetworkManager.origin", "cloud-init");
  if (settings.text("renderer") === "sriov")
    job.findings.push(cannotExpress("network-manager", settings.at("renderer")));
  if (settings.text("activation-mode") === "manual") section.add("autoconnect", "false");
  else if (settings.has("activation-mode")) {
    job.findings.push(
      cannotExpress("network-manager", settings.at("activation-mode"), "it has no way to keep it down"),
    );
  }
  // It never gives up addresses when it stops, and it never waits for one connection alone.
  settings.raw("critical");
  settings.raw("optional");
  if (device.kind !== "nm-devices") {
    const type = connectionType(job);
    section.add("type", type);
    addMatch(job, type);
    addPort(job);
    addDevice(job, type);
    if (point !== undefined && ssid !== undefined) addAccessPoint(job, ssid, point);
    addIp(job);
    if (point?.text("mode") === "ap") file.section("ipv4").set("method", "shared");
  }
  addOwnSettings(job);
  return file.text(fileHeader);
}

/** NetworkManager renames no interface: udev does, whenever it appears. */
function nameFile(device: Device, context: RenderContext): RenderedFile[] {
  const name = settingsOf(device).text("set-name");
  if (name === undefined) return [];
  const path = `${networkdFolder}/${networkdPrefix}${encodeURIComponent(name)}.link`;
  const named = { ...device, values: { match: device.values["match"], "set-name": name } };
  const job = { device: named, settings: settingsOf(named), master: undefined, above: [], context, findings: [] };
  return [{ path, content: linkFile(job) ?? "", mode: 0o644, secret: false }];
}

function keyfilePath(name: string): string {
  return `${keyfileFolder}/${keyfilePrefix}${encodeURIComponent(name)}.nmconnection`;
}

/** Connections to activate, with masters before their ports and links before VLANs. Wi-Fi activates itself. */
function profilesOf({ devices }: Network, { interfaces }: RenderContext): string[][] {
  const ranks: Readonly<Record<string, number>> = { vrfs: 0, bridges: 0, bonds: 0, vlans: 2, tunnels: 2 };
  const isPresent = (device: Device): boolean =>
    !isPhysical(device) || interfaces.length === 0 || matchingInterfaces(device, interfaces).length > 0;
  return devices
    .filter(({ kind, values }) => values["activation-mode"] === undefined && kind !== "wifis" && kind !== "nm-devices")
    .filter(isPresent)
    .sort((a, b) => (ranks[a.kind] ?? 1) - (ranks[b.kind] ?? 1))
    .flatMap((device) => {
      const profile = ["filename", keyfilePath(device.id)];
      const names = interfaceName(device) === undefined ? namesOf(device, interfaces) : [];
      return names.length > 1 ? names.map((name) => [...profile, "ifname", name]) : [profile];
    });
}

function mastersOf(network: Network): Map<string, Device> {
  const masters = new Map<string, Device>();
  for (const device of network.devices) {
    if (!["bonds", "bridges", "vrfs"].includes(device.kind)) continue;
    for (const port of settingsOf(device).texts("interfaces")) masters.set(port, device);
  }
  return masters;
}
