import type { Host, Store } from "kanod-configure";
import { AgentError, isMapping } from "kanod-configure";
import { findBootLoader } from "./boot-loaders.ts";
import {
  type CommandLineChange,
  isApplied,
  type KernelParameter,
  kernelSyntax,
  maxCommandLine,
  parseCommandLine,
} from "./command-line.ts";

/** Where version 0.1 kept the mark. */
const formerPath = "/var/lib/kanod-configure/kernel-parameters.json";
/** Remembers for which change the machine was rebooted, so that it never is twice for the same. */
const markKey = "change";

interface Mark {
  change: string;
  /** Kernel's boot_id of the boot in which the change was written; empty on a target tree. */
  bootId: string;
}

/**
 * - `in-effect`: the running kernel has them.
 * - `written`: they were written now and come into effect with the next boot.
 * - `waiting`: they were written earlier in this boot.
 */
export type KernelParameterState = "in-effect" | "written" | "waiting";

/**
 * Brings a change of the kernel's command line about.
 *
 * @throws AgentError `live-system` where what is written would not outlive a reboot; `no-boot-loader` where none that is known is installed; `kernel-parameters-without-effect` when
 *   the machine was rebooted for this very change and still runs without it; `command-line-too-long`
 */
export async function applyKernelParameters(
  host: Host,
  store: Store,
  change: CommandLineChange,
): Promise<KernelParameterState> {
  const running = await host.readFile("/proc/cmdline");
  if (running !== undefined && isApplied(parseCommandLine(running), change)) return "in-effect";
  refuseLive(parseCommandLine(running ?? ""), change);
  const mark: Mark = { change: describeChange(change), bootId: await bootId(host) };
  await store.adopt(formerPath, formerMark);
  const earlier = await store.get<Mark>(markKey);
  if (earlier?.change === mark.change) {
    if (earlier.bootId === mark.bootId) return "waiting";
    throw new AgentError(
      "kernel-parameters-without-effect",
      `the machine was rebooted for the kernel parameters, and runs without them: ${mark.change}`,
      { hint: "the boot loader that starts this machine is another one than the one installed on it" },
    );
  }
  await write(host, change, running ?? "");
  await store.set(markKey, mark);
  return "written";
}

/** It forgets the mark with all the rest when it is rebooted, and would be rebooted again and again. */
function refuseLive(running: readonly KernelParameter[], change: CommandLineChange): void {
  if (!running.some(({ name, value }) => name === "boot" && value === "live")) return;
  throw new AgentError(
    "live-system",
    `this live system runs without the kernel parameters: ${describeChange(change)}`,
    {
      hint: "a live system has the kernel parameters of its medium, which only a new medium changes",
    },
  );
}

async function write(host: Host, change: CommandLineChange, running: string): Promise<void> {
  const length = Buffer.byteLength(running.trim()) + Buffer.byteLength(describeChange({ ...change, remove: [] }));
  if (length > maxCommandLine) {
    throw new AgentError(
      "command-line-too-long",
      `with the new kernel parameters the command line has ${length} bytes, the kernel takes ${maxCommandLine}`,
    );
  }
  const loader = await findBootLoader(host);
  if (loader === undefined) {
    throw new AgentError("no-boot-loader", "no boot loader was found to give the kernel parameters to", {
      hint: "known are GRUB 2 with /etc/default/grub, and loaders that read boot loader entries (systemd-boot, RHEL)",
    });
  }
  await loader.apply(host, change);
}

/** For people and for comparisons: `+quiet +a="b c" -splash`. */
export function describeChange(change: CommandLineChange): string {
  const added = change.add.map((parameter) => `+${kernelSyntax.print(parameter)}`);
  return [...added, ...change.remove.map((parameter) => `-${kernelSyntax.print(parameter)}`)].join(" ");
}

async function bootId(host: Host): Promise<string> {
  return ((await host.readFile("/proc/sys/kernel/random/boot_id")) ?? "").trim();
}

function formerMark(text: string): Record<string, unknown> | undefined {
  try {
    const mark: unknown = JSON.parse(text);
    return isMapping(mark) ? { [markKey]: mark } : undefined;
  } catch {
    return undefined;
  }
}
