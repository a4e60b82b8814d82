import type { Host, Logger } from "kanod-configure";
import type { Setup } from "../renderers/renderer.ts";

/** Has the machine go over from one setup, whose files are gone, to another, whose files are in place. */
export async function switchOver(host: Host, from: Setup, to: Setup, log: Logger): Promise<void> {
  const finish = await from.renderer.takeOver?.(host, from, to);
  await renameInterfaces(host, to.renames);
  await to.renderer.start(host, to, log);
  await finish?.();
}

/**
 * `set-name`, at once: udev renames only when an interface appears. Names that change hands go through a third one.
 * Source: ip-link(8).
 */
export async function renameInterfaces(host: Host, renames: Setup["renames"]): Promise<void> {
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
