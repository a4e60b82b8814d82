import type { Host } from "kanod-configure";

/** How long one command that (re)starts the network may take, in seconds. */
export const commandTimeout = 180;
/** How long the interfaces may take to be configured before a warning, in seconds. */
export const waitForInterfaces = 60;

/** Whether the machine has a program. */
export async function hasProgram(host: Host, name: string): Promise<boolean> {
  const folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
  return (await firstPath(host, folders, name)) !== undefined;
}

/** The path of a program of systemd that is not meant for people. */
export function systemdProgram(host: Host, name: string): Promise<string | undefined> {
  return firstPath(host, ["/usr/lib/systemd", "/lib/systemd"], name);
}

async function firstPath(host: Host, folders: readonly string[], name: string): Promise<string | undefined> {
  for (const folder of folders) if ((await host.stat(`${folder}/${name}`)) !== undefined) return `${folder}/${name}`;
  return undefined;
}

export async function restart(host: Host, unit: string): Promise<void> {
  await host.run(["systemctl", "restart", unit], { timeout: commandTimeout, why: "bring the network up" });
}
