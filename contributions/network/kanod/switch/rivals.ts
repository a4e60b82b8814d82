import type { Host, InterfaceFacts, Logger } from "kanod-configure";
import type { Rival, Setup } from "../renderers/renderer.ts";
import { filesInEffect, ownFiles } from "./files.ts";

/** Files of others that the renderer would use for interfaces that the setup configures. */
export async function rivalFiles(host: Host, setup: Setup, interfaces: readonly InterfaceFacts[]): Promise<Rival[]> {
  const { renderer } = setup;
  if (renderer.rivals === undefined) return [];
  const own = new Set([...setup.files, ...(await ownFiles(host))].map(({ path }) => path));
  const files = (await Promise.all(renderer.files.map((each) => filesInEffect(host, each)))).flat();
  return renderer.rivals(
    files.filter(({ path }) => !own.has(path)),
    setup,
    interfaces,
  );
}

/** The path to which a file is set aside, which no renderer reads; of a file below /usr or /run, the one that hides it. */
export function asidePath(path: string): string {
  return path.startsWith("/etc/") ? `${path}.kanod-aside` : path.replace(/^(\/run|(\/usr(\/local)?)?\/lib)/, "/etc");
}

export async function setAside(host: Host, { path, mask }: Rival, log: Logger): Promise<void> {
  const aside = asidePath(path);
  const status = await host.stat(path);
  const content = path.startsWith("/etc/") ? ((await host.readFile(path)) ?? "") : mask;
  await host.writeFile(aside, content, { mode: status?.mode ?? 0o600, secret: true });
  if (path.startsWith("/etc/")) await host.remove(path);
  log.warn(`network: ${path} configures the same interfaces: it is set aside (${aside})`, { path });
}
