import "../kanod/network.ts";
import { readFileSync } from "node:fs";
import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readmeExamples } from "../../../test/support/readme.ts";
import { renderers as list } from "../kanod/renderers/list.ts";

type Configuration = ContributionTest["conf"];
type Renderer = "netplan" | "networkd" | "network-manager";

const renderers: readonly Renderer[] = ["netplan", "networkd", "network-manager"];

/** Files of a machine with these interfaces. */
function machine(interfaces: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(interfaces).flatMap(([name, mac]) => [
    [`/sys/class/net/${name}/address`, `${mac}\n`],
    [`/sys/class/net/${name}/operstate`, "up\n"],
  ]);
  return { "/etc/machine-id": "0123456789abcdef0123456789abcdef\n", ...Object.fromEntries(entries) };
}

/** systemd, by which every service is enabled and runs. */
const systemd = [
  { argv: ["systemctl", "is-enabled"], prefix: true, stdout: "enabled\n" },
  { argv: ["systemctl", "is-active"], prefix: true, stdout: "active\n" },
];

const eno1 = { eno1: "52:54:00:00:00:01" };
const dhcp = { version: 2 as const, ethernets: { eno1: { dhcp4: true } } };

function run(
  renderer: Renderer,
  test: Partial<ContributionTest> & { network?: Record<string, unknown> },
): Promise<ContributionRun> {
  const { network, ...rest } = test;
  return runContribution("Network", {
    conf: { name: "node-1", network: network ?? dhcp },
    system: { network: { renderer } },
    files: machine(eno1),
    commands: systemd,
    ...rest,
  });
}

/** What was written, but for the contribution's own memory. */
function written({ files }: ContributionRun): string[] {
  return Object.keys(files).filter((path) => !path.startsWith("/var/lib/kanod-configure/"));
}

function commands({ steps }: ContributionRun): string[] {
  return steps.flatMap((step) => (step.kind === "run" ? [step.argv.join(" ")] : []));
}

function messageOf({ error }: ContributionRun): string {
  const { message = "", hint = "" } = (error ?? {}) as { message?: string; hint?: string };
  return `${message}\n${hint}`;
}

/** What the example's machine is to have, in the words of each renderer. */
const expected: Readonly<Record<Renderer, Readonly<Record<string, readonly RegExp[]>>>> = {
  netplan: {
    "/etc/netplan/50-cloud-init.yaml": [/mode: 802\.3ad/, /id: 20\n/, /id: 30\n/, /dhcp4: true/, /via: 192\.0\.2\.1/],
  },
  networkd: {
    "/etc/systemd/network/10-cloud-init-bond0.netdev": [/Kind=bond/, /Mode=802\.3ad/, /LACPTransmitRate=fast/],
    "/etc/systemd/network/10-cloud-init-bond0.network": [/VLAN=storage/, /VLAN=public/],
    "/etc/systemd/network/10-cloud-init-eno1.network": [/Bond=bond0/],
    "/etc/systemd/network/10-cloud-init-eno2.network": [/Bond=bond0/],
    "/etc/systemd/network/10-cloud-init-eno3.network": [/DHCP=ipv4/, /RequiredForOnline=no/],
    "/etc/systemd/network/10-cloud-init-storage.netdev": [/Kind=vlan/, /Id=20/],
    "/etc/systemd/network/10-cloud-init-storage.network": [
      /Address=198\.51\.100\.10\/24/,
      /Destination=203\.0\.113\.0\/24/,
    ],
    "/etc/systemd/network/10-cloud-init-public.network": [/Address=2001:db8::10\/64/, /DNS=192\.0\.2\.53/],
  },
  "network-manager": {
    "/etc/NetworkManager/system-connections/cloud-init-bond0.nmconnection": [/type=bond/, /mode=802\.3ad/],
    "/etc/NetworkManager/system-connections/cloud-init-eno1.nmconnection": [/(slave|port)-type=bond/],
    "/etc/NetworkManager/system-connections/cloud-init-eno3.nmconnection": [/\[ipv4\]\n(.*\n)*method=auto/],
    "/etc/NetworkManager/system-connections/cloud-init-storage.nmconnection": [
      /type=vlan/,
      /id=20/,
      /203\.0\.113\.0\/24/,
    ],
    "/etc/NetworkManager/system-connections/cloud-init-public.nmconnection": [/2001:db8::10\/64/, /192\.0\.2\.53/],
  },
};

