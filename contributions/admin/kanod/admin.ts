import { type Configuration, type Finding, type Host, isReference, register } from "kanod-configure";
import { type Account, findAccount, groupMembers, passwordHash } from "./accounts/accounts.ts";
import { fitsHash, hashPassword, isPasswordHash, passwordFault, setPasswordHash } from "./accounts/password.ts";
import { publicKeyFault, withKeys } from "./accounts/public-keys.ts";

type Admin = NonNullable<Configuration["admin"]>;

const defaultName = "admin";
/** Of the group that the ancestor of this contribution gave; pam_wheel(8) and sshd_config rules rely on it. */
const adminGroup = "wheel";
/** Debian's name for the same. */
const sudoGroup = "sudo";

register(
  "Admin user",
  110,
  async ({ conf, host, log }) => {
    if (conf.admin === undefined) return;
    const name = conf.admin.username ?? defaultName;
    const done = [
      ...(await ensureAccount(host, name)),
      ...(await ensureSudo(host, name)),
      ...(conf.admin.locked === true
        ? await ensureLocked(host, name)
        : await ensurePassword(host, name, conf.admin.passwd)),
      ...(await ensureKeys(host, name, conf.admin.keys ?? [])),
    ];
    log.info(`${name}: ${done.join(", ") || "nothing changed"}`);
  },
  { check: ({ conf }) => findings(conf) },
);

function findings({ admin }: Configuration): Finding[] {
  if (admin === undefined) return [];
  const check = (
    pointer: string,
    value: string | undefined,
    fault: (text: string) => string | undefined,
  ): Finding[] => {
    const reason = value === undefined || isReference(value) ? undefined : fault(value);
    if (reason === undefined) return [];
    return [{ severity: "error", code: "bad-admin", pointer: `/admin/${pointer}`, message: `it ${reason}` }];
  };
  return [
    ...check("username", admin.username, nameFault),
    ...check("passwd", admin.passwd, (text) =>
      admin.locked === true ? "cannot be combined with `locked: true`" : passwordFault(text),
    ),
    ...(admin.keys ?? []).flatMap((key, index) => check(`keys/${index}`, key, publicKeyFault)),
  ];
}

/** What useradd(8) recommends, which is also what sudoers(5) takes for a name without escapes. */
function nameFault(name: string): string | undefined {
  return /^[a-z_][a-z0-9_-]{0,31}$/.test(name)
    ? undefined
    : "is no login name: a-z, 0-9, _ and -, at most 32, a letter first";
}

async function ensureAccount(host: Host, name: string): Promise<string[]> {
  const shell = (await host.stat("/bin/bash")) === undefined ? "/bin/sh" : "/bin/bash";
  if ((await groupMembers(host, adminGroup)) === undefined) {
    await host.run(["groupadd", "--system", adminGroup], { onTree: "chroot", why: "administrators belong to it" });
  }
  const hasSudoGroup = (await groupMembers(host, sudoGroup)) !== undefined;
  const groups = hasSudoGroup ? [adminGroup, sudoGroup] : [adminGroup];
  const account = await findAccount(host, name);
  return account === undefined ? addAccount(host, name, shell, groups) : changeAccount(host, account, shell, groups);
}

async function addAccount(host: Host, name: string, shell: string, groups: readonly string[]): Promise<string[]> {
  // useradd refuses to make a group of the user's name where there is one.
  const own = (await groupMembers(host, name)) === undefined ? ["--user-group"] : ["--gid", name];
  const options = ["--create-home", "--shell", shell, "--groups", groups.join(","), ...own];
  await host.run(["useradd", ...options, name], { onTree: "chroot", why: "the administrator" });
  return ["created"];
}

async function changeAccount(
  host: Host,
  account: Account,
  shell: string,
  groups: readonly string[],
): Promise<string[]> {
  const missing: string[] = [];
  for (const group of groups) {
    if ((await groupMembers(host, group))?.includes(account.name) !== true) missing.push(group);
  }
  const options = [
    ...(missing.length === 0 ? [] : ["--append", "--groups", missing.join(",")]),
    ...(account.shell === shell ? [] : ["--shell", shell]),
  ];
  if (options.length === 0) return [];
  await host.run(["usermod", ...options, account.name], {
    onTree: "chroot",
    why: "the administrator's groups and shell",
  });
  return ["groups or shell changed"];
}

async function ensureSudo(host: Host, name: string): Promise<string[]> {
  const text = `# Written by kanod-configure from the section admin: changes made here are lost.\n${name} ALL=(ALL:ALL) NOPASSWD:ALL\n`;
  const change = await host.writeFile("/etc/sudoers.d/90-kanod-configure", text, { mode: 0o440 });
  return change === "same" ? [] : ["may use sudo"];
}

async function ensurePassword(host: Host, name: string, password: string | undefined): Promise<string[]> {
  if (password === undefined) return [];
  const present = (await passwordHash(host, name)) ?? "";
  if (isPasswordHash(password)) {
    if (present === password) return [];
    await setPasswordHash(host, name, password);
    return ["password set"];
  }
  if (await fitsHash(host, password, present)) return [];
  await setPasswordHash(host, name, await hashPassword(host, password));
  return ["password set"];
}

/** Without a password that fits; keys still do. */
async function ensureLocked(host: Host, name: string): Promise<string[]> {
  const present = await passwordHash(host, name);
  // A new account has no password.
  if (present === undefined || /^[!*]/.test(present)) return [];
  await host.run(["usermod", "--lock", name], { onTree: "chroot", why: "`locked: true`" });
  return ["password locked"];
}

async function ensureKeys(host: Host, name: string, keys: Admin["keys"] & {}): Promise<string[]> {
  // In a plan the account may not be there yet: then its home is where useradd will make it.
  const account = await findAccount(host, name);
  const folder = `${account?.home ?? `/home/${name}`}/.ssh`;
  const path = `${folder}/authorized_keys`;
  const before = await host.readFile(path);
  const after = withKeys(before ?? "", keys);
  if (before === undefined && after === "") return [];
  const ownership = account === undefined ? {} : { owner: { uid: account.uid, gid: account.gid } };
  await host.makeDirectory(folder, { mode: 0o700, ...ownership });
  const change = await host.writeFile(path, after, { mode: 0o600, ...ownership });
  if (change === "same") return [];
  await relabel(host, folder);
  return [`${keys.length} keys`];
}

/** With SELinux sshd may not read keys that have the label of an ordinary file. */
async function relabel(host: Host, folder: string): Promise<void> {
  if ((await host.stat("/sys/fs/selinux/enforce")) === undefined) return;
  await host.run(["restorecon", "-R", folder], { why: "give the keys the label that sshd may read" });
}
