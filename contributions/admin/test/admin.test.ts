import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { describe, expect, test } from "vitest";
import { readmeExamples } from "../../../test/support/readme.ts";
import "../kanod/admin.ts";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKKM/P07p8iFXNEASUBVPPi8gV8JPkHnRE0bx0UsC+Nb ops@example.com";
const plain = "correct horse battery staple";
const hash = "$6$sesame$0cCfXEGGfA45xFTOA5a7uuSNYEGQjPiJR0BQWHJOT.FB6whpg21kYWF.gl02WC6VIyCXHKjssnEWcgITqRRFX0";
const sudoers = "/etc/sudoers.d/90-kanod-configure";

const bare = {
  "/bin/bash": "",
  "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
  "/etc/group": "root:x:0:\nsudo:x:27:\n",
};
/** The machine as useradd, usermod and chpasswd leave it. */
const done = {
  "/bin/bash": "",
  "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nops:x:1000:1001::/home/ops:/bin/bash\n",
  "/etc/group": "root:x:0:\nsudo:x:27:ops\nwheel:x:999:other,ops\nops:x:1001:\n",
  "/etc/shadow": `root:*:19000:0:99999:7:::\nops:${hash}:19000:0:99999:7:::\n`,
};
const openssl = [
  { argv: ["openssl", "passwd", "-6", "-salt", "sesame", "-stdin"], stdout: hash },
  { argv: ["openssl", "passwd", "-6", "-stdin"], stdout: hash.replace("sesame", "freshsalt") },
];

function runAdmin(admin: object | undefined, test: Partial<ContributionTest>): Promise<ContributionRun> {
  const conf = admin === undefined ? { name: "node" } : { name: "node", admin };
  return runContribution("Admin user", { conf, commands: openssl, ...test } as ContributionTest);
}

const commands = (run: ContributionRun): string[] =>
  run.steps.flatMap((step) => (step.kind === "run" ? [step.argv.join(" ")] : []));

test("does nothing without its section", async () => {
  expect(await runAdmin(undefined, { files: bare })).toMatchObject({ state: "done", steps: [] });
});

describe("a new user", () => {
  test("gets account, groups, sudo, password and keys", async () => {
    const run = await runAdmin({ username: "ops", passwd: plain, keys: [key] }, { files: bare });
    expect(run.error).toBeUndefined();
    expect(commands(run)).toEqual([
      "groupadd --system wheel",
      "useradd --create-home --shell /bin/bash --groups wheel,sudo --user-group ops",
      "chpasswd --encrypted",
    ]);
    expect(run.files[sudoers]).toMatch(/^ops ALL=\(ALL:ALL\) NOPASSWD:ALL$/m);
    expect(run.files["/home/ops/.ssh/authorized_keys"]).toContain(`\n${key}\n`);
    expect(run.steps).toContainEqual(expect.objectContaining({ kind: "write", path: sudoers, mode: 0o440 }));
    expect(run.steps).toContainEqual(
      expect.objectContaining({ kind: "directory", path: "/home/ops/.ssh", mode: 0o700 }),
    );
  });

  test("is called admin without a name, and joins a group of that name", async () => {
    const files = { ...bare, "/etc/group": "admin:x:110:\nwheel:x:10:\n", "/bin/bash": { directory: true } as const };
    const run = await runAdmin({}, { files });
    expect(commands(run)).toEqual(["useradd --create-home --shell /bin/bash --groups wheel --gid admin admin"]);
  });

  test("gets /bin/sh where there is no bash", async () => {
    const { "/bin/bash": _, ...files } = bare;
    expect(commands(await runAdmin({}, { files }))[1]).toContain("--shell /bin/sh");
  });
});