describe("the example of the README", () => {
  const [conf] = readmeExamples<Configuration>(new URL("../", import.meta.url));
  const files = machine({ eno1: "52:54:00:00:00:01", eno2: "52:54:00:00:00:02", eno3: "52:54:00:00:00:03" });

  test.each(renderers)("is written for %s, and checked", async (renderer) => {
    const result = await run(renderer, { conf: conf as Configuration, files });
    expect({ state: result.state, error: result.error }).toEqual({ state: "done", error: undefined });
    for (const [path, patterns] of Object.entries(expected[renderer])) {
      for (const pattern of patterns) expect(result.files[path], path).toMatch(pattern);
    }
    const log = result.log.map(({ message }) => message).join("\n");
    expect(log).toContain("network check: vault.example.org is reached");
    expect(log).toContain("network check: vault.example.org:8200 is reached");
  });

  test.each(renderers)("has the same bytes each time for %s", async (renderer) => {
    const [one, other] = [
      await run(renderer, { conf: conf as Configuration, files }),
      await run(renderer, { conf: conf as Configuration, files }),
    ];
    expect(one.files).toEqual(other.files);
  });
});

/** Each renderer's last step: it looks whether the machine is as it was asked for. */
const look = "ip -json address show";

const bringUp: Readonly<Record<Renderer, readonly string[]>> = {
  netplan: ["netplan generate", "netplan apply", look],
  networkd: ["networkctl reload", "networkctl reconfigure eno1", look],
  "network-manager": [
    "nmcli connection reload",
    "nmcli --wait 60 connection up filename /etc/NetworkManager/system-connections/cloud-init-eno1.nmconnection",
    look,
  ],
};

describe.each(renderers)("with %s", (renderer) => {
  const isPrivate: Readonly<Record<Renderer, number>> = { netplan: 0o600, networkd: 0o644, "network-manager": 0o600 };

  test("an interface with DHCP is written, with the renderer's modes, and brought up", async () => {
    const result = await run(renderer, {});
    expect({ state: result.state, error: result.error }).toEqual({ state: "done", error: undefined });
    const own = result.steps.filter((step) => step.kind === "write" && /netplan|systemd|connections/.test(step.path));
    expect(own).not.toEqual([]);
    for (const step of own) expect(step).toMatchObject({ mode: isPrivate[renderer] });
    expect(commands(result)).toEqual(bringUp[renderer]);
  });

  test("its service is enabled and started where it is not", async () => {
    const asleep = [
      { argv: ["systemctl", "is-enabled"], prefix: true, stdout: "disabled\n", exitCode: 1 },
      { argv: ["systemctl", "is-active"], prefix: true, stdout: "inactive\n", exitCode: 3 },
    ];
    const result = await run(renderer, { commands: asleep });
    expect(result.error).toBeUndefined();
    const unit = { netplan: [], networkd: ["systemd-networkd"], "network-manager": ["NetworkManager"] }[renderer];
    const asked = unit.flatMap((name) => [`systemctl enable ${name}.service`, `systemctl start ${name}.service`]);
    expect(commands(result)).toEqual(expect.arrayContaining(asked));
  });

  test("cloud-init is told to leave the network alone from now on", async () => {
    const { files } = await run(renderer, {});
    expect(files["/etc/cloud/cloud.cfg.d/99-kanod-configure-network.cfg"]).toContain("network: {config: disabled}");
  });

  test("a second run finds nothing to do", async () => {
    const first = await run(renderer, {});
    const second = await run(renderer, { files: { ...machine(eno1), ...modesOf(first) }, store: first.store });
    expect(second.state).toBe("done");
    expect(second.steps.filter((step) => step.kind === "write" || step.kind === "run")).toEqual([]);
    expect(second.log.map(({ message }) => message)).toContain(`network: unchanged (${renderer})`);
  });

  test("what cloud-init rendered, for whichever renderer, goes; what others wrote stays", async () => {
    const stale = {
      "/etc/netplan/50-cloud-init.yaml": "network: {version: 2, ethernets: {old0: {dhcp4: true}}}\n",
      "/etc/systemd/network/10-cloud-init-old0.network": "[Match]\nName=old0\n",
      "/etc/NetworkManager/system-connections/cloud-init-old0.nmconnection": "[connection]\nid=cloud-init old0\n",
      "/etc/network/interfaces.d/50-cloud-init": "auto old0\n",
    };
    const others = {
      "/etc/netplan/01-own.yaml": "network: {version: 2}\n",
      "/etc/sysconfig/network": "NETWORKING=yes\n",
      "/etc/systemd/network/20-own.network": "[Match]\nName=own0\n",
      "/etc/NetworkManager/system-connections/own.nmconnection": "[connection]\nid=own\n",
    };
    const result = await run(renderer, { files: { ...machine(eno1), ...stale, ...others } });
    expect(result.state).toBe("done");
    const removed = result.steps.flatMap((step) => (step.kind === "remove" ? [step.path] : []));
    const now = new Set(written(result));
    for (const path of Object.keys(stale)) if (!now.has(path)) expect(removed).toContain(path);
    for (const path of Object.keys(others)) {
      expect(removed).not.toContain(path);
      expect(now).not.toContain(path);
    }
  });
});

