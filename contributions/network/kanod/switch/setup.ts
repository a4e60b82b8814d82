import type { InterfaceFacts } from "kanod-configure";
import { matchingInterfaces, namesOf } from "../model/match-interfaces.ts";
import { type Device, isPhysical, type Network, settingsOf } from "../model/network.ts";
import { renderers } from "../renderers/list.ts";
import type { RenderedFile, Renderer, Rendering, Setup } from "../renderers/renderer.ts";

/** The setup of a configuration that was rendered. */
export function setupOf(
  network: Network,
  renderer: Renderer,
  { files, profiles = [] }: Pick<Rendering, "files" | "profiles">,
  interfaces: readonly InterfaceFacts[],
): Setup {
  const { devices } = network;
  return {
    renderer,
    files,
    profiles,
    names: devices.flatMap((device) => namesOf(device, interfaces)),
    awaited: devices.filter(isAwaited).flatMap((device) => namesOf(device, interfaces)),
    made: devices.filter((device) => !isPhysical(device)).map(({ id }) => id),
    renames: devices.flatMap((device) => {
      const to = settingsOf(device).text("set-name");
      const [found, another] = matchingInterfaces(device, interfaces);
      return to === undefined || found === undefined || another !== undefined || found.name === to
        ? []
        : [{ from: found.name, to }];
    }),
  };
}

/** The setup of files that were there before, as far as one of the renderers understands them. */
export function setupOfFiles(
  files: readonly RenderedFile[],
  otherwise: Renderer,
  interfaces: readonly InterfaceFacts[],
): Setup {
  const understood = renderers.flatMap((renderer) => {
    const contents = renderer.read?.(files, interfaces);
    return contents === undefined ? [] : [{ renderer, contents }];
  })[0];
  const contents = understood?.contents ?? { names: [], made: [], profiles: [] };
  const awaited = contents.names.filter((name) => interfaces.some((each) => each.name === name));
  return { renderer: understood?.renderer ?? otherwise, files, ...contents, awaited, renames: [] };
}

/** Whether starting waits for the device: it is to get an address, and is not optional. */
function isAwaited(device: Device): boolean {
  const settings = settingsOf(device);
  if (settings.flag("optional") === true || settings.has("activation-mode") || device.id === "lo") return false;
  // A bridge without ports never has a carrier.
  if (device.kind === "bridges" && settings.texts("interfaces").length === 0) return false;
  return settings.flag("dhcp4") === true || settings.flag("dhcp6") === true || settings.has("addresses");
}
