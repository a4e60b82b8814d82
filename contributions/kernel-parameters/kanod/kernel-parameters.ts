import {
  type BootConfiguration,
  type Checked,
  type CheckParams,
  type Finding,
  registerBoot,
  stopCloudInit,
} from "kanod-configure";
import { type CommandLineChange, commandLineFault, parameterFault, parseCommandLine } from "./kernel/command-line.ts";
import { applyKernelParameters, describeChange } from "./kernel/kernel-parameters.ts";
import { rebootMachine } from "./kernel/reboot.ts";

registerBoot(
  "Kernel parameters",
  50,
  async ({ conf, parsed: change, host, log, store, defer }) => {
    if (change.add.length + change.remove.length === 0) return;
    const state = await applyKernelParameters(host, store, change);
    const description = describeChange(change);
    if (state === "in-effect") return log.info(`in effect already: ${description}`);
    if (conf.kernel?.reboot === false) return log.info(`${state} for the next boot: ${description}`);
    // At the very end, so that the journal has the whole run when the machine goes down.
    defer("reboot", (_, hostOfEnd) => rebootMachine(hostOfEnd));
    stopCloudInit(`reboots for the kernel parameters ${description}`);
  },
  { check },
);

function check({ conf }: CheckParams<BootConfiguration>): Checked<CommandLineChange> {
  return { findings: findings(conf), parsed: wanted(conf) };
}

function wanted(conf: BootConfiguration): CommandLineChange {
  const { add = [], remove = [] } = conf.kernel ?? {};
  const parameters = (texts: readonly string[]): CommandLineChange["add"] => texts.flatMap(parseCommandLine);
  return { add: [...parameters([conf.grub ?? ""]), ...parameters(add)], remove: parameters(remove) };
}

function findings(conf: BootConfiguration): Finding[] {
  const found: Finding[] = [];
  const fault = (pointer: string, reason: string | undefined): void => {
    if (reason === undefined) return;
    found.push({ severity: "error", code: "bad-kernel-parameter", pointer, message: `the kernel parameter ${reason}` });
  };
  if (conf.grub !== undefined) fault("/grub", commandLineFault(conf.grub));
  for (const list of ["add", "remove"] as const) {
    for (const [index, text] of (conf.kernel?.[list] ?? []).entries()) {
      fault(`/kernel/${list}/${index}`, parameterFault(text));
    }
  }
  const removed = new Set(conf.kernel?.remove);
  for (const [index, text] of (conf.kernel?.add ?? []).entries()) {
    if (removed.has(text)) fault(`/kernel/add/${index}`, "is added and removed");
  }
  return found;
}
