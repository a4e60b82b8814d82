import { CommandError } from "../../host/errors.ts";
import type { Host } from "../../host/host.ts";

/** In seconds. */
const settleTimeout = 30;

/** Waits, a bounded time, until udev has made the nodes and links of devices that just came. A container has no udev. */
export async function settleDevices(host: Host, why: string): Promise<void> {
  try {
    await host.run(["udevadm", "settle", `--timeout=${settleTimeout}`], { okExitCodes: [0, 1], why });
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== "command-not-found") throw error;
  }
}
