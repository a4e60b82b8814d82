import type { Checked, Finding, ProxySettings, SystemSettings } from "kanod-configure";
import { hasErrors, isMapping, type Problem } from "kanod-configure";
import { longestDuration, type NetworkCheck } from "../checks/network-checks.ts";
import type { Network } from "../model/network.ts";
import { render } from "../renderers/render.ts";
import { rendererNamed } from "../renderers/select.ts";
import { error } from "./context.ts";
import { type ReadNetwork, readNetwork } from "./read-network.ts";

/** The sections of a configuration that are about the network, as the schema has accepted them. */
export interface NetworkSections {
  network?: unknown;
  network_checks?: readonly NetworkCheck[];
  network_rollback?: boolean;
  /** Of other elements: what the checks need of them. */
  proxy?: ProxySettings;
  certificates?: Readonly<Record<string, string>>;
}

/** How long all network checks may take together, in seconds. */
export const longestChecks = 3000;

/**
 * What the schema cannot say about the sections. Where system.yaml names the renderer, what that cannot express is found
 * too; otherwise the machine finds it, before it changes anything.
 */
export function checkNetworkSections(conf: NetworkSections, system: SystemSettings): Checked<Network | undefined> {
  const { network, findings } = checkedNetwork(conf, system);
  return { findings: [...findings, ...checkFindings(conf)], parsed: network };
}

/** `network.renderer` of system.yaml. */
export function rendererSetting(system: SystemSettings): unknown {
  const section = system["network"];
  return isMapping(section) ? section["renderer"] : undefined;
}

function checkedNetwork(conf: NetworkSections, system: SystemSettings): ReadNetwork {
  if (conf.network === undefined) return { findings: [] };
  const read = readNetwork(conf.network);
  const { network, findings } = read;
  const renderer = rendererNamed(rendererSetting(system));
  if (network === undefined || renderer === undefined || hasErrors(findings as readonly Problem[])) return read;
  return { network, findings: [...findings, ...render(network, renderer, { interfaces: [] }).findings] };
}

function checkFindings({ network_checks: checks = [] }: NetworkSections): Finding[] {
  const findings = checks.flatMap((check, index): Finding[] => {
    const port = Number(check.tcp?.split(":").at(-1) ?? 1);
    if (port > 0 && port < 65536) return [];
    return [error("bad-port", `/network_checks/${index}/tcp`, "a port is a number from 1 to 65535")];
  });
  const duration = checks.reduce((sum, check) => sum + longestDuration(check), 0);
  if (duration > longestChecks) {
    const message = `the checks may take ${Math.ceil(duration)} s together; ${longestChecks} s are allowed`;
    const hint = "lower tries, timeout or interval";
    findings.push(error("checks-too-long", "/network_checks", message, { hint, atKey: true }));
  }
  return findings;
}
