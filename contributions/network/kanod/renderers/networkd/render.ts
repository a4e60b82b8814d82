import type { Finding } from "kanod-configure";
import { findDevice } from "../../model/find-device.ts";
import { type Device, isPhysical, type Network, settingsOf } from "../../model/network.ts";
import { cannotExpress, holdsSecret, unexpressed } from "../expressible.ts";
import { fileHeader, IniFile } from "../ini.ts";
import type { RenderContext, RenderedFile, Rendering } from "../renderer.ts";
import { networkdFolder, networkdPrefix } from "./folder.ts";
import type { NetworkdJob } from "./job.ts";
import { linkFile } from "./link.ts";
import { netdevFile } from "./netdev.ts";
import { addAddresses, addDhcp, addLink, addNetwork, addPort } from "./network-file.ts";
import { addRouting } from "./routes.ts";

/** Kinds of device that systemd-networkd has nothing for. */
const foreignKinds = ["wifis", "modems", "nm-devices"];

/**
 * The network as files of systemd-networkd: a `.network` for each device, a `.netdev` for each that is made by software,
 * and a `.link` where udev has to do something. Source: systemd.network(5), systemd.netdev(5), systemd.link(5).
 */
export function renderNetworkd(network: Network, context: RenderContext): Rendering {
  const findings: Finding[] = [];
  const files = jobsOf(network, context, findings).flatMap((job) => renderDevice(network, job));
  if (network.version2["openvswitch"] !== undefined) findings.push(cannotExpress("networkd", "/network/openvswitch"));
  return { files, findings };
}

function renderDevice(network: Network, job: NetworkdJob): RenderedFile[] {
  const { device, settings, findings, context } = job;
  if (foreignKinds.includes(device.kind)) {
    findings.push(cannotExpress("networkd", device.pointer, `it has nothing for ${device.kind}`));
    return [];
  }
  if (settings.text("renderer") === "sriov") findings.push(cannotExpress("networkd", settings.at("renderer")));
  const files = {
    link: isPhysical(device) ? linkFile(job) : undefined,
    netdev: isPhysical(device) ? undefined : netdevFile(job),
    network: networkFile(job),
  };
  findings.push(...unexpressed(settings, "networkd", network));
  const name = encodeURIComponent(findDevice(device, context).name ?? device.id);
  return Object.entries(files).flatMap(([suffix, content]) => {
    if (content === undefined) return [];
    const path = `${networkdFolder}/${networkdPrefix}${name}.${suffix}`;
    const secret = suffix === "netdev" && holdsSecret(device.values);
    // The daemon has a user of its own, which has to read keys that nobody else may see.
    return [{ path, content, secret, ...(secret ? { mode: 0o640, group: "systemd-network" } : { mode: 0o644 }) }];
  });
}

function networkFile(job: NetworkdJob): string {
  const file = new IniFile();
  const { name, mac, changesMac, pattern, drivers } = findDevice(job.device, job.context, job);
  const match = file.section("Match");
  match.add("Name", name ?? pattern);
  match.add(changesMac ? "PermanentMACAddress" : "MACAddress", mac);
  match.add("Driver", drivers.join(" ") || undefined);
  // Without a name: VLANs and bonds have the MAC address of what they stand on.
  if (name === undefined && mac !== undefined) match.add("Type", mac.length > 17 ? "infiniband" : "ether");
  addLink(file.section("Link"), job);
  addNetwork(file.section("Network"), job);
  addPort(file, job);
  addAddresses(file, job);
  addRouting(file, job);
  addDhcp(file, job);
  return file.text(fileHeader);
}

function jobsOf(network: Network, context: RenderContext, findings: Finding[]): NetworkdJob[] {
  const masters = new Map<string, Device>();
  const above = new Map<string, Device[]>();
  for (const device of network.devices) {
    const settings = settingsOf(device);
    if (["bonds", "bridges", "vrfs"].includes(device.kind)) {
      for (const port of settings.texts("interfaces")) masters.set(port, device);
    }
    const link = device.kind === "vlans" || device.kind === "tunnels" ? settings.text("link") : undefined;
    if (link !== undefined) above.set(link, [...(above.get(link) ?? []), device]);
  }
  return network.devices.map((device) => ({
    device,
    settings: settingsOf(device),
    master: masters.get(device.id),
    above: above.get(device.id) ?? [],
    context,
    findings,
  }));
}