/** The files of a run with the modes that they were written with. */
function modesOf({ files, steps }: ContributionRun): NonNullable<ContributionTest["files"]> {
  const modes = new Map(steps.flatMap((step) => (step.kind === "write" ? [[step.path, step.mode] as const] : [])));
  return Object.fromEntries(
    Object.entries(files).map(([path, content]) => [path, { content, mode: modes.get(path) ?? 0o644 }]),
  );
}

test("an interface that the machine lacks fails before anything is written, with what is there", async () => {
  const driver = { "/sys/class/net/eno1/device/driver": { link: "../../../../bus/pci/drivers/ixgbe" } };
  const network = { version: 2, ethernets: { eth9: { dhcp4: true } } };
  const result = await run("networkd", { network, files: { ...machine(eno1), ...driver } });
  expect(result.state).toBe("failed");
  expect(result.error).toMatchObject({ code: "interface-absent" });
  expect(messageOf(result)).toContain("no interface for eth9 (/network/ethernets/eth9)");
  expect(messageOf(result)).toContain("eno1 (52:54:00:00:00:01, driver ixgbe, up)");
  expect(result.steps).toEqual([]);
});

test("an interface that may be absent is rendered all the same", async () => {
  const network = { version: 2, ethernets: { eno1: { dhcp4: true }, eth9: { dhcp4: true, optional: true } } };
  const { state, files } = await run("networkd", { network });
  expect(state).toBe("done");
  expect(files["/etc/systemd/network/10-cloud-init-eth9.network"]).toContain("Name=eth9");
});

test("what the renderer cannot express fails before anything is written, with key and place", async () => {
  const result = await run("network-manager", {
    network: { version: 2, ethernets: { eno1: { dhcp4: true, "emit-lldp": true } } },
  });
  const findings = [{ pointer: "/network/ethernets/eno1/emit-lldp" }];
  expect(result.error).toMatchObject({ code: "unsupported-by-renderer", findings });
  expect(result.steps).toEqual([]);
});

