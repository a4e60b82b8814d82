import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test, vi } from "vitest";
import { type ConfiguredGuest, configuredGuest, configuredGuestObstacle } from "../support/configured-guest.ts";
import { labObstacle, type NetworkLab, networkLab } from "../support/network-lab.ts";
import { describeWith } from "../support/requirements.ts";

/** A file of the image's own for each, with which eth1 has its address before anything of ours runs. */
const images = {
  networkd: {
    packages: [],
    path: "etc/systemd/network/05-image.network",
    text: "[Match]\nName=eth*\n[Network]\nAddress=198.51.100.5/24\nGateway=198.51.100.1\n[Link]\nMTUBytes=1450\n",
    start: "systemctl enable --now systemd-networkd; networkctl reload",
  },
  netplan: {
    packages: ["netplan.io", "udev"],
    path: "etc/netplan/90-default.yaml",
    text: `network: {version: 2, ethernets: {all-eth: {match: {name: "eth*"}, addresses: [198.51.100.5/24], mtu: 1450,
  routes: [{to: default, via: 198.51.100.1}]}}}\n`,
    start: "netplan apply",
  },
  "network-manager": {
    packages: ["network-manager"],
    path: "etc/NetworkManager/system-connections/image.nmconnection",
    text: `[connection]\nid=image\ntype=ethernet\ninterface-name=eth1\n[ethernet]\nmtu=1450\n[ipv4]\nmethod=manual
address1=198.51.100.5/24\ngateway=198.51.100.1\n`,
    start: "systemctl start NetworkManager; nmcli connection reload; nmcli --wait 20 connection up image",
  },
} as const;

const ethernets = { eth1: { addresses: ["203.0.113.5/24"], routes: [{ to: "default", via: "203.0.113.1" }] } };
const network = { version: 2, ethernets };
const unreachable = { tcp: "198.18.0.1:22", timeout: 1, interval: 1 };

