/** Networks in which every key occurs that a renderer can express. */

const common = {
  dhcp4: true,
  dhcp6: true,
  "dhcp4-overrides": {
    "use-dns": false,
    "use-ntp": true,
    "send-hostname": false,
    hostname: "node1",
    "use-routes": false,
    "route-metric": 300,
  },
  "dhcp6-overrides": { "use-dns": false, "use-ntp": true, "route-metric": 301, "use-routes": true },
  "dhcp-identifier": "mac",
  "accept-ra": true,
  "ipv6-privacy": true,
  "ipv6-mtu": 1400,
  "ipv6-address-generation": "stable-privacy",
  mtu: 1500,
  macaddress: "52:54:00:aa:bb:cc",
  optional: true,
  critical: true,
  nameservers: { addresses: ["192.0.2.53", "2001:db8::53"], search: ["example.org", "example.net"] },
};

const addresses = { addresses: ["192.0.2.10/24", "2001:db8::10/64"] };

const routes = [
  { to: "default", via: "192.0.2.1", metric: 100, "on-link": true },
  { to: "::/0", via: "2001:db8::1" },
  {
    to: "198.51.100.0/24",
    via: "192.0.2.1",
    from: "192.0.2.10",
    table: 101,
    mtu: 1300,
    "congestion-window": 20,
    "advertised-receive-window": 30,
    "advertised-mss": 1200,
  },
  { to: "203.0.113.0/24", scope: "link" },
  { to: "10.9.0.0/16", type: "blackhole" },
];

const policy = [
  { from: "192.0.2.0/24", table: 101, priority: 10, mark: 7, "type-of-service": 8 },
  { from: "2001:db8::/64", to: "2001:db8:1::/64", table: 102, priority: 11 },
];

const offload = {
  "receive-checksum-offload": true,
  "transmit-checksum-offload": false,
  "tcp-segmentation-offload": true,
  "tcp6-segmentation-offload": true,
  "generic-segmentation-offload": false,
  "generic-receive-offload": true,
  "large-receive-offload": false,
};

const bondParameters = {
  "mii-monitor-interval": 100,
  "up-delay": "200ms",
  "down-delay": "0.2s",
  "all-members-active": true,
};

const vxlan = {
  mode: "vxlan",
  id: 42,
  link: "eth0",
  local: "192.0.2.10",
  remote: "239.0.0.1",
  ttl: 5,
  "type-of-service": 16,
  "mac-learning": false,
  ageing: 300,
  limit: 100,
  "arp-proxy": true,
  notifications: ["l2-miss", "l3-miss"],
  "short-circuit": true,
  port: 4789,
  "port-range": [40000, 50000],
};

const wireguard = {
  mode: "wireguard",
  addresses: ["10.10.10.20/24"],
  key: "4GgaQCy68nzNsUE5aJ9fuLzHhB65tAlwbmA72MWnOm8=",
  mark: 42,
  port: 51820,
  peers: [
    {
      endpoint: "198.51.100.10:51820",
      "allowed-ips": ["20.20.20.0/24", "2001:db8:2::/48"],
      keepalive: 25,
      keys: {
        public: "M9nt4YujIOmNrRmpIRTmYSfMdrpvE7u6WkG8FY8WjG4=",
        shared: "7voRZ/ojfXgfPOlswo3Lpma1RJq7qijIEEUEMShQFV8=",
      },
    },
  ],
};

const ports = Object.fromEntries(["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8"].map((name) => [name, {}]));

const sections = {
  "dummy-devices": { dm0: { addresses: ["192.0.2.200/32"] } },
  "virtual-ethernets": { veth0: { peer: "veth1" }, veth1: { peer: "veth0" } },
  bonds: {
    lacp: {
      interfaces: ["p1", "p2"],
      parameters: {
        ...bondParameters,
        mode: "802.3ad",
        "lacp-rate": "fast",
        "min-links": 1,
        "transmit-hash-policy": "layer3+4",
        "ad-select": "bandwidth",
      },
    },
    backup: {
      interfaces: ["p3", "p4"],
      parameters: {
        mode: "active-backup",
        "arp-interval": 500,
        "arp-ip-targets": ["192.0.2.1", "192.0.2.2"],
        "arp-validate": "all",
        "arp-all-targets": "any",
        "fail-over-mac-policy": "active",
        "gratuitous-arp": 2,
        primary: "p3",
        "primary-reselect-policy": "better",
        "resend-igmp": 3,
      },
    },
    turns: { interfaces: ["p5"], parameters: { mode: "balance-rr", "packets-per-member": 5 } },
    learns: { interfaces: ["p6"], parameters: { mode: "balance-alb", "learn-packet-interval": 5 } },
  },
  vlans: { vlan15: { id: 15, link: "lacp", addresses: ["198.18.0.10/24"] } },
  vrfs: { red: { table: 1005, interfaces: ["br1"] } },
};

