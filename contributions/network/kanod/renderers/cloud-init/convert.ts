import type { Distro, Finding, Host } from "kanod-configure";
import { AgentError, CommandError, isMapping } from "kanod-configure";
import { type Device, type Network, settingsOf } from "../../model/network.ts";
import type { Settings } from "../../model/settings.ts";
import { cannotExpress, holdsSecret, unexpressed } from "../expressible.ts";
import { renderNetplan } from "../netplan/render.ts";
import type { RenderedFile, Rendering } from "../renderer.ts";

const work = "/run/kanod-configure/net-convert";

/** The kinds of device that cloud-init's own renderers know. Source: cloud-init 26.1, net/network_state.py. */
const knownKinds: readonly Device["kind"][] = ["ethernets", "bonds", "bridges", "vlans"];
/** Keys that its reading of version 2 takes over, by the same source. */
const commonKeys = ["dhcp4", "dhcp6", "gateway4", "gateway6", "mtu", "interfaces", "optional", "renderer"];
const keysOfKind: Readonly<Record<string, readonly string[]>> = {
  ethernets: ["set-name", "wakeonlan", "accept-ra"],
  bonds: ["macaddress"],
  bridges: ["macaddress"],
  vlans: ["macaddress", "id", "link"],
};
const routeKeys = ["to", "via", "metric", "mtu", "table"];
const parameterKeys: Readonly<Record<string, readonly string[]>> = {
  bonds: [
    ...["ad-select", "all-slaves-active", "arp-all-targets", "arp-interval", "arp-validate", "down-delay"],
    ...["fail-over-mac-policy", "lacp-rate", "learn-packet-interval", "mii-monitor-interval", "min-links", "mode"],
    ...["gratuitous-arp", "gratuitious-arp", "packets-per-slave", "primary", "primary-reselect-policy", "up-delay"],
    "transmit-hash-policy",
  ],
  bridges: ["ageing-time", "priority", "forward-delay", "hello-time", "max-age", "path-cost", "port-priority", "stp"],
};

/** What cloud-init would drop in silence, or stumble over. */
function unknownToCloudInit(network: Network, renderer: string): Finding[] {
  const findings = network.devices.flatMap((device) => {
    if (!knownKinds.includes(device.kind)) {
      return [cannotExpress(renderer, device.pointer, `cloud-init has nothing for ${device.kind}`)];
    }
    const settings = settingsOf(device);
    takeKnown(settings, device);
    const options = device.addresses.filter((_, index) => isMapping((device.values["addresses"] as unknown[])[index]));
    return [
      ...unexpressed(settings, renderer, network),
      ...(settings.text("renderer") === "sriov" ? [cannotExpress(renderer, settings.at("renderer"))] : []),
      ...options.map(({ at }) => cannotExpress(renderer, at, "lifetime and label of an address")),
      ...lostRoutes(device, settings, renderer),
    ];
  });
  if (network.version2["openvswitch"] === undefined) return findings;
  return [...findings, cannotExpress(renderer, "/network/openvswitch")];
}

function takeKnown(settings: Settings, device: Device): void {
  for (const key of [...commonKeys, ...(keysOfKind[device.kind] ?? [])]) settings.raw(key);
  settings.raw("addresses");
  const match = settings.section("match");
  for (const key of ["macaddress", "driver"]) match?.raw(key);
  const nameservers = settings.section("nameservers");
  for (const key of ["addresses", "search"]) nameservers?.raw(key);
  for (const family of [4, 6]) settings.section(`dhcp${family}-overrides`)?.raw("route-metric");
  for (const route of settings.sections("routes")) for (const key of routeKeys) route.raw(key);
  const parameters = settings.section("parameters");
  for (const key of parameterKeys[device.kind] ?? []) parameters?.raw(key);
}

/** cloud-init hangs routes on the first address: without one they are lost. */
function lostRoutes(device: Device, settings: Settings, renderer: string): Finding[] {
  const hasSubnet = settings.flag("dhcp4") === true || settings.flag("dhcp6") === true || settings.has("addresses");
  if (hasSubnet || !settings.has("routes")) return [];
  return [cannotExpress(renderer, `${device.pointer}/routes`, "without an address cloud-init leaves routes out")];
}

/**
 * Files of ifcfg or ifupdown, by cloud-init's own renderer in the form for a distribution (`formOf`).
 *
 * @throws AgentError `cloud-init-missing`, when converted
 */
export function throughCloudInit(network: Network, renderer: string, formOf: (distro: Distro) => string): Rendering {
  const findings = unknownToCloudInit(network, renderer);
  return { files: [], findings, convert: (host, distro) => convert(host, network, renderer, formOf(distro)) };
}

async function convert(
  host: Host,
  network: Network,
  renderer: string,
  form: string,
): Promise<RenderedFile[] | undefined> {
  const secret = holdsSecret(network.version2);
  await host.remove(work);
  await host.makeDirectory(`${work}/out`, { mode: 0o700 });
  const content = renderNetplan(withoutDefault(network)).files[0]?.content ?? "";
  await host.writeFile(`${work}/network.yaml`, content, { mode: 0o600, secret });
  try {
    if ((await runConverter(host, renderer, form)).skipped) return undefined;
    return await collect(host, `${work}/out`, secret);
  } finally {
    await host.remove(work);
  }
}

/** cloud-init before 25.2 does not know `to: default`, which says the same as the network of length 0. */
function withoutDefault(network: Network): Network {
  const replaced = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replaced);
    if (!isMapping(value)) return value;
    const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item)]));
    if (value["to"] !== "default") return copy;
    return { ...copy, to: String(value["via"]).includes(":") ? "::/0" : "0.0.0.0/0" };
  };
  return { ...network, version2: replaced(network.version2) as Network["version2"] };
}

async function runConverter(host: Host, renderer: string, form: string): ReturnType<Host["run"]> {
  const paths = ["-p", `${work}/network.yaml`, "-k", "yaml", "-d", `${work}/out`];
  try {
    return await host.run(["cloud-init", "devel", "net-convert", ...paths, "-D", form, "-O", renderer], {
      onTree: "chroot",
      why: `render the network for ${renderer}`,
    });
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== "command-not-found") throw error;
    throw new AgentError("cloud-init-missing", `the renderer ${renderer} needs cloud-init, which is not installed`, {
      hint: "install cloud-init, or set network.renderer in system.yaml to netplan, networkd or network-manager",
      cause: error,
    });
  }
}

/** The files below a folder, with their paths as seen from there. */
async function collect(host: Host, folder: string, secret: boolean, below = ""): Promise<RenderedFile[]> {
  const files: RenderedFile[] = [];
  for (const name of (await host.list(`${folder}${below}`)) ?? []) {
    const path = `${below}/${name}`;
    const status = await host.stat(`${folder}${path}`);
    if (status?.kind === "directory") files.push(...(await collect(host, folder, secret, path)));
    if (status?.kind !== "file") continue;
    const content = (await host.readFile(`${folder}${path}`)) ?? "";
    files.push({ path, content, mode: status.mode & 0o777, secret });
  }
  return files;
}