describe("a configuration that netplan refuses", () => {
  const former = "network: {version: 2, ethernets: {eno1: {addresses: [192.0.2.10/24]}}}\n";
  const files = { ...machine(eno1), "/etc/netplan/50-cloud-init.yaml": { content: former, mode: 0o600 } };
  const refused = (stderr: string, exitCode = 1): Promise<ContributionRun> =>
    run("netplan", { files, commands: [...systemd, { argv: ["netplan", "generate"], exitCode, stderr }] });
  const other = "/etc/netplan/90-other.yaml:4:25: Error in network definition: ";
  const ours = "/etc/netplan/50-cloud-init.yaml:4:25: Error in network definition: ";

  test.each([
    [`${other}br0: interface 'enp1s0' is not defined`, "br0: interface 'enp1s0' is not defined"],
    [`${other}unknown key 'foo'`, "unknown key 'foo'"],
    [`${other}b: missing 'local' property for tunnel`, "b: missing 'local' property for tunnel"],
    [`${other}invalid boolean value 'a secret'`, "invalid boolean value ***"],
    [`${other}invalid tunnel key 'it's a secret', is it`, "invalid tunnel key ***, is it"],
    [`${other}invalid tunnel key 'two lines of a\nsecret'`, "invalid tunnel key ***"],
  ])("is told with file, line and column, but without values: %s", async (line, shown) => {
    const result = await refused(`WARNING: what nobody needs\n${line}\n  password: a secret\n            ^\n`, 78);
    expect(result.error).toMatchObject({ code: "netplan-refuses" });
    expect(messageOf(result)).toContain(`: ${other}${shown}\n/etc/netplan/90-other.yaml is not written by`);
    expect(messageOf(result)).not.toMatch(/secret|nobody needs/);
  });

  test.each([
    `${ours}unknown key 'foo'`,
    "ERROR: net: ASCII passphrase must be between 8 and 63 characters (inclusive)",
    "",
  ])("is taken back: %s", async (line) => {
    const result = await refused(`${line}\n`);
    expect(messageOf(result)).toContain(`${line}\nrun \`netplan generate\` on a copy`);
    expect(result.files["/etc/netplan/50-cloud-init.yaml"]).toBe(former);
    expect(commands(result)).toEqual(["netplan generate"]);
  });

  test("is not, when netplan itself broke; it is taken back all the same", async () => {
    const result = await refused("Segmentation fault", 139);
    expect(result.error).toMatchObject({ code: "command-failed" });
    expect(result.files["/etc/netplan/50-cloud-init.yaml"]).toBe(former);
  });
});

describe("a check that fails", () => {
  const former = "network: {version: 2, ethernets: {eno1: {addresses: [192.0.2.10/24]}}}\n";
  const files = { ...machine(eno1), "/etc/netplan/50-cloud-init.yaml": { content: former, mode: 0o600 } };
  const check = { http: "http://user:word@192.0.2.80/health?token=word", tries: 3, timeout: 2, interval: 1 };
  const conf = { name: "node-1", network: dhcp, network_checks: [check], network_rollback: false };
  const responses = [{ url: check.http, status: 503 }];

  test("fails the run after its tries, with what was tried", async () => {
    const result = await run("netplan", { conf, files, responses });
    expect(result.error).toMatchObject({ code: "network-check-failed" });
    expect(messageOf(result)).toMatch(
      /^network_checks\[0\]: http:\/\/192\.0\.2\.80\/health is not reached after 3 tries in 2 s: .* 503/,
    );
    expect(messageOf(result)).not.toContain("word");
    expect(result.files["/etc/netplan/50-cloud-init.yaml"]).toContain("dhcp4: true");
  });

  test("puts the former configuration back, and brings it up, where that is asked for", async () => {
    const result = await run("netplan", { conf: { ...conf, network_rollback: true }, files, responses });
    expect(result.error).toMatchObject({ code: "network-check-failed" });
    expect(messageOf(result)).toContain("the former network configuration is back");
    expect(result.files["/etc/netplan/50-cloud-init.yaml"]).toBe(former);
    expect(commands(result).filter((command) => command === "netplan apply")).toHaveLength(2);
  });
});

test("version 1 gives the same files as the version 2 that says the same", async () => {
  const config = [
    {
      type: "physical",
      name: "eno1",
      subnets: [{ type: "static", address: "192.0.2.10/24", gateway: "192.0.2.1", dns_nameservers: ["192.0.2.53"] }],
    },
    { type: "vlan", name: "storage", vlan_link: "eno1", vlan_id: 20, subnets: [{ type: "dhcp4" }] },
  ];
  const version2 = {
    version: 2,
    ethernets: {
      eno1: {
        addresses: ["192.0.2.10/24"],
        routes: [{ to: "default", via: "192.0.2.1" }],
        nameservers: { addresses: ["192.0.2.53"] },
      },
    },
    vlans: { storage: { id: 20, link: "eno1", dhcp4: true } },
  };
  for (const renderer of renderers.filter((name) => name !== "netplan")) {
    const one = await run(renderer, { network: { version: 1, config } });
    expect(one.error).toBeUndefined();
    expect(one.files).toEqual((await run(renderer, { network: version2 })).files);
  }
});

