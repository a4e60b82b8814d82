import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type ConfiguredGuest, configuredGuest, configuredGuestObstacle } from "../support/configured-guest.ts";
import { labObstacle, type NetworkLab, networkLab } from "../support/network-lab.ts";
import { describeWith } from "../support/requirements.ts";

/** The renderers that are proven here, with the packages that they need. */
const renderers = {
  networkd: [],
  netplan: ["netplan.io", "udev"],
  "network-manager": ["network-manager"],
} as const;

const macs = { eth0: "52:54:00:00:00:01", eth1: "52:54:00:00:00:02", eth2: "52:54:00:00:00:03" };

interface Link {
  ifname: string;
  mtu: number;
  master?: string;
  operstate: string;
  addr_info: { local: string; prefixlen: number; dynamic?: boolean }[];
}

interface Route {
  dst: string;
  gateway?: string;
  dev: string;
  metric?: number;
}

/** What the machine's network looks like from inside. */
class View {
  readonly #machine: ConfiguredGuest;

  constructor(machine: ConfiguredGuest) {
    this.#machine = machine;
  }

  async run(...argv: string[]): Promise<string> {
    return (await this.#machine.guest.run(argv)).stdout;
  }

  async links(): Promise<Map<string, Link>> {
    const links = JSON.parse(await this.run("ip", "-j", "address")) as Link[];
    return new Map(links.map((link) => [link.ifname, link]));
  }

  /** Addresses that are not link-local. */
  async addresses(name: string): Promise<string[]> {
    const link = (await this.links()).get(name);
    const all = (link?.addr_info ?? []).map(({ local, prefixlen }) => `${local}/${prefixlen}`);
    return all.filter((address) => !address.startsWith("fe80:"));
  }

  /** Names, masters and addresses of all links. */
  async summary(): Promise<unknown> {
    const links = [...(await this.links()).values()];
    return links.map(({ ifname, master, mtu, addr_info }) => [
      ifname,
      master,
      mtu,
      addr_info.map(({ local }) => local),
    ]);
  }

  async routes(family: "-4" | "-6" = "-4"): Promise<Route[]> {
    return JSON.parse(await this.run("ip", "-j", family, "route")) as Route[];
  }
}

describeWith(configuredGuestObstacle() ?? labObstacle()).each(Object.keys(renderers) as (keyof typeof renderers)[])(
  "a guest with %s",
  (renderer) => {
    let machine: ConfiguredGuest;
    let lab: NetworkLab;
    let view: View;

    beforeAll(async () => {
      // netplan cannot do without udev.
      vi.stubEnv("SYSTEMD_NSPAWN_API_VFS_WRITABLE", renderer === "netplan" ? "1" : undefined);
      machine = await configuredGuest({
        elements: ["network"],
        packages: ["systemd-resolved", ...renderers[renderer]],
        prepare: async (root) => {
          await mkdir(join(root, "etc/kanod-configure"), { recursive: true });
          await writeFile(join(root, "etc/kanod-configure/system.yaml"), `network: {renderer: ${renderer}}\n`);
        },
      });
      view = new View(machine);
      lab = await networkLab();
      await lab.plug(machine.guest, {
        lab: "lan0",
        guest: "eth0",
        mac: macs.eth0,
        addresses: ["192.0.2.1/24", "2001:db8::1/64"],
      });
      await lab.plug(machine.guest, { lab: "lan1", guest: "eth1", mac: macs.eth1, addresses: ["192.168.77.1/24"] });
      await lab.plug(machine.guest, { lab: "lan2", guest: "eth2", mac: macs.eth2, addresses: ["203.0.113.2/24"] });
      const lease = ["--dhcp-range=192.168.77.100,192.168.77.150,1h", "--dhcp-leasefile=/dev/null"];
      const names = ["--address=/web.example.org/192.0.2.1", "--no-resolv", "--no-hosts"];
      const where = [
        "--interface=lan0",
        "--interface=lan1",
        "--bind-interfaces",
        "--conf-file=/dev/null",
        "--pid-file=",
      ];
      lab.start(["dnsmasq", "--keep-in-foreground", "--user=root", ...where, ...names, ...lease]);
      return () => lab[Symbol.asyncDispose]();
    }, 900_000);

    // netplan matches permanent MAC addresses only, and a cable of a container has none.
    const match = renderer === "netplan" ? { name: "eth0" } : { macaddress: macs.eth0 };
    const network = {
      version: 2,
      ethernets: {
        uplink: {
          match,
          "set-name": "uplink",
          addresses: ["192.0.2.10/24", "2001:db8::10/64"],
          mtu: 1400,
          routes: [
            { to: "default", via: "192.0.2.1" },
            { to: "default", via: "2001:db8::1" },
            { to: "198.51.100.0/24", via: "192.0.2.1", metric: 50 },
          ],
          nameservers: { addresses: ["192.0.2.1"], search: ["example.org"] },
        },
        eth1: { dhcp4: true, "dhcp4-overrides": { "route-metric": 500, "use-dns": false } },
        eth2: {},
      },
      bridges: { br0: { interfaces: ["eth2"], parameters: { stp: false }, addresses: ["203.0.113.1/24"] } },
    };
    const resolves = { dns: "web.example.org", tries: 10, interval: 0.5 };

    test("gets addresses, routes, names, MTU, a new name and a bridge, and reaches the other side", async () => {
      const { stdout } = await machine.runcmd({ name: "node", network, network_checks: [resolves] });
      expect(stdout).toContain("web.example.org is reached");

      const links = await view.links();
      expect(links.has("eth0")).toBe(false);
      expect(links.get("uplink")).toMatchObject({ mtu: 1400, operstate: "UP" });
      expect(await view.addresses("uplink")).toEqual(["192.0.2.10/24", "2001:db8::10/64"]);
      expect(await view.addresses("eth1")).toEqual([expect.stringMatching(/^192\.168\.77\.1[0-5]\d\/24$/)]);
      expect(await view.addresses("br0")).toEqual(["203.0.113.1/24"]);
      expect(links.get("eth2")).toMatchObject({ master: "br0" });

      const routes = await view.routes();
      expect(routes).toContainEqual(expect.objectContaining({ dst: "default", gateway: "192.0.2.1", dev: "uplink" }));
      expect(routes).toContainEqual(
        expect.objectContaining({ dst: "default", gateway: "192.168.77.1", dev: "eth1", metric: 500 }),
      );
      expect(routes).toContainEqual(
        expect.objectContaining({ dst: "198.51.100.0/24", gateway: "192.0.2.1", dev: "uplink", metric: 50 }),
      );
      expect(await view.routes("-6")).toContainEqual(
        expect.objectContaining({ dst: "default", gateway: "2001:db8::1", dev: "uplink" }),
      );

      expect(await view.run("resolvectl", "dns", "uplink")).toMatch(/: 192\.0\.2\.1\s*$/);
      expect(await view.run("resolvectl", "domain", "uplink")).toMatch(/: example\.org\s*$/);
      expect(await view.run("resolvectl", "dns", "eth1")).not.toContain("192.168.77.1");
      for (const address of ["192.0.2.10", "2001:db8::10", "203.0.113.1"]) {
        await vi.waitFor(async () => expect(await lab.succeeds(["ping", "-c1", "-W1", address])).toBe(true), 10_000);
      }
    });

    test("is left alone by a second run, which says so", async () => {
      const before = await view.summary();
      const { stdout } = await machine.runcmd({ name: "node", network });
      expect(stdout).toContain(`network: unchanged (${renderer})`);
      expect(stdout).not.toContain("written");
      expect(await view.summary()).toEqual(before);
    });

    test("keeps cloud-init from writing network configuration", async () => {
      const text = await view.run("cat", "/etc/cloud/cloud.cfg.d/99-kanod-configure-network.cfg");
      expect(text).toContain("network: {config: disabled}");
    });

    test("logs no key that its services do not know", async () => {
      const units = ["-u", "systemd-networkd", "-u", "NetworkManager", "-u", "systemd-udevd"];
      const journal = await view.run("journalctl", "--no-pager", ...units);
      expect(journal).not.toMatch(
        /unknown (key|section|lvalue|assignment)|failed to parse|invalid (value|connection)/i,
      );
    });

    test("fails early for an interface that is not there, naming those that are", async () => {
      const before = await view.run("sh", "-c", "ls /etc/systemd/network /etc/netplan /etc/NetworkManager/* || true");
      const absent = { version: 2, ethernets: { eno7: { dhcp4: true }, eno8: { dhcp4: true, optional: true } } };
      const { stderr } = await machine.runcmd({ name: "node", network: absent }, { exitCode: 1 });
      expect(stderr).toContain("this machine has no interface for eno7 (/network/ethernets/eno7)");
      expect(stderr).not.toContain("eno8");
      expect(stderr).toContain(`eth1 (${macs.eth1}`);
      expect(stderr).toContain("uplink (52:54:00:00:00:01");
      const after = await view.run("sh", "-c", "ls /etc/systemd/network /etc/netplan /etc/NetworkManager/* || true");
      expect(after).toBe(before);
    });

    if (renderer === "netplan") {
      test("says where netplan found an error in somebody else's file", async () => {
        const other = "network:\n  version: 2\n  bridges:\n    br1: { interfaces: [absent0] } # hunter2\n";
        await writeFile(join(machine.root, "etc/netplan/90-other.yaml"), other, { mode: 0o600 });
        onTestFinished(() => rm(join(machine.root, "etc/netplan/90-other.yaml")));
        const before = await view.run("cat", "/etc/netplan/50-cloud-init.yaml");
        const less = { version: 2, ethernets: { eth1: { dhcp4: true } } };
        const { stderr } = await machine.runcmd({ name: "node", network: less }, { exitCode: 1 });
        expect(stderr).toContain(
          "/etc/netplan/90-other.yaml:4:25: Error in network definition: br1: interface 'absent0'",
        );
        expect(stderr).toContain("[netplan-refuses]");
        expect(stderr).not.toContain("hunter2");
        expect(await view.run("cat", "/etc/netplan/50-cloud-init.yaml")).toBe(before);
      });
    }

    test("waits for servers that come up late", async () => {
      const late = setTimeout(() => {
        lab.start(["python3", "-m", "http.server", "8080", "--bind", "192.0.2.1", "--directory", "/usr/share/doc"]);
      }, 3000);
      const { stdout } = await machine.runcmd({
        name: "node",
        network,
        network_checks: [
          { http: "http://web.example.org:8080/", tries: 40, timeout: 2, interval: 0.5 },
          { tcp: "192.0.2.1:8080", tries: 1 },
        ],
      });
      clearTimeout(late);
      expect(stdout).toContain("network check: http://web.example.org:8080 is reached");
      expect(stdout).toContain("network check: 192.0.2.1:8080 is reached");
    });

    test.each([
      ["http", { http: "http://192.0.2.1:9/", tries: 2, timeout: 1, interval: 0.2 }],
      ["tcp", { tcp: "192.0.2.99:9", tries: 2, timeout: 1, interval: 0.2 }],
      ["dns", { dns: "nobody.invalid", tries: 2, timeout: 1, interval: 0.2 }],
    ])("gives up on a server that never comes: %s", async (kind, check) => {
      const started = Date.now();
      const { stderr } = await machine.runcmd({ name: "node", network, network_checks: [check] }, { exitCode: 1 });
      expect(Date.now() - started).toBeLessThan(15_000);
      expect(stderr).toMatch(
        /network_checks\[0\]: .* is not reached after 2 tries in \d s: .*\[network-check-failed\]/,
      );
      expect(stderr).toContain(String(check[kind as keyof typeof check]).replace(/\/$/, ""));
    });

    test("goes back to the former configuration when a check fails, and is reachable again", async () => {
      const cutOff = {
        version: 2,
        ethernets: {
          uplink: {
            match: renderer === "netplan" ? { name: "uplink" } : match,
            "set-name": "uplink",
            addresses: ["198.18.0.1/30"],
          },
          eth1: { addresses: ["198.18.1.1/30"] },
        },
      };
      const network_checks = [{ tcp: "192.0.2.1:8080", tries: 2, timeout: 1, interval: 0.2 }];
      const wrong = { name: "node", network: cutOff, network_checks, network_rollback: true };
      const { stderr } = await machine.runcmd(wrong, { exitCode: 1 });
      expect(stderr).toContain("the former network configuration is back");
      expect(await view.addresses("uplink")).toEqual(["192.0.2.10/24", "2001:db8::10/64"]);
      expect(await view.addresses("br0")).toEqual(["203.0.113.1/24"]);
      expect(await view.addresses("eth1")).toEqual([expect.stringMatching(/^192\.168\.77\./)]);
      await vi.waitFor(async () => expect(await lab.succeeds(["ping", "-c1", "-W1", "192.0.2.10"])).toBe(true), 10_000);
      await machine.runcmd({ name: "node", network, network_checks });
    });

    test("gives up what is no longer configured", async () => {
      const { uplink } = network.ethernets;
      const less = {
        version: 2,
        ethernets: { uplink: renderer === "netplan" ? { ...uplink, match: { name: "uplink" } } : uplink },
      };
      await machine.runcmd({ name: "node", network: less, network_checks: [resolves] });
      expect((await view.links()).has("br0")).toBe(false);
      // NetworkManager takes interfaces that no connection names in hand itself.
      if (renderer === "network-manager") {
        const active = await view.run("nmcli", "-g", "NAME", "connection", "show", "--active");
        expect(active.split("\n")).not.toContain("cloud-init eth1");
      } else expect(await view.addresses("eth1")).toEqual([]);
      expect(await view.addresses("uplink")).toEqual(["192.0.2.10/24", "2001:db8::10/64"]);
    });
  },
);