const bridge = {
  interfaces: ["p7"],
  parameters: {
    stp: true,
    priority: 100,
    "ageing-time": 10,
    "forward-delay": 4,
    "hello-time": 2,
    "max-age": 12,
    "path-cost": { p7: 50 },
    "port-priority": { p7: 20 },
  },
};

export const networkdSample: Record<string, unknown> = {
  version: 2,
  ethernets: {
    ...ports,
    p7: { hairpin: true, "port-mac-learning": false, "neigh-suppress": true },
    eth0: {
      ...common,
      ...offload,
      "dhcp4-overrides": {
        ...common["dhcp4-overrides"],
        "use-hostname": false,
        "use-mtu": false,
        "use-domains": "route",
      },
      "dhcp6-overrides": { ...common["dhcp6-overrides"], "use-mtu": false, "use-domains": "yes", hostname: "node1" },
      "ra-overrides": { "use-dns": false, "use-domains": "route", table: 77 },
      match: { macaddress: "52:54:00:00:00:01", driver: ["virtio_net", "veth*"] },
      "set-name": "eth0",
      wakeonlan: true,
      "emit-lldp": true,
      "ignore-carrier": true,
      "link-local": ["ipv4", "ipv6"],
      addresses: [{ "192.0.2.10/24": { label: "eth0:a" } }, { "2001:db8::10/64": { lifetime: 0 } }],
      "virtual-function-count": 2,
      routes,
      "routing-policy": policy,
    },
    eth1: { ...addresses, gateway4: "192.0.2.1", gateway6: "2001:db8:9::1", "activation-mode": "manual" },
    eth2: { match: { name: "ens*" }, dhcp6: true, "ipv6-address-token": "::2", "activation-mode": "off" },
    ib0: { match: { macaddress: `80${":00".repeat(19)}` }, dhcp4: true },
  },
  ...sections,
  bridges: { br0: bridge, br1: { interfaces: [], "link-local": [] } },
  tunnels: {
    vx42: {
      ...vxlan,
      checksums: ["udp", "zero-udp6-tx", "zero-udp6-rx", "remote-tx", "remote-rx"],
      extensions: ["group-policy", "generic-protocol"],
      "flow-label": 5,
      "do-not-fragment": true,
    },
    wg0: wireguard,
    wg1: { mode: "wireguard", key: "/etc/wireguard/private.key", port: "auto", peers: wireguard.peers },
    sit0: { mode: "sit", local: "192.0.2.10", remote: "198.51.100.10", ttl: 64, addresses: ["2001:db8:5::2/64"] },
    gre1: { mode: "gre", remote: "198.51.100.10", keys: { input: 1234, output: "1.2.3.4" } },
    ipip1: { mode: "ipip", remote: "198.51.100.10" },
    isatap1: { mode: "isatap", remote: "198.51.100.10" },
    vti1: { mode: "vti", remote: "198.51.100.10", key: 7 },
    gretap1: { mode: "gretap", remote: "198.51.100.10" },
    ip6gre1: { mode: "ip6gre", remote: "2001:db8::9" },
    ip6gretap1: { mode: "ip6gretap", remote: "2001:db8::9" },
    ipip61: { mode: "ipip6", remote: "2001:db8::9" },
    ip6ip61: { mode: "ip6ip6", remote: "2001:db8::9" },
    vti61: { mode: "vti6", remote: "2001:db8::9", key: "0.0.0.9" },
  },
};

