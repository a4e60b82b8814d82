import type { Finding } from "kanod-configure";
import { isMapping, jsonPointer } from "kanod-configure";
import { type Network, settingsOf } from "../model/network.ts";
import type { RenderContext, Renderer, Rendering } from "./renderer.ts";

/** What a renderer makes of a network, with findings at places of the user's configuration. */
export function render(network: Network, renderer: Renderer, context: RenderContext): Rendering {
  const rendering = renderer.render(network, context);
  const unique = new Map<string, Finding>();
  for (const finding of [...rendering.findings, ...otherBackEnds(network, renderer)]) {
    const located = { ...finding, pointer: network.locate(finding.pointer) };
    unique.set(JSON.stringify([located.pointer, located.message]), located);
  }
  return { ...rendering, findings: [...unique.values()] };
}

/** `renderer` is for netplan, which has several back ends: a back end that the image does not use has no effect. */
function otherBackEnds(network: Network, { name, backEnd }: Renderer): Finding[] {
  if (name === "netplan") return [];
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
    .filter(({ value }) => typeof value === "string" && value !== "sriov" && value !== backEnd)
    .map(({ pointer }) => ({
      severity: "warning",
      code: "renderer-not-used",
      pointer,
      message: `this image renders for ${name}: \`renderer\` has no effect`,
      hint: "the renderer of an image is set in its system.yaml",
    }));
}
