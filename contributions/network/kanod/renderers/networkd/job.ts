import type { Finding } from "kanod-configure";
import type { Device } from "../../model/network.ts";
import type { Settings } from "../../model/settings.ts";
import type { RenderContext } from "../renderer.ts";

/** One device on its way to files. */
export interface NetworkdJob {
  device: Device;
  /** Each key that is expressed is read from here. */
  settings: Settings;
  /** The bond, bridge or VRF that the device is a port of. */
  master: Device | undefined;
  /** VLANs and VXLANs that stand on it. */
  above: readonly Device[];
  context: RenderContext;
  findings: Finding[];
}
