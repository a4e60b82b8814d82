import type { Host } from "kanod-configure";
import { AgentError, shellString, splitMarkedBlock, withMarkedBlock } from "kanod-configure";
import type { BootLoader } from "./boot-loader.ts";
import {
  appendParameters,
  type CommandLineChange,
  grubSyntax,
  missing,
  parametersOf,
  removeParameters,
} from "./command-line.ts";

export const defaultsPath = "/etc/default/grub";
const snippetFolder = "/etc/default/grub.d";
/** Read last: what other packages brought is kept, and ours has the last word. */
const snippetPath = `${snippetFolder}/95-kanod-configure.cfg`;

/** Parameters of all boots, and those that a recovery entry goes without. */
const variables = ["GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"] as const;
type Values = Record<(typeof variables)[number], string>;

/** GRUB 2 whose menu is generated from /etc/default/grub. */
export const grub: BootLoader = {
  name: "GRUB",
  isUsed: async (host) => (await host.readFile(defaultsPath)) !== undefined && (await menuGenerators(host)).length > 0,
  apply: async (host, change) => {
    await editDefaults(host, change);
    for (const argv of await menuGenerators(host)) {
      await host.run(argv, { timeout: 300, onTree: "chroot", why: "put the kernel parameters into GRUB's menu" });
    }
  },
};

/**
 * Writes the change into a file of our own in /etc/default/grub.d, where this GRUB reads that folder (Debian's family),
 * otherwise into a marked block at the end of /etc/default/grub.
 */
export async function editDefaults(host: Host, change: CommandLineChange): Promise<void> {
  const present = (await host.readFile(defaultsPath)) ?? "";
  const defaults = splitMarkedBlock(present).others;
  const readsSnippets = await supportsSnippets(host);
  const before = await effectiveValues(host, defaults, readsSnippets);
  if (before === undefined) return;
  const assignments = assignmentsFor(before, change);
  if (readsSnippets) {
    await host.writeFile(snippetPath, `${snippetHead}${assignments}`);
  } else {
    await host.writeFile(defaultsPath, withMarkedBlock(present, assignments.split("\n").slice(0, -1)));
  }
}

const snippetHead = `# Written by kanod-configure from boot.grub and boot.kernel: changes made here are lost.
# Ubuntu takes the reboot that applies them for a failed boot, and would wait 30 s in the menu.
GRUB_RECORDFAIL_TIMEOUT=1
`;

async function supportsSnippets(host: Host): Promise<boolean> {
  for (const path of ["/usr/sbin/grub-mkconfig", "/usr/sbin/grub2-mkconfig"]) {
    if ((await host.readFile(path))?.includes("/default/grub.d/") === true) return true;
  }
  return false;
}

/**
 * The two variables as grub-mkconfig sees them, without what an earlier run of ours made of them. A shell reads them,
 * because the files are shell scripts. Undefined on a target tree in which no shell can run.
 */
async function effectiveValues(host: Host, defaults: string, snippets: boolean): Promise<Values | undefined> {
  const readSnippets = `for f in ${snippetFolder}/*.cfg; do [ ! -e "$f" ] || [ "$f" = ${snippetPath} ] || . "$f"; done`;
  const print = variables.map((name) => `printf '%s\\0' "$${name}"`).join("; ");
  const { stdout, skipped } = await host.query(["sh"], {
    input: `{\n${defaults}\n${snippets ? readSnippets : ":"}\n} >&2\n${print}\n`,
    onTree: "chroot",
    why: "read GRUB's settings",
  });
  if (skipped) return undefined;
  const [all, normal] = stdout.split("\0");
  if (all === undefined || normal === undefined) {
    throw new AgentError("bad-grub-settings", `${defaultsPath} cannot be read by a shell`);
  }
  return { GRUB_CMDLINE_LINUX: all, GRUB_CMDLINE_LINUX_DEFAULT: normal };
}

/** Shell text that makes `change` of the values `before`; empty where they are as wanted. */
function assignmentsFor(before: Values, change: CommandLineChange): string {
  const kept = variables.map((name) => removeParameters(before[name], change, grubSyntax));
  const lacking = missing(parametersOf(kept.join(" "), grubSyntax), change.add);
  const [all = "", normal = ""] = kept;
  const after: Values = {
    GRUB_CMDLINE_LINUX: all,
    GRUB_CMDLINE_LINUX_DEFAULT: appendParameters(normal, lacking, grubSyntax),
  };
  return variables.map((name) => assignment(name, before[name], after[name])).join("");
}

/** What is only added to goes on following the value that other packages give. */
function assignment(name: string, before: string, after: string): string {
  if (after === before) return "";
  const addition = after.startsWith(`${before} `) ? after.slice(before.length) : undefined;
  return addition === undefined ? `${name}=${shellString(after)}\n` : `${name}="$${name}"${shellString(addition)}\n`;
}

/** The commands that write GRUB's menu. */
async function menuGenerators(host: Host): Promise<string[][]> {
  if (await isProgram(host, "update-grub")) return [["update-grub"]];
  for (const program of ["grub2-mkconfig", "grub-mkconfig"]) {
    if (await isProgram(host, program)) return (await menuFiles(host)).map((path) => [program, "-o", path]);
  }
  return [];
}

async function isProgram(host: Host, name: string): Promise<boolean> {
  return (await host.stat(`/usr/sbin/${name}`)) !== undefined || (await host.stat(`/usr/bin/${name}`)) !== undefined;
}

/**
 * Where the menu stands. /etc/grub2.cfg and /etc/grub2-efi.cfg are the RHEL family's links to it; a small file on the
 * EFI partition that only names another one must not be overwritten.
 */
async function menuFiles(host: Host): Promise<string[]> {
  const found: string[] = [];
  for (const path of ["/boot/grub2/grub.cfg", "/boot/grub/grub.cfg", "/etc/grub2-efi.cfg"]) {
    if ((await host.readFile(path))?.includes("### BEGIN /etc/grub.d/") === true) found.push(path);
  }
  return found.includes("/boot/grub2/grub.cfg") && found.length > 1 ? withoutSameFile(host, found) : found;
}

/** /etc/grub2-efi.cfg points to /boot/grub2/grub.cfg on newer releases: one menu, not two. */
async function withoutSameFile(host: Host, paths: string[]): Promise<string[]> {
  const target = (await host.stat("/etc/grub2-efi.cfg"))?.target;
  return target?.endsWith("/boot/grub2/grub.cfg") === true ? paths.filter((p) => p !== "/etc/grub2-efi.cfg") : paths;
}
