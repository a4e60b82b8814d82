import { type Checked, type CheckParams, register, registerBoot } from "kanod-configure";
import { checkNetworkSections } from "./check/sections.ts";
import type { Network } from "./model/network.ts";
import { configureNetwork, settleSwitch } from "./switch/configure.ts";

/** Longer than all network checks together may take, in seconds. */
const timeout = 3600;
/** A run that was ended within a switch of networks is settled by the next one, and already by the next boot. */
const owed = {
  "former-network": (params: Parameters<typeof settleSwitch>[0], { data }: { data: unknown }) =>
    settleSwitch(params, data),
};

function check({ conf, system }: CheckParams): Checked<Network | undefined> {
  return checkNetworkSections(conf, system);
}

register("Network", 10, configureNetwork, { timeout, owed, check });
registerBoot("Network", 1, () => {}, { owed });
