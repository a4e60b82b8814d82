import type { Host } from "kanod-configure";
import { HostError } from "kanod-configure";
import { netplanFile } from "./render/netplan.ts";
import { addressModeFile, keyfileFolder, keyfilePrefix } from "./render/network-manager.ts";
import { networkdFolder, networkdPrefix } from "./render/networkd.ts";
import type { RenderedFile } from "./render/rendering.ts";

/** Keeps cloud-init from writing network configuration at later boots. Source: cloud-init, "Network configuration". */
export const cloudInitSwitch: RenderedFile = {
  path: "/etc/cloud/cloud.cfg.d/99-kanod-configure-network.cfg",
  content: "# Written by kanod-configure: the network is its business from now on.\nnetwork: {config: disabled}\n",
  mode: 0o644,
  secret: false,
};

/** Files that cloud-init's renderers write, by name or by their first line. */
const ownFiles = [netplanFile, addressModeFile, "/etc/network/interfaces.d/50-cloud-init", cloudInitSwitch.path];
const markedFolders = ["/etc/sysconfig/network-scripts", "/etc/sysconfig/network"];
const marker = /^# (Created by cloud-init automatically|This file is generated from information provided by)/;

/** A file as it was, to be put back. */
export interface KeptFile {
  path: string;
  content: string;
  mode: number;
  owner: { uid: number; gid: number };
}

/**
 * Every file with network configuration that cloud-init, or an earlier run of ours (`known`), has written for any
 * renderer. Nothing else is touched.
 */
export async function renderedFiles(host: Host, known: readonly string[] = []): Promise<KeptFile[]> {
  const prefixed = [
    ...(await inFolder(host, networkdFolder, (name) => name.startsWith(networkdPrefix))),
    ...(await inFolder(host, keyfileFolder, (name) => name.startsWith(keyfilePrefix))),
  ];
  const marked: string[] = [];
  for (const folder of markedFolders) {
    marked.push(...(await inFolder(host, folder, (name) => /^(ifcfg|route6?|ifroute)-/.test(name))));
  }
  const certain = await keep(host, [...new Set([...ownFiles, ...prefixed, ...known])]);
  const others = await keep(host, marked);
  return [...certain, ...others.filter(({ path, content }) => marker.test(content) && !known.includes(path))];
}

async function inFolder(host: Host, folder: string, accepts: (name: string) => boolean): Promise<string[]> {
  const names = (await host.list(folder).catch(noFolder)) ?? [];
  return names.filter(accepts).map((name) => `${folder}/${name}`);
}

/** Red Hat's /etc/sysconfig/network is a file, and SUSE's a folder. */
function noFolder(error: unknown): undefined {
  if (!(error instanceof HostError) || error.code !== "not-a-folder") throw error;
}

async function keep(host: Host, paths: readonly string[]): Promise<KeptFile[]> {
  const kept: KeptFile[] = [];
  for (const path of paths) {
    const status = await host.stat(path);
    if (status?.kind !== "file") continue;
    const content = (await host.readFile(path)) ?? "";
    kept.push({ path, content, mode: status.mode, owner: { uid: status.uid, gid: status.gid } });
  }
  return kept;
}

/** The id of a group in group(5); root's where there is none of this name, as on a tree without systemd-networkd. */
export async function groupId(host: Host, name: string): Promise<number> {
  const line = (await host.readFile("/etc/group"))?.split("\n").find((each) => each.startsWith(`${name}:`));
  return Number(line?.split(":")[2] ?? 0);
}
