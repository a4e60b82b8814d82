import type { Host, Logger } from "kanod-configure";
import { bringUp } from "./bring-up.ts";
import { groupId } from "./network-files.ts";
import { netplanFile } from "./render/netplan.ts";
import type { RenderedFile } from "./render/rendering.ts";
import type { Setup } from "./setup.ts";

/** What was done to the files. */
export interface FileChanges {
  written: readonly string[];
  removed: readonly string[];
}

/** Puts the files of a setup in place of those of another. Files that are right already are not touched. */
export async function replaceFiles(host: Host, from: Setup, to: Setup): Promise<FileChanges> {
  const written: string[] = [];
  for (const file of to.files) {
    if ((await writeFile(host, file)) !== "same") written.push(file.path);
  }
  const kept = new Set(to.files.map(({ path }) => path));
  const removed = from.files.map(({ path }) => path).filter((path) => !kept.has(path));
  for (const path of removed) await host.remove(path);
  return { written, removed };
}

async function writeFile(
  host: Host,
  { path, content, mode, secret, group, owner }: RenderedFile,
): ReturnType<Host["writeFile"]> {
  const gid = group === undefined ? 0 : await groupId(host, group);
  return host.writeFile(path, content, { mode, owner: owner ?? { uid: 0, gid }, secret });
}

/** Has the machine go over from one setup, whose files are gone, to another, whose files are in place. */
export async function switchOver(host: Host, from: Setup, to: Setup, log: Logger): Promise<void> {
  const usesNetworkd = from.renderer === "networkd" || from.renderer === "netplan";
  if (usesNetworkd) await deleteLinks(host, without(from.made, to.made));
  if (from.renderer === "netplan" && to.renderer !== "netplan") await forgetNetplan(host, from);
  await renameInterfaces(host, to.renames);
  await bringUp(host, to, log);
  if (usesNetworkd) await releaseInterfaces(host, without(without(from.names, to.names), from.made));
}

/** systemd-networkd does not delete the devices that it has made, and neither does netplan. */
async function deleteLinks(host: Host, names: readonly string[]): Promise<void> {
  for (const name of await present(host, names)) {
    await host.run(["ip", "link", "delete", "dev", name], { why: "it is no longer in the configuration" });
  }
}

/** Addresses that nobody manages any longer stay on an interface until it is told. */
async function releaseInterfaces(host: Host, names: readonly string[]): Promise<void> {
  for (const name of await present(host, names)) {
    if (name === "lo") continue;
    const why = "it is no longer in the configuration";
    await host.run(["ip", "address", "flush", "dev", name], { why });
    await host.run(["ip", "link", "set", "dev", name, "down"], { why });
  }
}

/** What netplan has made of its file stands below /run until it looks again. */
async function forgetNetplan(host: Host, from: Setup): Promise<void> {
  if (!from.files.some(({ path }) => path === netplanFile)) return;
  await host.run(["netplan", "generate"], { why: "forget the former configuration" });
}

/**
 * `set-name`, at once: udev renames only when an interface appears. Names that change hands go through a third one.
 * Source: ip-link(8).
 */
async function renameInterfaces(host: Host, renames: Setup["renames"]): Promise<void> {
  const taken = new Set(renames.map(({ from }) => from));
  const steps = renames.map(({ from, to }, index) => ({
    from,
    to,
    third: taken.has(to) ? `kanod-swap${index}` : undefined,
  }));
  for (const { from, to, third } of steps) await renameInterface(host, from, third ?? to);
  for (const { to, third } of steps) if (third !== undefined) await renameInterface(host, third, to);
}

async function renameInterface(host: Host, from: string, to: string): Promise<void> {
  const why = "set-name";
  await host.run(["ip", "link", "set", "dev", from, "down"], { why });
  await host.run(["ip", "link", "set", "dev", from, "name", to], { why });
  await host.run(["ip", "link", "set", "dev", to, "up"], { why });
}

async function present(host: Host, names: readonly string[]): Promise<string[]> {
  const all = new Set((await host.list("/sys/class/net")) ?? []);
  return [...new Set(names)].filter((name) => all.has(name));
}

function without(names: readonly string[], others: readonly string[]): string[] {
  return names.filter((name) => !others.includes(name));
}
