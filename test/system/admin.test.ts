import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import {
  type ConfiguredGuest,
  configuredGuest,
  configuredGuestObstacle,
  sharedPackages,
} from "../support/configured-guest.ts";
import { describeWith } from "../support/requirements.ts";

const spies = "/opt/spies";

/** Commands that a password could be an argument of: they note their arguments, then do their work. */
async function plantSpies(root: string): Promise<void> {
  await mkdir(join(root, spies), { recursive: true });
  for (const name of ["chpasswd", "groupadd", "openssl", "useradd", "usermod"]) {
    const script = `#!/bin/sh\necho "${name} $*" >> /var/log/spies\nPATH=\${PATH#${spies}:}\nexec ${name} "$@"\n`;
    await writeFile(join(root, spies, name), script, { mode: 0o755 });
  }
}

describeWith(configuredGuestObstacle())("the admin user", () => {
  let machine: ConfiguredGuest;
  let keys: string[];
  const path = `${spies}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;

  beforeAll(async () => {
    machine = await configuredGuest({ elements: ["admin"], packages: sharedPackages, prepare: plantSpies });
    keys = [];
    for (const name of ["one", "two"]) {
      await machine.guest.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", `/root/${name}`]);
      keys.push((await readFile(join(machine.root, `root/${name}.pub`), "utf8")).trim());
    }
    // sshd would refuse an address whose logins have failed for a while.
    const settings = "PasswordAuthentication yes\nPermitRootLogin no\nPerSourcePenalties no\n";
    await writeFile(join(machine.root, "etc/ssh/sshd_config.d/test.conf"), settings);
    await machine.guest.run(["systemctl", "restart", "ssh"]);
  });

  const sshOptions = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"];

  /** What a login with a key answers; undefined when it is refused. */
  async function login(user: string, key: string, command: string): Promise<string | undefined> {
    const argv = ["ssh", ...sshOptions, "-o", "BatchMode=yes", "-i", `/root/${key}`, `${user}@127.0.0.1`, command];
    const { exitCode, stdout } = await machine.guest.run(argv, { anyExitCode: true });
    return exitCode === 0 ? stdout.trim() : undefined;
  }

  async function loginWithPassword(user: string, password: string): Promise<boolean> {
    const options = [...sshOptions, "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"];
    const argv = ["sshpass", "-d", "0", "ssh", ...options, `${user}@127.0.0.1`, "true"];
    const { exitCode } = await machine.guest.run(argv, { input: password, anyExitCode: true });
    return exitCode === 0;
  }

  test("logs in with its key, and becomes root", async () => {
    await machine.runcmd({ name: "node", admin: { username: "ops", keys: [keys[0]] } });
    expect(await login("ops", "one", "id -un; sudo -n id -un; echo $SHELL")).toBe("ops\nroot\n/bin/bash");
    expect(await login("ops", "one", "id -Gn")).toBe("ops sudo wheel");
    expect(await login("ops", "two", "true")).toBeUndefined();
    expect(await loginWithPassword("ops", "")).toBe(false);
    const sudoers = await machine.guest.run(["visudo", "--check", "--strict"]);
    expect(sudoers.stdout).toContain("/etc/sudoers.d/90-kanod-configure: parsed OK");
  });

  test("is left alone by a second run, which says so", async () => {
    const { stdout } = await machine.runcmd({ name: "node", admin: { username: "ops", keys: [keys[0]] } });
    expect(stdout).toContain("Admin user: ops: nothing changed");
  });

  test("gets another key, and loses the one that was removed; a key of others stays", async () => {
    const file = "/home/ops/.ssh/authorized_keys";
    await machine.guest.run(["sh", "-c", `echo "${keys[0]} foreign" > ${file}`]);
    await machine.runcmd({ name: "node", admin: { username: "ops", keys: [`no-pty ${keys[1]}`] } });
    expect(await login("ops", "one", "true")).toBe("");
    expect(await login("ops", "two", "id -un")).toBe("ops");
    await machine.runcmd({ name: "node", admin: { username: "ops" } });
    expect(await login("ops", "two", "true")).toBeUndefined();
    expect(await login("ops", "one", "true")).toBe("");
  });

  test.each([
    ["plain", "correct horse battery staple"],
    ["plain and hostile", `pass:wörd '";$(x)\`y\`\\ #%`],
    ["plain and long", "é".repeat(128)],
  ])("logs in with a password: %s; it is in no argument list and in no log", async (_, password) => {
    const { stdout, stderr } = await machine.runcmd(
      { name: "node", admin: { username: "ops", passwd: password } },
      { path },
    );
    expect(await loginWithPassword("ops", password)).toBe(true);
    expect(await loginWithPassword("ops", `${password}x`)).toBe(false);
    const again = await machine.runcmd({ name: "node", admin: { username: "ops", passwd: password } }, { path });
    expect(again.stdout).toContain("ops: nothing changed");
    const log = await readFile(join(machine.root, "var/log/kanod-configure.log"), "utf8");
    const argv = await readFile(join(machine.root, "var/log/spies"), "utf8");
    expect(argv).toContain("chpasswd --encrypted\n");
    const hash = /^ops:([^:]+):/m.exec(await readFile(join(machine.root, "etc/shadow"), "utf8"))?.[1] ?? "";
    for (const text of [stdout, stderr, again.stdout, log, argv]) {
      expect(text).not.toContain(password);
      expect(text).not.toContain(hash);
    }
  });

  test.each(["$y$j9T$F5Jx5fExrKuPp53xLKQ..1$", "$6$rounds=5000$sesame$", "$5$sesame$", "$1$sesame$"])(
    "logs in with a password that was hashed before: %s",
    async (salt) => {
      const { stdout: hash } = await machine.guest.run(["perl", "-e", "print crypt('hashed before', $ARGV[0])", salt]);
      expect(hash.startsWith(salt)).toBe(true);
      await machine.runcmd({ name: "node", admin: { username: "ops", passwd: hash } });
      expect(await loginWithPassword("ops", "hashed before")).toBe(true);
      const { stdout } = await machine.runcmd({ name: "node", admin: { username: "ops", passwd: hash } });
      expect(stdout).toContain("nothing changed");
    },
  );

  test("takes the rights of a former admin over", async () => {
    await machine.runcmd({ name: "node", admin: { keys: [keys[1]] } });
    expect(await login("admin", "two", "sudo -n id -un")).toBe("root");
    const former = await machine.guest.run(["runuser", "-u", "ops", "--", "sudo", "-n", "id"], { anyExitCode: true });
    expect(former.exitCode).not.toBe(0);
  });

  test.each([
    ["a second sudoers line", { username: "ops\nroot ALL=(ALL) ALL" }, "bad-admin"],
    ["an option for a name", { username: "-o" }, "bad-admin"],
    ["a second shadow entry", { passwd: "x\nroot:y" }, "bad-admin"],
    ["10,000 characters of password", { passwd: "x".repeat(10_000) }, "bad-admin"],
    ["a second key in a key", { keys: ["ssh-ed25519 AAAA\nssh-ed25519 AAAA"] }, "bad-admin"],
    ["a damaged key", { keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"] }, "bad-admin"],
  ])("%s is refused with its position, and the password is not shown", async (_, admin, code) => {
    const { stderr } = await machine.runcmd({ name: "node", admin }, { exitCode: 3 });
    expect(stderr).toMatch(new RegExp(`configuration\\.yaml:1:\\d+: error\\[${code}\\]`));
    if ("passwd" in admin) expect(stderr).not.toContain(admin.passwd?.slice(0, 8) ?? "");
  });
});
