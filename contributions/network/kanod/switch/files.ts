import type { Host } from "kanod-configure";
import { HostError } from "kanod-configure";
import { renderers } from "../renderers/list.ts";
import type { ConfigurationFiles, KeptFile, RenderedFile } from "../renderers/renderer.ts";

/** Keeps cloud-init from writing network configuration at later boots. Source: cloud-init, "Network configuration". */
export const cloudInitSwitch: RenderedFile = {
  path: "/etc/cloud/cloud.cfg.d/99-kanod-configure-network.cfg",
  content: "# Written by kanod-configure: it configures the network from now on.\nnetwork: {config: disabled}\n",
  mode: 0o644,
  secret: false,
};

/**
 * Every file with network configuration that cloud-init, or an earlier run of ours (`known`), has written for any
 * renderer. Nothing else is touched.
 */
export async function ownFiles(host: Host, known: readonly string[] = []): Promise<KeptFile[]> {
  const kept = new Map<string, KeptFile>();
  for (const path of [cloudInitSwitch.path, ...known]) {
    const file = await keep(host, path);
    if (file !== undefined) kept.set(path, file);
  }
  for (const files of renderers.flatMap((renderer) => renderer.files)) {
    for (const file of await matching(host, files.folder, files.own)) {
      if (files.ownContent?.test(file.content) !== false) kept.set(file.path, file);
    }
  }
  return [...kept.values()];
}

/** Every file below /etc with network configuration, for whichever renderer and of whoever. */
export async function allFiles(host: Host, known: readonly string[]): Promise<KeptFile[]> {
  const kept = await ownFiles(host, known);
  for (const { folder, name } of renderers.flatMap((renderer) => renderer.files)) {
    kept.push(...(await matching(host, folder, name)));
  }
  return [...new Map(kept.map((file) => [file.path, file])).values()];
}

/** The files that a renderer reads, in all its folders: of those with the same name only the first counts. */
export async function filesInEffect(host: Host, files: ConfigurationFiles): Promise<KeptFile[]> {
  const byName = new Map<string, KeptFile>();
  for (const folder of [files.folder, ...(files.others ?? [])]) {
    for (const file of await matching(host, folder, files.name)) {
      const name = file.path.slice(folder.length);
      if (!byName.has(name)) byName.set(name, file);
    }
  }
  return [...byName.values()];
}

async function matching(host: Host, folder: string, accepted: RegExp | undefined): Promise<KeptFile[]> {
  // Red Hat's /etc/sysconfig/network is a file, and SUSE's a folder.
  const names = (await host.list(folder).catch(noFolder)) ?? [];
  const kept: KeptFile[] = [];
  for (const name of names) {
    const file = accepted?.test(name) === true ? await keep(host, `${folder}/${name}`) : undefined;
    if (file !== undefined) kept.push(file);
  }
  return kept;
}

function noFolder(error: unknown): undefined {
  if (!(error instanceof HostError) || error.code !== "not-a-folder") throw error;
}

/** Undefined where there is no file. Any of them may hold keys. */
async function keep(host: Host, path: string): Promise<KeptFile | undefined> {
  const status = await host.stat(path);
  if (status?.kind !== "file") return undefined;
  const content = (await host.readFile(path)) ?? "";
  return { path, content, mode: status.mode, owner: { uid: status.uid, gid: status.gid }, secret: true };
}

/** What was done to the files. */
export interface FileChanges {
  written: readonly string[];
  removed: readonly string[];
}

/** Puts files in place of others. Files that are right already are not touched. */
export async function replaceFiles(
  host: Host,
  from: readonly RenderedFile[],
  to: readonly RenderedFile[],
): Promise<FileChanges> {
  const written: string[] = [];
  for (const { path, content, mode, secret, group, owner } of to) {
    const gid = group === undefined ? 0 : await groupId(host, group);
    const change = await host.writeFile(path, content, { mode, owner: owner ?? { uid: 0, gid }, secret });
    if (change !== "same") written.push(path);
  }
  const kept = new Set(to.map(({ path }) => path));
  const removed = from.map(({ path }) => path).filter((path) => !kept.has(path));
  for (const path of removed) await host.remove(path);
  return { written, removed };
}

/** The id of a group in group(5); root's where there is none of this name, as on a tree without systemd-networkd. */
async function groupId(host: Host, name: string): Promise<number> {
  const line = (await host.readFile("/etc/group"))?.split("\n").find((each) => each.startsWith(`${name}:`));
  return Number(line?.split(":")[2] ?? 0);
}
