import type { Host, InterfaceFacts } from "kanod-configure";
import type { Network } from "../model/network.ts";
import type { Setup } from "../renderers/renderer.ts";
import { differences } from "./differences.ts";
import { networkState } from "./machine-state.ts";

/** How long addresses and routes may take once the services say that they are done, in seconds. */
const patience = 20;

/** What differs, by the kernel and by the tool, from what was asked for; empty where neither can tell. */
export async function lookAfterwards(
  host: Host,
  network: Network,
  interfaces: readonly InterfaceFacts[],
  setup: Setup,
  wait: number = patience,
): Promise<string[]> {
  const deadline = host.now().getTime() + wait * 1000;
  for (;;) {
    const state = await networkState(host);
    if (state === undefined) return [];
    const found = differences(network, interfaces, state);
    found.push(...((await setup.renderer.verify?.(host, setup)) ?? []));
    if (found.length === 0 || host.now().getTime() >= deadline) return found;
    await host.sleep(1);
  }
}
