import { eni } from "./eni/eni.ts";
import { netplan } from "./netplan/netplan.ts";
import { networkManager } from "./network-manager/network-manager.ts";
import { networkd } from "./networkd/networkd.ts";
import type { Renderer } from "./renderer.ts";
import { sysconfig } from "./sysconfig/sysconfig.ts";

/** All renderers, in cloud-init's order of preference. Source: cloud-init 26.1, net/renderers.py. */
export const renderers: readonly Renderer[] = [eni, sysconfig, netplan, networkManager, networkd];
