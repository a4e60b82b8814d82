import { type Host, splitMarkedBlock, withMarkedBlock } from "kanod-configure";

/** In characters: sethostname(2) takes no more. */
const longest = 64;

/** What is wrong with a name for this machine, or undefined. An underscore is no DNS name, but a name Linux takes. */
export function machineNameFault(name: string): string | undefined {
  if (name.length > longest) return `is longer than the ${longest} characters that Linux takes for a host name`;
  const isLabel = (label: string): boolean => /^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/.test(label);
  return name.split(".").every(isLabel)
    ? undefined
    : "is no host name: letters, digits, hyphens, and dots between them";
}

/** Names the machine, now and after the next boot. Returns what was done, for people; empty when it has that name. */
export async function setHostName(host: Host, name: string): Promise<string[]> {
  const done: string[] = [];
  if ((await host.writeFile("/etc/hostname", `${name}\n`)) !== "same") done.push("/etc/hostname written");
  const hosts = (await host.readFile("/etc/hosts")) ?? "";
  if ((await host.writeFile("/etc/hosts", withName(hosts, name))) !== "same") done.push("/etc/hosts written");
  const running = (await host.readFile("/proc/sys/kernel/hostname"))?.trim();
  if (running !== undefined && running !== name) {
    await host.run([...(await renamingCommand(host)), name], { why: "use the name now" });
    done.push("renamed");
  }
  return done;
}

/**
 * hostname(1) tells the kernel, and that is all there is to do: systemd-hostnamed reads /etc/hostname when it is asked.
 * hostnamectl(1) starts this service, which takes longer than all other work on the name. NetworkManager hears of a name,
 * which it may otherwise replace by one that DHCP gives, from that service alone.
 */
async function renamingCommand(host: Host): Promise<string[]> {
  const hasManager = (await host.stat("/run/NetworkManager")) !== undefined;
  const isEnough = !hasManager && (await host.stat("/bin/hostname")) !== undefined;
  return isEnough ? ["hostname"] : ["hostnamectl", "set-hostname"];
}

/**
 * The text of hosts(5), in which the machine finds itself: sudo and many services look their own name up. Debian gives
 * it 127.0.1.1 (Debian Reference, 5.1.1). A name that somebody else put there is left to them.
 */
export function withName(text: string, name: string): string {
  const { others } = splitMarkedBlock(text);
  const known = others.split("\n").some((line) => line.replace(/#.*/, "").trim().split(/\s+/).slice(1).includes(name));
  const short = name.split(".")[0] ?? name;
  return withMarkedBlock(text, known ? [] : [`127.0.1.1 ${short === name ? name : `${name} ${short}`}`]);
}
