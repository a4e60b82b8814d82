/** Images that kanod-image-builder built, started in containers: cloud-init of two releases of Debian calls the agent. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { temporaryFolder } from "../support/cli.ts";
import { packageProgram } from "../support/compiled-agent.ts";
import { type ContainerRoot, containerRoot, seedContainer } from "../support/container.ts";
import { dibEnvironment, dibObstacle } from "../support/dib.ts";
import { type BuiltImage, builtImage } from "../support/images.ts";
import { bootGuest, type Guest, nspawnObstacle } from "../support/nspawn.ts";
import { type PlainBuild, plainBuild } from "../support/plain-build.ts";
import { selfSigned } from "../support/self-signed.ts";
import { userData } from "../support/user-data.ts";

const obstacle = dibObstacle() ?? nspawnObstacle();
const authority = selfSigned().cert;
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl operator";

beforeEach(({ skip }) => {
  if (obstacle !== undefined && !process.env["CI"]) skip(obstacle);
});

const configuration = {
  name: "node1",
  greeting: "Hello from the image",
  facts: { site: "north" },
  network: { version: 2, ethernets: { host0: { addresses: ["192.0.2.10/24"] } } },
  certificates: { corporate: authority },
  ntp: { servers: ["192.0.2.1"] },
  admin: { username: "boss", keys: [key] },
};

async function text(guest: Guest, command: string): Promise<string> {
  return (await guest.run(["sh", "-c", command])).stdout;
}

async function status(
  guest: Guest,
  command: string,
): Promise<{ exitCode: number | null; value: Record<string, unknown> }> {
  const { exitCode, stdout } = await guest.run(["sh", "-c", command], { anyExitCode: true });
  return { exitCode, value: JSON.parse(stdout) as Record<string, unknown> };
}

/** A switch that containers are plugged into: an interface without a peer that is up gets no address. */
const bridge = `kanod-${process.pid}`;

function boot(root: string): Promise<Guest> {
  return bootGuest(root, { nspawnArguments: [`--network-bridge=${bridge}`], timeout: 300 });
}

beforeAll(() => {
  if (obstacle !== undefined && !process.env["CI"]) return;
  execFileSync("ip", ["link", "add", bridge, "type", "bridge"]);
  execFileSync("ip", ["link", "set", bridge, "up"]);
});

afterAll(() => {
  if (existsSync(`/sys/class/net/${bridge}`)) execFileSync("ip", ["link", "delete", bridge]);
});

