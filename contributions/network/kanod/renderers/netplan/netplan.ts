import type { Host } from "kanod-configure";
import { isMapping, parseYaml } from "kanod-configure";
import { matchingInterfaces, namesOf } from "../../model/match-interfaces.ts";
import { isPhysical, type Network, readVersion2 } from "../../model/network.ts";
import { namesInHand, releaseInterfaces, waitOnline } from "../networkd/networkd.ts";
import { commandTimeout, hasProgram } from "../programs.ts";
import type { RenderedFile, Renderer } from "../renderer.ts";
import { netplanRefusal, refusalExitCodes } from "./refusal.ts";
import { netplanFile, renderNetplan } from "./render.ts";

/** netplan, which hands the network to systemd-networkd or NetworkManager. */
export const netplan: Renderer = {
  name: "netplan",
  files: [
    {
      folder: "/etc/netplan",
      name: /\.yaml$/,
      own: /^50-cloud-init\.yaml$/,
      others: ["/run/netplan", "/usr/lib/netplan", "/lib/netplan"],
    },
  ],
  units: [],
  available: (host) => hasProgram(host, "netplan"),
  render: renderNetplan,
  read: (files, interfaces) => {
    const network = readFile(files);
    if (network === undefined) return undefined;
    const names = network.devices.flatMap((device) => namesOf(device, interfaces));
    const made = network.devices.filter((device) => !isPhysical(device)).map(({ id }) => id);
    return { names, made, profiles: [] };
  },
  holds: async (host) => ({
    names: await namesInHand(host, (file) => file.startsWith("/run/systemd/network/10-netplan-")),
    profiles: [],
  }),
  rivals: (files, { names }, interfaces) =>
    files.flatMap((file) => {
      const devices = networkIn(file.content, file.path)?.devices ?? [];
      const configured = devices.flatMap((device) => matchingInterfaces(device, interfaces).map(({ name }) => name));
      const isRival = configured.some((name) => names.includes(name)) || devices.some(({ id }) => names.includes(id));
      return isRival ? [{ path: file.path, mask: "network: {version: 2}\n" }] : [];
    }),
  accept: generate,
  start: async (host, setup, log) => {
    await host.run(["netplan", "apply"], { timeout: commandTimeout, why: "bring the network up" });
    // systemd-networkd would wait in vain for what NetworkManager has.
    if (readFile(setup.files)?.version2["renderer"] !== "NetworkManager") await waitOnline(host, setup, log);
  },
  takeOver: async (host, from, to) => {
    const after = await releaseInterfaces(host, from, to);
    // What netplan has made of its file lies below /run until it looks again.
    if (to.renderer.name !== "netplan" && from.files.some(({ path }) => path === netplanFile)) {
      await host.run(["netplan", "generate"], { why: "forget the former configuration" });
    }
    return after;
  },
};

function readFile(files: readonly RenderedFile[]): Network | undefined {
  const file = files.find(({ path }) => path === netplanFile);
  return file && networkIn(file.content, file.path);
}

function networkIn(text: string, path: string): Network | undefined {
  const { value } = parseYaml(text, path);
  const network = isMapping(value) ? value["network"] : undefined;
  return isMapping(network) ? readVersion2(network, "/network") : undefined;
}

/** netplan has the last word about its own form. */
async function generate(host: Host): Promise<void> {
  // What it prints quotes lines of files, which may hold passwords.
  const { exitCode, stderr } = await host.run(["netplan", "generate"], {
    secret: true,
    okExitCodes: [0, ...refusalExitCodes],
    timeout: commandTimeout,
    why: "check the configuration",
  });
  if (exitCode !== 0) throw netplanRefusal(stderr);
}