test("the UUIDs of connections are those of the machine", async () => {
  const path = "/etc/NetworkManager/system-connections/cloud-init-eno1.nmconnection";
  const uuidOf = async (machineId: string): Promise<string | undefined> => {
    const { files } = await run("network-manager", {
      files: { ...machine(eno1), "/etc/machine-id": `${machineId}\n` },
    });
    return /^uuid=([0-9a-f-]{36})$/m.exec(files[path] ?? "")?.[1];
  };
  const [one, same, other] = [await uuidOf("a".repeat(32)), await uuidOf("a".repeat(32)), await uuidOf("b".repeat(32))];
  expect(one).toBeDefined();
  expect(same).toBe(one);
  expect(other).not.toBe(one);
});

describe("the renderer", () => {
  const has = {
    netplan: { "/usr/sbin/netplan": "" },
    networkd: { "/usr/lib/systemd/systemd-networkd": "" },
    "network-manager": { "/usr/bin/nmcli": "" },
  };
  const fileOf = {
    netplan: "/etc/netplan/50-cloud-init.yaml",
    networkd: "/etc/systemd/network/10-cloud-init-eno1.network",
    "network-manager": "/etc/NetworkManager/system-connections/cloud-init-eno1.nmconnection",
  };
  const everything = { ...has.netplan, ...has.networkd, ...has["network-manager"] };

  test.each([
    ["debian", everything, "netplan"],
    ["debian", { ...has.networkd, ...has["network-manager"] }, "networkd"],
    ["openmandriva", everything, "network-manager"],
    ["photon", everything, "networkd"],
    ["gentoo", { ...has.networkd, ...has["network-manager"] }, "network-manager"],
  ] as const)("is on %s the first of cloud-init's order that is there", async (id, programs, renderer) => {
    const files = { ...machine(eno1), ...programs, "/etc/os-release": `ID=${id}\n` };
    const result = await runContribution("Network", {
      conf: { name: "node-1", network: dhcp },
      files,
      commands: systemd,
    });
    expect(result.error).toBeUndefined();
    expect(written(result)).toContain(fileOf[renderer]);
  });

  test("is the one that cloud.cfg names first, of those that are there", async () => {
    const order = "system_info: {network: {renderers: [eni, networkd, netplan]}}\n";
    const files = { ...machine(eno1), ...everything, "/etc/os-release": "ID=debian\n", "/etc/cloud/cloud.cfg": order };
    const result = await runContribution("Network", {
      conf: { name: "node-1", network: dhcp },
      files,
      commands: systemd,
    });
    expect(written(result)).toContain(fileOf.networkd);
  });

  test("that is not there at all is an error which says what to install", async () => {
    const result = await runContribution("Network", { conf: { name: "node-1", network: dhcp }, files: machine(eno1) });
    expect(result.error).toMatchObject({ code: "no-network-renderer" });
    expect(result.steps).toEqual([]);
  });
});

test("without a network section nothing is touched", async () => {
  const { state, steps } = await runContribution("Network", { conf: { name: "node-1" } });
  expect({ state, steps }).toEqual({ state: "done", steps: [] });
});

test("system.yaml may name each renderer of the list", () => {
  const schema = parse(readFileSync(new URL("../../../schema/system.schema.yaml", import.meta.url), "utf8"));
  const names = schema.properties.network.properties.renderer.enum as string[];
  expect(names.toSorted()).toEqual(["auto", ...list.map(({ name }) => name)].toSorted());
});

const two = { eth0: "52:54:00:00:00:01", eth1: "52:54:00:00:00:02" };
const swapped = {
  version: 2 as const,
  ethernets: {
    one: { match: { macaddress: two.eth0 }, "set-name": "eth1", dhcp4: true },
    two: { match: { macaddress: two.eth1 }, "set-name": "eth0", dhcp4: true },
  },
};

