import type { Host } from "kanod-configure";

/** An entry of /etc/passwd (passwd(5)). */
export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
}

/** The account of this name in /etc/passwd; undefined where there is none. */
export async function findAccount(host: Host, name: string): Promise<Account | undefined> {
  const fields = await findEntry(host, "/etc/passwd", name);
  if (fields === undefined) return undefined;
  const [, , uid, gid, , home = "/", shell = ""] = fields;
  return { name, uid: Number(uid), gid: Number(gid), home, shell };
}

/** The members that /etc/group lists for a group; undefined where there is no such group. */
export async function groupMembers(host: Host, name: string): Promise<string[] | undefined> {
  const fields = await findEntry(host, "/etc/group", name);
  return fields?.[3]?.split(",").filter((member) => member !== "") ?? (fields === undefined ? undefined : []);
}

/** The password field of /etc/shadow (shadow(5)); undefined where the account has none. */
export async function passwordHash(host: Host, name: string): Promise<string | undefined> {
  return (await findEntry(host, "/etc/shadow", name))?.[1];
}

async function findEntry(host: Host, path: string, name: string): Promise<string[] | undefined> {
  const lines = ((await host.readFile(path)) ?? "").split("\n");
  return lines.map((line) => line.split(":")).find(([first]) => first === name);
}
