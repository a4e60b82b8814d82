import { isMapping } from "../../config/mapping.ts";
import { CommandError } from "../errors.ts";
import type { Host } from "../host.ts";
import type { Hardware } from "./hardware.ts";

/** The argument with which any of our programs prints the hardware as JSON, and does nothing else. */
export const hardwareArgument = "--print-hardware";

/** In seconds. */
const patience = 20;
/** Where the programs of the machine are, whatever the agent was started with. */
const path = "/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Asks a child of the agent, which is ended with all that it started when it takes too long. Empty where nobody knows: the
 * kernel's own files tell what matters.
 *
 * @param program the argv that starts one of our programs
 */
export async function askForHardware(host: Host, program: readonly string[]): Promise<Partial<Hardware>> {
  try {
    const options = { timeout: patience, env: { PATH: path, LC_ALL: "C" } };
    const { stdout } = await host.query([...program, hardwareArgument], options);
    const answer: unknown = JSON.parse(stdout);
    return isMapping(answer) ? answer : {};
  } catch (error) {
    if (error instanceof CommandError || error instanceof SyntaxError) return {};
    throw error;
  }
}