describe.each(["trixie", "bookworm"] as const)("an image of Debian %s", (release) => {
  let image: BuiltImage;

  beforeAll(() => {
    if (obstacle === undefined || process.env["CI"]) image = builtImage(release);
  });

  test("says what is in it", () => {
    const manifest = JSON.parse(image.readText("-manifest.json"));
    expect(manifest.elements).toEqual(expect.arrayContaining(["kanod-configure", "kanod-greeter", "machine-facts"]));
    // One engine is enough, and the image for containers alone has no disk and no boot loader.
    const leftOut = ["docker-engine", "crio-engine", ...(release === "bookworm" ? ["disks", "kernel-parameters"] : [])];
    const ours = readdirSync(new URL("../../contributions", import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !leftOut.includes(entry.name))
      .map(({ name }) => name);
    expect(manifest.elements).toEqual(expect.arrayContaining(ours));
    const facts = manifest.agent.elements.find(({ name }: { name: string }) => name === "machine-facts");
    expect(facts.contributions).toEqual([
      { file: "kanod/machine-facts.ts", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(manifest.agent.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(image.readText("-schema.yaml")).toContain("What is written to /etc/facts.yaml.");
  });

  describe("on its first boot, with user-data", () => {
    let root: ContainerRoot;
    let guest: Guest;

    beforeAll(async () => {
      if (obstacle !== undefined && !process.env["CI"]) return;
      root = containerRoot(image.path("tar"));
      seedContainer(root.path, userData({ boot: {}, configuration }));
      guest = await boot(root.path);
    });

    afterAll(async () => {
      await guest?.powerOff();
      root?.[Symbol.dispose]();
    });

    test("cloud-init and the agent agree that all went well", async () => {
      const cloudInit = await status(guest, "cloud-init status --wait --format json");
      expect(cloudInit).toMatchObject({ exitCode: 0, value: { status: "done", errors: [] } });
      const agent = await status(guest, "kanod-configure status --format json");
      expect(agent).toMatchObject({ exitCode: 0, value: { status: "done" } });
    });

    test("no unit failed", async () => {
      expect(await text(guest, "systemctl --failed --no-legend --plain")).toBe("");
    });

    test("the machine is what the configuration says", async () => {
      expect(await text(guest, "hostname")).toBe("node1\n");
      expect(await text(guest, "cat /etc/issue")).toContain("Hello from the image");
      expect(await text(guest, "cat /etc/facts.yaml")).toBe("site: north\n");
      expect(await text(guest, "ip -brief address show host0")).toContain("192.0.2.10/24");
      expect(await text(guest, "grep -c . /etc/ssl/certs/ca-certificates.crt")).not.toBe("0\n");
      expect(await text(guest, "cat /etc/ssl/certs/ca-certificates.crt")).toContain(authority.trim());
      expect(await text(guest, "grep -rh 192.0.2.1 /etc/chrony")).toContain("server 192.0.2.1");
      // A container must not set the clock, so chrony does not start in one.
      expect(await text(guest, "systemctl is-enabled chrony")).toBe("enabled\n");
      expect(await text(guest, "id -nG boss")).toContain("sudo");
      expect(await text(guest, "cat ~boss/.ssh/authorized_keys")).toContain(key);
    });

    test("configuration, log and schema are as open as they should be", async () => {
      const ours = "/usr/local/bin/kanod-configure /usr/local/share/doc/kanod-configure/*";
      const modes = `stat -c '%a %U %n' /etc/kanod-configure/* /var/log/kanod-configure.log ${ours}`;
      expect((await text(guest, modes)).trim().split("\n").sort()).toEqual([
        "600 root /etc/kanod-configure/configuration.yaml",
        "640 root /var/log/kanod-configure.log",
        "644 root /etc/kanod-configure/image.yaml",
        "644 root /etc/kanod-configure/schema.yaml",
        "644 root /etc/kanod-configure/status",
        "644 root /etc/kanod-configure/system.yaml",
        "644 root /usr/local/share/doc/kanod-configure/THIRD-PARTY-NOTICES",
        "755 root /usr/local/bin/kanod-configure",
      ]);
    });

    test("bootcmd runs again on the second boot, runcmd and what is to run once do not", async () => {
      const before = await text(guest, "cat /var/lib/kanod-configure/state.json");
      await guest.powerOff();
      guest = await boot(root.path);
      await guest.run(["cloud-init", "status", "--wait"]);
      expect(await text(guest, "wc -l < /var/lib/boots")).toBe("2\n");
      expect(await text(guest, "wc -l < /var/lib/first-boots")).toBe("1\n");
      const started = (state: string): unknown =>
        (JSON.parse(state) as { runs: { stage: string; started: string }[] }).runs.find(({ stage }) => stage === "run")
          ?.started;
      expect(started(await text(guest, "cat /var/lib/kanod-configure/state.json"))).toBe(started(before));
      expect(await text(guest, "ip -brief address show host0")).toContain("192.0.2.10/24");
    });
  });

  test("a contribution that fails shows in cloud-init, in the status and on the console", async () => {
    using root = containerRoot(image.path("tar"));
    const checks = [{ tcp: "127.0.0.1:1", tries: 1, timeout: 1 }];
    const network = { version: 2, ethernets: {} };
    seedContainer(root.path, userData({ boot: {}, configuration: { name: "node1", network, network_checks: checks } }));
    const guest = await boot(root.path);
    try {
      const cloudInit = await status(guest, "cloud-init status --wait --format json");
      expect(cloudInit.exitCode).not.toBe(0);
      expect(JSON.stringify(cloudInit.value)).toContain("error");
      const agent = await status(guest, "kanod-configure status --format json");
      expect(agent).toMatchObject({ exitCode: 1, value: { status: "failed" } });
      expect(await text(guest, "cat /etc/kanod-configure/status")).toMatch(/^1\n?$/);
      expect(await text(guest, "cat /var/log/cloud-init-output.log")).toContain("Network");
      expect(await text(guest, "journalctl --boot --output cat")).toContain("kanod-configure status");
      expect(existsSync(join(root.path, "etc/facts.yaml"))).toBe(false);
    } finally {
      await guest.powerOff();
    }
  });
});

describe("user-data without commands of its own", () => {
  test("is enough: the image's own calls run", async () => {
    const image = builtImage("trixie");
    using root = containerRoot(image.path("tar"));
    const whole = userData({ boot: {}, configuration: { name: "node2", greeting: "By itself" } });
    seedContainer(root.path, whole.slice(0, whole.indexOf("bootcmd:")));
    const guest = await boot(root.path);
    try {
      await guest.run(["cloud-init", "status", "--wait"]);
      expect(await text(guest, "cat /etc/issue")).toContain("By itself");
      expect(await text(guest, "cat /var/lib/boots")).toBe("boot\n");
    } finally {
      await guest.powerOff();
    }
  });

  test("and without a configuration leave the machine as it is", async () => {
    const image = builtImage("trixie");
    using root = containerRoot(image.path("tar"));
    seedContainer(root.path, "#cloud-config\n{}\n");
    const issue = readFileSync(join(root.path, "etc/issue"), "utf8");
    const guest = await boot(root.path);
    try {
      const cloudInit = await status(guest, "cloud-init status --wait --format json");
      expect(cloudInit).toMatchObject({ exitCode: 0, value: { status: "done" } });
      expect(await text(guest, "cat /etc/issue")).toBe(issue);
    } finally {
      await guest.powerOff();
    }
  });
});

describe("the element kanod-configure in a build by plain disk-image-create", () => {
  let root: ContainerRoot;

  beforeAll(() => {
    if (obstacle === undefined || process.env["CI"]) root = containerRoot(builtImage("trixie").path("tar"));
  });

  afterAll(() => root?.[Symbol.dispose]());

  /** A system that has all packages already is taken for the distribution. */
  function build(folder: string, more: readonly string[], env: Record<string, string> = {}): PlainBuild {
    return plainBuild(folder, root.path, ["kanod-configure", ...more], env);
  }

  test("needs only ELEMENTS_PATH, and kanod-configure in PATH", () => {
    const folder = temporaryFolder();
    const { status, output } = build(folder, []);
    expect({ status, output: output.slice(-2000) }).toMatchObject({ status: 0 });
    const files = execFileSync("tar", ["tvf", "image.tar"], { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 26 });
    expect(files).toMatch(/-rwxr-xr-x .* \.\/usr\/local\/bin\/kanod-configure\n/);
    expect(files).toContain("./usr/local/bin/kanod-bootcmd -> kanod-configure");
    expect(files).toContain("./usr/local/bin/kanod-runcmd -> kanod-configure");
    expect(files).not.toContain("kanod-configure.types");
    expect(files).toContain("./etc/cloud/cloud.cfg.d/50-kanod-configure.cfg");
    expect(readFileSync(join(folder, "image-schema.yaml"), "utf8")).toContain("title:");
    expect(JSON.parse(readFileSync(join(folder, "image-manifest.json"), "utf8"))).toMatchObject({ version: 1 });
  });

  test("with kanod-systemd, units call the agent on a machine without cloud-init", async () => {
    const folder = temporaryFolder();
    expect(build(folder, ["kanod-systemd", "machine-facts"])).toMatchObject({ status: 0 });
    using machine = containerRoot(join(folder, "image.tar"));
    writeFileSync(join(machine.path, "etc/cloud/cloud-init.disabled"), "");
    const configuration = join(machine.path, "etc/kanod-configure/configuration.yaml");
    writeFileSync(configuration, stringify({ name: "node1", facts: { site: "south" } }), { mode: 0o600 });
    const seen: string[] = [];
    for (const facts of ["site: south\n", ""]) {
      await using guest = await boot(machine.path);
      await guest.run(["systemctl", "is-system-running", "--wait"], { anyExitCode: true });
      expect(await text(guest, "systemctl --failed --no-legend --plain")).toBe("");
      expect(await text(guest, "cat /etc/facts.yaml || true")).toBe(facts);
      seen.push(await text(guest, "cat /var/lib/boots"));
      await guest.run(["rm", "-f", "/etc/facts.yaml"]);
    }
    expect(seen).toEqual(["boot\n", "boot\nboot\n"]);
  });

  test("an agent that does not run in the image fails the build, and says why", () => {
    // The system has no Node of its own.
    const { status, output } = build(temporaryFolder(), [], { KANOD_AGENT_RUNTIME: "system" });
    expect(status).toBe(1);
    expect(output).toContain("the agent does not run in this image");
  });

  test.each([
    ["too old a C library", "echo glibc 2.17", "this distribution has 2.17"],
    ["another C library", "exit 1", "this distribution has another C library"],
  ])("%s is found before anything is installed", (_, getconf, message) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "getconf"), `#!/bin/sh\n${getconf}\n`, { mode: 0o755 });
    const hook = fileURLToPath(
      new URL("../../packaging/elements/kanod-configure/pre-install.d/05-kanod-configure-libc", import.meta.url),
    );
    const run = (env: Record<string, string>): ReturnType<typeof spawnSync> =>
      spawnSync(hook, { env: { PATH: `${folder}:/usr/bin:/bin`, ...env }, encoding: "utf8" });
    const refused = run({ KANOD_AGENT_RUNTIME: "embedded" });
    expect(refused.status).toBe(1);
    expect(refused.stdout).toContain(message);
    expect(refused.stdout).toContain("KANOD_AGENT_RUNTIME=system");
    expect(run({ KANOD_AGENT_RUNTIME: "system" }).status).toBe(0);
    expect(run({ KANOD_AGENT_RUNTIME: "embedded", PATH: "/usr/bin:/bin" }).status).toBe(0);
  });
});

test("kernel and initial RAM disk can be had without an image", () => {
  using root = containerRoot(builtImage("trixie").path("tar"));
  const folder = temporaryFolder();
  symlinkSync(packageProgram("kanod-image-builder"), join(folder, "kanod-image-builder"));
  const tiny = fileURLToPath(new URL("../fixtures/modules/tiny", import.meta.url));
  execFileSync(process.execPath, ["kanod-image-builder", "--no-core", tiny, "-t", "kernel", "-o", "boot"], {
    cwd: folder,
    env: { ...dibEnvironment(), DIB_TINY_ROOT: root.path },
    stdio: "pipe",
  });
  expect(
    readdirSync(folder)
      .filter((name) => name.startsWith("boot"))
      .sort(),
  ).toEqual([...["boot-manifest.json", "boot.initrd", "boot.log", "boot.sha256", "boot.vmlinuz"]]);
  expect(statSync(join(folder, "boot.vmlinuz")).size).toBeGreaterThan(1e6);
  expect(statSync(join(folder, "boot.initrd")).size).toBeGreaterThan(1e6);
});
