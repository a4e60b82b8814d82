import type { Host } from "kanod-configure";
import { AgentError } from "kanod-configure";

/** In seconds. */
const patience = 60;

/**
 * Reboots the machine, and returns once it is going down: cloud-init must not go on to its next module and be killed
 * in the middle of that. Nothing happens on a target tree or in a plan.
 *
 * @throws AgentError `reboot-refused` when the machine still runs a minute later
 */
export async function rebootMachine(host: Host): Promise<void> {
  const { skipped } = await host.run(["systemctl", "reboot"], { why: "reboot" });
  if (skipped) return;
  for (let waited = 0; waited < patience; waited += 1) {
    // Exit code 1 goes with every state but "running" (systemctl(1)); "stopping" is the one that counts.
    const { stdout } = await host.query(["systemctl", "is-system-running"], { okExitCodes: [0, 1] });
    if (stdout.trim() === "stopping") return;
    await host.sleep(1);
  }
  throw new AgentError("reboot-refused", `the machine did not begin to reboot within ${patience} s`);
}
