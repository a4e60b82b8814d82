import type { Host } from "kanod-configure";
import { AgentError } from "kanod-configure";
import type { BootLoader } from "./boot-loader.ts";
import {
  appendParameters,
  type CommandLineChange,
  type CommandLineSyntax,
  editCommandLine,
  grubSyntax,
  kernelSyntax,
  missing,
  parametersOf,
  removeParameters,
} from "./command-line.ts";
import { defaultsPath, editDefaults } from "./grub.ts";

/** Where the Boot Loader Specification's type 1 entries stand, by the mount point of the boot partition. */
const entryFolders = ["/boot/loader/entries", "/efi/loader/entries", "/boot/efi/loader/entries"];
/** What kernel-install(8) gives to the entries of kernels that are installed later. */
const futurePath = "/etc/kernel/cmdline";

/** The entries themselves are systemd-boot's only settings. */
export const systemdBoot: BootLoader = {
  name: "systemd-boot",
  isUsed: async (host) => (await host.readFile(defaultsPath)) === undefined && (await findEntries(host)).length > 0,
  apply: async (host, change) => editEntries(host, await findEntries(host), change, kernelSyntax),
};

/** The RHEL family's GRUB. Debian's knows nothing of such entries: a left-over folder does not count. */
export const grubWithEntries: BootLoader = {
  name: "GRUB with boot loader entries",
  isUsed: async (host) => {
    const readsEntries = /^\s*GRUB_ENABLE_BLSCFG=["']?true/m.test((await host.readFile(defaultsPath)) ?? "");
    return readsEntries && (await findEntries(host)).length > 0;
  },
  apply: editGrubEntries,
};

async function findEntries(host: Host): Promise<string[]> {
  const entries: string[] = [];
  for (const folder of entryFolders) {
    const names = (await host.list(folder)) ?? [];
    entries.push(...names.filter((name) => name.endsWith(".conf")).map((name) => `${folder}/${name}`));
  }
  return entries;
}

async function editGrubEntries(host: Host, change: CommandLineChange): Promise<void> {
  // GRUB's blscfg expands variables in an entry before its script language sees the quotes.
  const expanded = change.add.find(({ value }) => value?.includes("$") === true);
  if (expanded !== undefined) {
    throw new AgentError("bad-kernel-parameter", `GRUB's boot entries cannot hold a "$": ${expanded.name}`);
  }
  await editEntries(host, await findEntries(host), change, grubSyntax);
  if (change.remove.length > 0) await editKernelOptions(host, { add: [], remove: change.remove });
  await editDefaults(host, change);
}

async function editEntries(
  host: Host,
  entries: readonly string[],
  change: CommandLineChange,
  syntax: CommandLineSyntax,
): Promise<void> {
  for (const path of entries) {
    const text = await host.readFile(path);
    if (text !== undefined) await host.writeFile(path, editEntry(text, change, syntax));
  }
  const future = await host.readFile(futurePath);
  if (future !== undefined) await host.writeFile(futurePath, `${editCommandLine(future, change, syntax)}\n`);
}

/**
 * An entry with its command line changed. The specification joins several `options` lines: what is added goes to the
 * last one. An entry without such a line gets one.
 */
export function editEntry(text: string, change: CommandLineChange, syntax: CommandLineSyntax): string {
  const options = /^(options[ \t]+)(.*)$/gm;
  const all = [...text.matchAll(options)];
  if (all.length === 0) {
    const line = editCommandLine("", change, syntax);
    return line === "" ? text : `${text.replace(/\n?$/, "\n")}options ${line}\n`;
  }
  const kept = all.map((match) => removeParameters(match[2] ?? "", change, syntax));
  const lacking = missing(parametersOf(kept.join(" "), syntax), change.add);
  let index = -1;
  return text.replace(options, (_, key: string) => {
    index += 1;
    const line = kept[index] ?? "";
    return `${key}${index === all.length - 1 ? appendParameters(line, lacking, syntax) : line}`;
  });
}

/** RHEL 8 keeps the parameters that all entries share in the variable `kernelopts` of GRUB's environment block. */
async function editKernelOptions(host: Host, change: CommandLineChange): Promise<void> {
  const { stdout } = await host.query(["grub2-editenv", "-", "list"], { onTree: "chroot" });
  const before = /^kernelopts=(.*)$/m.exec(stdout)?.[1];
  if (before === undefined) return;
  const after = editCommandLine(before, change, grubSyntax);
  if (after === before) return;
  await host.run(["grub2-editenv", "-", "set", `kernelopts=${after}`], {
    onTree: "chroot",
    why: "remove kernel parameters that all boot entries share",
  });
}