describe("a user who is there already", () => {
  const owner = { uid: 1000, gid: 1001 };

  test("is left alone when all is right, and the log says so", async () => {
    const first = await runAdmin({ username: "ops", passwd: plain, keys: [key] }, { files: done });
    const files = {
      ...done,
      [sudoers]: { content: first.files[sudoers] ?? "", mode: 0o440 },
      "/home/ops/.ssh": { directory: true, mode: 0o700, owner } as const,
      "/home/ops/.ssh/authorized_keys": {
        content: first.files["/home/ops/.ssh/authorized_keys"] ?? "",
        mode: 0o600,
        owner,
      },
    };
    for (const passwd of [plain, hash]) {
      const second = await runAdmin({ username: "ops", passwd, keys: [key] }, { files });
      expect(second.error).toBeUndefined();
      expect(second.steps).toEqual([]);
      expect(second.log.map(({ message }) => message)).toContain("ops: nothing changed");
    }
  });

  test("gets missing groups and the shell", async () => {
    const files = {
      ...done,
      "/etc/passwd": "ops:x:1000:1001::/home/ops:/usr/sbin/nologin\n",
      "/etc/group": "wheel:x:999:\n",
    };
    expect(commands(await runAdmin({ username: "ops" }, { files }))).toEqual([
      "usermod --append --groups wheel --shell /bin/bash ops",
    ]);
  });

  test("gets another password, which no argument list and no step shows", async () => {
    const run = await runAdmin(
      { username: "ops", passwd: "other secret" },
      {
        files: done,
        commands: [{ argv: ["openssl"], prefix: true, stdout: "$6$freshsalt$hashofother" }],
      },
    );
    expect(commands(run)).toEqual(["chpasswd --encrypted"]);
    expect(JSON.stringify([run.steps, run.log])).not.toMatch(/other secret|hashofother/);
  });

  test("loses keys that were removed, and keeps those of others", async () => {
    const text = `ssh-ed25519 AAAAforeign me\n# BEGIN kanod-configure\n${key}\n# END kanod-configure\n`;
    const files = { ...done, "/home/ops/.ssh/authorized_keys": text };
    const run = await runAdmin({ username: "ops", keys: [] }, { files });
    expect(run.files["/home/ops/.ssh/authorized_keys"]).toBe("ssh-ed25519 AAAAforeign me\n");
    expect(run.steps).toContainEqual(expect.objectContaining({ kind: "write", mode: 0o600, owner }));
  });

  test("has SELinux' label on the keys put right", async () => {
    const files = { ...done, "/sys/fs/selinux/enforce": "1" };
    expect(commands(await runAdmin({ username: "ops", keys: [key] }, { files }))).toEqual([
      "restorecon -R /home/ops/.ssh",
    ]);
  });
});

describe("refused before anything is done", () => {
  test.each([
    [{ username: "ops\nroot ALL=(ALL) ALL" }, "admin.username"],
    [{ username: "-rf" }, "admin.username"],
    [{ username: "ops:x" }, "admin.username"],
    [{ username: "ö" }, "admin.username"],
    [{ username: "a".repeat(33) }, "admin.username"],
    [{ passwd: "x\nroot:y" }, "admin.passwd"],
    [{ keys: [key, "ssh-ed25519 AAAA"] }, "admin.keys.1"],
    [{ keys: [`${key}\nssh-ed25519 AAAA`] }, "admin.keys.0"],
  ])("%j", async (admin, place) => {
    const run = await runAdmin(admin, { files: bare });
    expect(run).toMatchObject({ state: "failed", error: { code: "bad-admin" }, steps: [] });
    expect(String(run.error)).toContain(place);
  });
});

test("the README's example runs", async () => {
  for (const { admin } of readmeExamples<{ admin: object }>(new URL("../", import.meta.url))) {
    expect(await runAdmin(admin, { files: bare })).toMatchObject({ state: "done" });
  }
});

describe("a locked account", () => {
  test("has its password locked, once", async () => {
    const run = await runAdmin({ username: "ops", locked: true }, { files: done });
    expect(commands(run)).toEqual(["usermod --lock ops"]);
    const locked = { ...done, "/etc/shadow": done["/etc/shadow"].replace("ops:$", "ops:!$") };
    expect(commands(await runAdmin({ username: "ops", locked: true }, { files: locked }))).toEqual([]);
  });

  test("has no password to be set", async () => {
    const run = await runAdmin({ username: "ops", locked: true, passwd: plain }, { files: done });
    expect(run).toMatchObject({ state: "failed", steps: [] });
  });
});