describeWith(configuredGuestObstacle() ?? labObstacle()).each(Object.keys(images) as (keyof typeof images)[])(
  "a guest whose image has a file of its own for %s",
  (renderer) => {
    const image = images[renderer];
    let machine: ConfiguredGuest;
    let lab: NetworkLab;

    beforeAll(async () => {
      vi.stubEnv("SYSTEMD_NSPAWN_API_VFS_WRITABLE", renderer === "netplan" ? "1" : undefined);
      machine = await configuredGuest({
        elements: ["network"],
        packages: ["systemd-resolved", ...image.packages],
        prepare: async (root) => {
          await mkdir(join(root, "etc/kanod-configure"), { recursive: true });
          await writeFile(join(root, "etc/kanod-configure/system.yaml"), `network: {renderer: ${renderer}}\n`);
          await mkdir(join(root, image.path, ".."), { recursive: true });
          await writeFile(join(root, image.path), image.text, { mode: renderer === "networkd" ? 0o644 : 0o600 });
        },
      });
      lab = await networkLab();
      await lab.plug(machine.guest, {
        lab: "lan1",
        guest: "eth1",
        mac: "52:54:00:00:00:02",
        addresses: ["198.51.100.1/24", "203.0.113.1/24"],
      });
      await machine.guest.run(["sh", "-c", image.start], { anyExitCode: true });
      await vi.waitFor(async () => expect(await seen()).toContain("198.51.100.5/24"), {
        timeout: 60_000,
        interval: 1000,
      });
      return () => lab[Symbol.asyncDispose]();
    }, 900_000);

    const run = async (...argv: string[]): Promise<string> => (await machine.guest.run(argv)).stdout;
    /** Addresses, MTU and routes of the interface. */
    const seen = async (): Promise<string> =>
      `${await run("ip", "-br", "address", "show", "dev", "eth1")}${await run("ip", "route")}${await run("cat", "/sys/class/net/eth1/mtu")}`;
    const imageFile = (): Promise<string> => readFile(join(machine.root, image.path), "utf8");
    const store = (): Promise<string> => run("sh", "-c", "cat /var/lib/kanod-configure/store/network.jsonl");

    async function expectFormer(): Promise<void> {
      const state = await seen();
      expect(state).toMatch(/^eth1\S*\s+UP/);
      expect(state).toContain("198.51.100.5/24");
      expect(state).not.toContain("203.0.113.5");
      expect(state).toContain("default via 198.51.100.1 dev eth1");
      expect(state).toMatch(/\n1450\n?$/);
      expect(await imageFile()).toBe(image.text);
      await vi.waitFor(
        async () => expect(await lab.succeeds(["ping", "-c1", "-W1", "198.51.100.5"])).toBe(true),
        10_000,
      );
      expect(await store()).not.toContain("former-network");
    }

    /** Starts a run that will not get past its checks, and waits until they are made. */
    async function startRun(): Promise<{
      ended: Promise<{ exitCode: number | null; stderr: string; stdout: string }>;
      pid: string;
    }> {
      const checks = [{ ...unreachable, tries: 100 }];
      const ended = machine.runcmd({ name: "node", network, network_checks: checks }, { anyExitCode: true });
      await vi.waitFor(async () => expect(await seen()).toContain("203.0.113.5/24"), {
        timeout: 60_000,
        interval: 200,
      });
      await sleep(1000);
      const pid = (/"pid":\s*(\d+)/.exec(await run("cat", "/run/kanod-configure/lock")) ?? [])[1] ?? "";
      expect(pid).toMatch(/^\d+$/);
      return { ended, pid };
    }

    test("gets back what the image had when a check fails", async () => {
      const conf = { name: "node", network, network_checks: [{ ...unreachable, tries: 2 }] };
      const { stderr } = await machine.runcmd(conf, { exitCode: 1 });
      expect(stderr).toContain("the former network configuration is back");
      await expectFormer();
    });

    test.each(["TERM", "HUP", "INT"])(
      "gets it back when the run is ended by SIG%s during the checks",
      async (signal) => {
        const { ended, pid } = await startRun();
        await run("sh", "-c", `kill -${signal} ${pid}`);
        const { stderr, stdout } = await ended;
        expect(stdout + stderr).toContain("the former network configuration is back");
        await expectFormer();
      },
    );

    test.each(["runcmd", "bootcmd"] as const)(
      "gets it back from the next kanod-%s when the run is killed",
      async (next) => {
        const { ended, pid } = await startRun();
        expect(await store()).toContain("former-network");
        await run("sh", "-c", `kill -KILL ${pid}`);
        await ended;
        expect(await seen()).toContain("203.0.113.5/24");
        const result = next === "bootcmd" ? await machine.bootcmd({}) : await machine.runcmd({ name: "node" });
        expect(result.stdout + result.stderr).toContain("the former network configuration is back");
        await expectFormer();
      },
    );

    test("gets the new network, with the image's file set aside, when all is well", async () => {
      const { stdout, stderr } = await machine.runcmd({ name: "node", network });
      const state = await seen();
      expect(state).toContain("203.0.113.5/24");
      expect(state).not.toContain("198.51.100.5");
      expect(state).toContain("default via 203.0.113.1 dev eth1");
      if (renderer === "network-manager") return;
      expect(stdout + stderr).toContain(`/${image.path} configures the same interfaces: it is set aside`);
      expect(await run("cat", `/${image.path}.kanod-aside`)).toBe(image.text);
      expect((await machine.runcmd({ name: "node", network })).stdout).toContain(`network: unchanged (${renderer})`);
    });

    test("does again what somebody undid, although the files are as they were", async () => {
      await run("ip", "address", "flush", "dev", "eth1");
      const { stdout, stderr } = await machine.runcmd({ name: "node", network });
      // NetworkManager puts the address back itself.
      if (renderer !== "network-manager")
        expect(stdout + stderr).toContain("eth1: the address 203.0.113.5/24 is missing");
      expect(await seen()).toContain("203.0.113.5/24");
    });
  },
);
