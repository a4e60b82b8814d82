import type { Finding } from "kanod-configure";
import { isMapping, jsonPointer } from "kanod-configure";
import { type Network, settingsOf } from "../model.ts";
import { unknownToCloudInit } from "../net-convert.ts";
import { renderNetplan } from "./netplan.ts";
import { renderNetworkManager } from "./network-manager.ts";
import { renderNetworkd } from "./networkd.ts";
import type { RenderContext, RenderedFile, RendererName, Rendering } from "./rendering.ts";

/**
 * The files of a renderer, and what it cannot express, by pointers into the user's configuration. Files are undefined
 * where cloud-init has to make them (sysconfig, eni).
 */
export function render(
  network: Network,
  renderer: RendererName,
  context: RenderContext,
): { files: readonly RenderedFile[] | undefined; findings: Finding[] } {
  const { files, findings } = renderWith(network, renderer, context);
  const unique = new Map<string, Finding>();
  for (const finding of [...findings, ...otherBackEnds(network, renderer)]) {
    const located = { ...finding, pointer: network.locate(finding.pointer) };
    unique.set(JSON.stringify([located.pointer, located.message]), located);
  }
  return { files: renderer === "sysconfig" || renderer === "eni" ? undefined : files, findings: [...unique.values()] };
}

function renderWith(network: Network, renderer: RendererName, context: RenderContext): Rendering {
  switch (renderer) {
    case "netplan":
      return renderNetplan(network);
    case "networkd":
      return renderNetworkd(network, context);
    case "network-manager":
      return renderNetworkManager(network, context);
    default:
      return { files: [], findings: unknownToCloudInit(network, renderer) };
  }
}

/** `renderer` is for netplan, which has two back ends. A wish for the one that the image does not use is told. */
function otherBackEnds(network: Network, renderer: RendererName): Finding[] {
  if (renderer === "netplan") return [];
  const own = { networkd: "networkd", "network-manager": "NetworkManager" }[renderer as string];
  const places = [
    { value: network.version2["renderer"], pointer: "/network/renderer" },
    ...Object.entries(network.version2).map(([kind, section]) => ({
      value: isMapping(section) ? section["renderer"] : undefined,
      pointer: jsonPointer(["network", kind, "renderer"]),
    })),
    ...network.devices.map((device) => ({
      value: settingsOf(device).text("renderer"),
      pointer: `${device.pointer}/renderer`,
    })),
  ];
  return places
    .filter(({ value }) => typeof value === "string" && value !== "sriov" && value !== own)
    .map(({ pointer }) => ({
      severity: "warning",
      code: "renderer-not-used",
      pointer,
      message: `this image renders for ${renderer}: \`renderer\` has no effect`,
      hint: "the renderer of an image is set in its system.yaml",
    }));
}