test("two interfaces swap their names through a third one", async () => {
  const ran = commands(await run("networkd", { network: swapped, files: machine(two) }));
  const names = new Map(Object.entries(two));
  for (const command of ran) {
    const [, from = "", to = ""] = /^ip link set dev (\S+) name (\S+)$/.exec(command) ?? [];
    if (from === "") continue;
    // The kernel refuses a name that is taken.
    expect([command, names.has(from), names.has(to)]).toEqual([command, true, false]);
    names.set(to, names.get(from) ?? "");
    names.delete(from);
  }
  expect(Object.fromEntries(names)).toEqual({ eth0: two.eth1, eth1: two.eth0 });
});

test("what was remembered of a network is forgotten before the machine goes over to another", async () => {
  const first = await run("networkd", {});
  expect(first.store.values).toHaveProperty("digest");
  const next = { version: 2 as const, ethernets: { eno1: { addresses: ["192.0.2.10/24"] } } };
  const broken = [...systemd, { argv: ["networkctl"], prefix: true, exitCode: 1 }];
  const conf = { name: "node-1", network: next, network_rollback: false };
  const second = await run("networkd", { conf, commands: broken, store: first.store });
  expect(second.error).toMatchObject({ code: "command-failed" });
  expect(second.store.values).not.toHaveProperty("digest");
});

describe("for NetworkManager", () => {
  const keyfile = (id: string): string => `/etc/NetworkManager/system-connections/cloud-init-${id}.nmconnection`;
  const nics = { eth0: "52:54:00:aa:bb:01", eth1: "52:54:00:aa:bb:02" };
  const made = async (network: Record<string, unknown>): Promise<ContributionRun> => {
    const result = await run("network-manager", { network: { version: 2, ...network }, files: machine(nics) });
    expect(result.error).toBeUndefined();
    return result;
  };

  test("a name that is set lasts: udev sets it at each boot", async () => {
    const { files } = await made({
      ethernets: { lan: { match: { macaddress: nics.eth0 }, "set-name": "lan0", dhcp4: true } },
    });
    const link = files["/etc/systemd/network/10-cloud-init-lan0.link"];
    expect(link).toMatch(/\[Match\]\nPermanentMACAddress=52:54:00:aa:bb:01\n\n\[Link\]\nName=lan0\n/);
  });

  test("a pattern is for each interface that matches, and each is activated", async () => {
    const result = await made({ ethernets: { all: { match: { name: "eth*" }, dhcp4: true } } });
    expect(result.files[keyfile("all")]).toMatch(/^multi-connect=3$/m);
    const ups = commands(result).filter((command) => command.includes("connection up"));
    expect(ups.map((command) => command.split(" ").slice(-2).join(" "))).toEqual(["ifname eth0", "ifname eth1"]);
  });

  test("a static address of one family does not go with the other", async () => {
    const { files } = await made({ ethernets: { eth0: { addresses: ["192.0.2.5/24"], dhcp6: true } } });
    expect(files[keyfile("eth0")]).toMatch(/\[ipv6\]\nmethod=auto\nmay-fail=true/);
  });

  test("lo is a loopback", async () => {
    const { files } = await made({ ethernets: { lo: { addresses: ["198.51.100.7/32"] } } });
    expect(files[keyfile("lo")]).toMatch(/^type=loopback$/m);
    expect(files[keyfile("lo")]).toMatch(/^interface-name=lo$/m);
  });

  test("what is on a device that has a MAC address names its interface, and a bond its primary port's", async () => {
    const port = (mac: string, name: string): object => ({ match: { macaddress: mac }, "set-name": name });
    const { files } = await made({
      ethernets: { a: port(nics.eth0, "slot1"), b: port(nics.eth1, "slot2") },
      tunnels: { vx0: { mode: "vxlan", id: 5, link: "a", remote: "192.0.2.1" } },
      bonds: { bond0: { interfaces: ["a", "b"], parameters: { mode: "active-backup", primary: "a" } } },
    });
    expect(files[keyfile("vx0")]).toMatch(/^parent=slot1$/m);
    expect(files[keyfile("bond0")]).toMatch(/^primary=slot1$/m);
  });

  test("a port without addresses waits for no router", async () => {
    const { files } = await made({
      ethernets: { eth0: {} },
      tunnels: { vx0: { mode: "vxlan", id: 5, link: "eth0", remote: "192.0.2.1" } },
    });
    expect(files[keyfile("eth0")]).toMatch(/\[ipv6\]\nmethod=link-local/);
  });
});