export const networkManagerSample: Record<string, unknown> = {
  version: 2,
  renderer: "NetworkManager",
  ethernets: {
    ...ports,
    p7: { hairpin: true },
    eth0: {
      ...common,
      ...offload,
      ...addresses,
      "dhcp4-overrides": { ...common["dhcp4-overrides"], "use-hostname": false, "use-mtu": true },
      "dhcp6-overrides": { ...common["dhcp6-overrides"], "use-hostname": false },
      match: { macaddress: "52:54:00:00:00:01", driver: ["virtio_net", "veth*"] },
      "set-name": "eth0",
      wakeonlan: true,
      "link-local": ["ipv4", "ipv6"],
      "virtual-function-count": 2,
      routes,
      "routing-policy": policy,
    },
    eth1: { ...addresses, gateway4: "192.0.2.1", gateway6: "2001:db8::1", "activation-mode": "manual" },
    eth2: { match: { name: "ens*" }, dhcp6: true, "ipv6-address-token": "::2", "accept-ra": false },
    eth3: {
      dhcp4: true,
      auth: {
        "key-management": "802.1x",
        method: "peap",
        identity: "node1@example.org",
        "anonymous-identity": "@example.org",
        password: " a ; secret\\word",
        "phase2-auth": "MSCHAPV2",
      },
      networkmanager: {
        name: "uplink; one",
        uuid: "db5f0f67-1f4c-4d59-8ab8-3d278389cf87",
        "stable-id": "stable",
        passthrough: { "connection.zone": "trusted", "ipv4.dns-priority": "5" },
      },
    },
    eth4: {
      auth: {
        "key-management": "802.1x",
        method: "tls",
        identity: "node1",
        "ca-certificate": "/etc/hostname",
        "client-certificate": "/etc/hostname",
        "client-key": "/etc/hostname",
        "client-key-password": "secret",
      },
    },
    ib0: { match: { macaddress: `80${":00".repeat(19)}` }, dhcp4: true, "infiniband-mode": "connected", mtu: 2044 },
  },
  wifis: {
    wlan0: {
      dhcp4: true,
      wakeonwlan: ["magic_pkt", "disconnect"],
      macaddress: "random",
      "access-points": {
        open: {},
        "Café ; 2": { password: "12345678", hidden: true, band: "5GHz", channel: 36, bssid: "52:54:00:00:00:09" },
        sae: { auth: { "key-management": "sae", password: "abcdefgh" } },
        office: {
          auth: {
            "key-management": "eap-sha256",
            method: "ttls",
            identity: "joe",
            password: "x",
            "phase2-auth": "pap",
          },
        },
        shared: { mode: "ap", band: "2.4GHz", channel: 6, password: "abcdefgh" },
        peer: { mode: "adhoc" },
      },
    },
  },
  modems: {
    gsm0: {
      apn: "internet",
      username: "joe",
      password: "x",
      pin: "0123",
      number: "*99#",
      "network-id": 24005,
      mtu: 1400,
    },
    gsm1: { "auto-config": true, "device-id": "da812de9", "sim-id": "89148000000060671234", "sim-operator-id": 310260 },
    cdma0: { number: "#777", username: "joe" },
  },
  ...sections,
  bridges: { br0: bridge, br1: { interfaces: [], ...addresses } },
  tunnels: {
    vx42: vxlan,
    wg0: wireguard,
    sit0: { mode: "sit", local: "192.0.2.10", remote: "198.51.100.10", ttl: 64, addresses: ["2001:db8:5::2/64"] },
    gre1: { mode: "gre", local: "192.0.2.10", remote: "198.51.100.10", keys: { input: 1234, output: "1.2.3.4" } },
    ipip1: { mode: "ipip", remote: "198.51.100.10", mtu: 1400 },
    isatap1: { mode: "isatap", local: "192.0.2.10", remote: "198.51.100.10" },
    vti1: { mode: "vti", remote: "198.51.100.10" },
    gretap1: { mode: "gretap", remote: "198.51.100.10" },
    ip6gre1: { mode: "ip6gre", remote: "2001:db8::9" },
    ipip61: { mode: "ipip6", remote: "2001:db8::9" },
    ip6ip61: { mode: "ip6ip6", remote: "2001:db8::9" },
  },
  "nm-devices": {
    other: {
      renderer: "NetworkManager",
      networkmanager: {
        name: "other",
        passthrough: { "connection.type": "tun", "connection.interface-name": "tap9", "tun.mode": "2" },
      },
    },
  },
};