describe("what is looked at afterwards", () => {
  /** `ip`, by which eth0 has these. */
  const ip = (address: object, routes: readonly object[] = []): NonNullable<ContributionTest["commands"]> => {
    const link = { ifname: "eno1", flags: ["UP"], mtu: 1500, addr_info: [], ...address };
    return [
      ...systemd,
      { argv: ["ip", "-json", "link", "show"], stdout: "[]" },
      { argv: ["ip", "-json", "-details", "address", "show"], stdout: JSON.stringify([link]) },
      { argv: ["ip", "-json", "-4", "route", "show", "table", "all"], stdout: JSON.stringify(routes) },
      { argv: ["ip", "-json", "-6", "route", "show", "table", "all"], stdout: "[]" },
      { argv: ["ip", "-json", "address", "show"], stdout: "[]" },
      { argv: ["networkctl"], prefix: true },
      { argv: ["ip"], prefix: true },
    ];
  };
  const wanted = {
    addresses: ["192.0.2.10/24"],
    mtu: 1500,
    routes: [{ to: "default", via: "192.0.2.1", table: 101, metric: 5 }],
  };
  const has = { addr_info: [{ family: "inet", local: "192.0.2.10", prefixlen: 24, scope: "global" }] };
  const route = { dst: "default", gateway: "192.0.2.1", dev: "eno1", table: "101", metric: 5, protocol: "static" };
  const outcome = async (settings: object, commands: ContributionTest["commands"]): Promise<string> => {
    const network = { version: 2, ethernets: { eno1: settings } };
    const conf = { name: "node-1", network, network_rollback: false };
    return messageOf(await run("networkd", { conf: conf as Configuration, commands }));
  };

  test.each([
    [wanted, has, [route], ""],
    [wanted, {}, [route], "eno1: the address 192.0.2.10/24 is missing"],
    [wanted, { ...has, mtu: 1400 }, [route], "eno1: its MTU is 1400, not 1500"],
    [wanted, { ...has, flags: [] }, [route], "eno1: it is down"],
    [wanted, { ...has, ifname: "eth7" }, [route], "eno1: there is no such interface"],
    [wanted, has, [], "eno1: the route default via 192.0.2.1 in table 101 is missing"],
    [wanted, has, [{ ...route, table: "main" }], "eno1: the route default via 192.0.2.1 in table 101 is missing"],
    [wanted, has, [{ ...route, metric: 6 }], "eno1: the route default via 192.0.2.1 in table 101 is missing"],
    [{ dhcp4: true }, has, [], "eno1: no address from DHCPv4"],
    [{ dhcp4: true }, { addr_info: [{ ...has.addr_info[0], dynamic: true }] }, [], ""],
    [{ ...wanted, optional: true }, {}, [], ""],
  ])("%j with %j", async (settings, link, routes, expected) => {
    const message = await outcome(settings, ip(link, routes));
    if (expected === "") expect(message.trim()).toBe("");
    else expect(message).toContain(`the network is not as it was asked for: ${expected}`);
  });
});

test.each([
  ["a bridge without ports", "networkd", { bridges: { br0: { addresses: ["192.0.2.1/24"] } } }],
  ["what NetworkManager has", "netplan", { renderer: "NetworkManager", ethernets: { eno1: { dhcp4: true } } }],
] as const)("systemd-networkd does not wait in vain for %s", async (_, renderer, network) => {
  const files = { ...machine(eno1), "/usr/lib/systemd/systemd-networkd-wait-online": "" };
  const waits = async (its: object): Promise<string[]> =>
    commands(await run(renderer, { network: { version: 2, ...its }, files })).filter((each) =>
      each.includes("wait-online"),
    );
  expect(await waits({ ethernets: { eno1: { dhcp4: true } } })).toHaveLength(1);
  expect(await waits(network)).toEqual([]);
});
