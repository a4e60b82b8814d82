/** What the checks of our elements find in a configuration, besides the schema. */
export const elementCheckCodes = {
  "bad-admin": {
    meaning: "A user name, password or SSH key of `admin` is not usable.",
    remedy: "Correct the value as the message says.",
    example: "name: node-1\nadmin: {keys: [ssh-ed25519 AAAA]}",
  },
  "bad-kernel-parameter": {
    meaning: "A kernel parameter has a form that the boot loader or the kernel cannot take.",
    remedy: "Write one parameter per entry; a value with spaces needs double quotes.",
  },
  "bad-mount": {
    meaning: "A field of a `mounts` entry cannot be written to /etc/fstab.",
    remedy: "Correct the field as fstab(5) describes.",
  },
  "duplicate-mount": {
    meaning: "Two entries of `mounts` use the same mount point.",
    remedy: "Remove one of them, or choose another mount point.",
    example: "name: node-1\nmounts:\n  - [LABEL=a, /srv, ext4]\n  - [LABEL=b, /srv, ext4]",
  },
  "bad-partition": {
    meaning: "A value of `partitions` is not usable.",
    remedy: "Correct the value as the message says.",
  },
  "bad-registry": {
    meaning: "A container registry, server or mirror of `container_registries` is not usable.",
    remedy: "Correct the value as the message says.",
  },
  "no-time-source": {
    meaning: "`ntp` names neither servers nor pools, so the machine has no time source.",
    remedy: "Add `servers` or `pools`.",
    severity: "warning",
    example: "name: node-1\nntp: {}",
  },
  "report-without-tls": {
    meaning: "A report with a token would be sent over plain HTTP, where others can read the token.",
    remedy: "Use an https URL, or remove the token.",
  },
  deprecated: {
    meaning: "The section still works but has been replaced by another one.",
    remedy: "Use the section that the message names.",
    severity: "warning",
  },
  "bad-certificate": {
    meaning: "The value is not PEM, or contains something other than X.509 certificates.",
    remedy: "Insert the certificate in PEM, from `-----BEGIN CERTIFICATE-----` to the end line.",
    example: "name: node-1\ncertificates: {site: none}",
  },
  "private-key-in-certificate": {
    meaning: "A private key is among the certificates, which every user can read.",
    remedy: "Remove the key, and replace it wherever it is in use.",
  },
  "certificate-expired": {
    meaning: "The certificate has expired.",
    remedy: "Replace it by a valid one.",
    severity: "warning",
  },
  "certificate-not-yet-valid": {
    meaning: "The certificate's validity begins in the future.",
    remedy: "Check the certificate and the clock of this machine.",
    severity: "warning",
  },
} as const;

/** What the element `vault` finds before a run. */
export const vaultCheckCodes = {
  "vault-section-missing": {
    meaning: "A value refers to Vault, but the configuration has no section `vault`.",
    remedy: "Add the section, or replace the reference by a value.",
    example: 'name: node-1\nadmin: {passwd: "@vault:kv2:admin:hash"}',
  },
  "vault-reference-malformed": {
    meaning: "The value begins with `@vault:` but is not a valid reference.",
    remedy: "Use one of the forms in the README of the element vault, such as `@vault:kv2:PATH:KEY`.",
  },
  "vault-reference-misplaced": {
    meaning: "A reference is part of a longer string, or is a key, where it would not be resolved.",
    remedy: "Make the reference the whole value, in quotes.",
  },
  "vault-reference-too-early": {
    meaning: "A reference is in a section that is needed before Vault can be reached.",
    remedy: "Write the value itself.",
  },
  "vault-certificate-unknown": {
    meaning: "A `pki-…:NAME` reference names a certificate that `vault.certificates` does not list.",
    remedy: "Add the certificate to `vault.certificates`, or correct the name.",
  },
  "vault-left-out": {
    meaning: "MIN_PRIORITY leaves out the contribution that resolves references, but the configuration has references.",
    remedy: "Lower MIN_PRIORITY to 70 or less.",
  },
  "duplicate-certificate": {
    meaning: "Two entries of `vault.certificates` have the same name.",
    remedy: "Rename or remove one of them.",
  },
  "bad-url": { meaning: "The value is not a URL.", remedy: "Write a URL such as `https://HOST:PORT`." },
  "vault-without-tls": {
    meaning: "Vault is reached over plain HTTP, where others can read the secrets.",
    remedy: "Use an https URL.",
    severity: "warning",
  },
} as const;

/** What the element `network` finds before a run. */
export const networkCheckCodes = {
  "nested-network": {
    meaning: "`network` is nested in `network`: this looks like a complete netplan file.",
    remedy: "Remove one level, so that `version` and `ethernets` are directly below `network`.",
    example: "name: node-1\nnetwork:\n  network:\n    version: 2",
  },
  "bad-network-text": {
    meaning: "A string of the network configuration contains a line feed or another control character.",
    remedy: "Remove the control character.",
  },
  "inexact-number": {
    meaning: "The number is too large to be read exactly.",
    remedy: "Put it in quotes.",
    severity: "warning",
  },
  "device-defined-twice": {
    meaning: "Two sections define a device of the same name.",
    remedy: "Rename or remove one of them.",
  },
  "bad-interface-name": {
    meaning: "The kernel does not accept the interface name: at most 15 characters, without `/` and spaces.",
    remedy: "Choose another name. To match several interfaces, use `match`.",
  },
  "unknown-device": {
    meaning: "The configuration refers to a device that it does not define.",
    remedy: "Define the device, or correct the name.",
    example: "name: node-1\nnetwork:\n  version: 2\n  bridges: {br0: {interfaces: [eth0]}}",
  },
  "two-masters": {
    meaning: "A device belongs to more than one bond, bridge or VRF.",
    remedy: "Keep it in one of them.",
  },
  "device-loop": {
    meaning: "A device depends on itself, directly or through other devices.",
    remedy: "Remove one link of the loop.",
  },
  "bad-peer": {
    meaning: "The `peer` of a virtual device is not a device of the same kind that names this one as its peer.",
    remedy: "Define both ends, each with the other one as `peer`.",
  },
  "bad-physical-function": {
    meaning: "The `link` of a virtual function is not a physical interface.",
    remedy: "Name an entry of `ethernets`.",
  },
  "missing-connection-type": {
    meaning: "A device of `nm-devices` has no connection type.",
    remedy: "Add `connection.type` to its `networkmanager.passthrough`.",
  },
  "set-name-without-match": {
    meaning: "`set-name` is given without `match`, so it is unclear which interface to rename.",
    remedy: "Add `match` with `macaddress`.",
    example: "name: node-1\nnetwork:\n  version: 2\n  ethernets: {eth0: {set-name: lan0}}",
  },
  "bad-mac-address": {
    meaning: "The value is not a MAC address.",
    remedy: "Write six pairs of hexadecimal digits, such as `52:54:00:12:34:56`.",
  },
  "same-match": {
    meaning: "Two devices match the same MAC address.",
    remedy: "Correct one of them.",
    severity: "warning",
  },
  "bad-address": {
    meaning: "The value is not an IP address or network of the kind that is needed here.",
    remedy: "Correct the address.",
  },
  "missing-prefix-length": {
    meaning: "The address has no prefix length.",
    remedy: "Append it, such as `/24`.",
    example: "name: node-1\nnetwork:\n  version: 2\n  ethernets: {eth0: {addresses: [192.0.2.10]}}",
  },
  "bad-prefix-length": {
    meaning: "The prefix length is out of range.",
    remedy: "Use 1 to 32 for IPv4, 1 to 128 for IPv6.",
  },
  "bad-domain": {
    meaning: "An entry of the search list is not a domain name.",
    remedy: "Correct the name.",
  },
  "mtu-too-small": {
    meaning: "The MTU is below the minimum of the protocol: 1280 bytes for IPv6.",
    remedy: "Use a larger MTU.",
  },
  "duplicate-address": {
    meaning: "The same address is given twice.",
    remedy: "Remove one of the two.",
    severity: "warning",
  },
  "label-without-effect": {
    meaning: "Address labels exist for IPv4 only, so this one has no effect.",
    remedy: "Remove the label.",
    severity: "warning",
  },
  "family-mismatch": {
    meaning: "IPv4 and IPv6 addresses are combined where both must be of one family.",
    remedy: "Use addresses of the same family.",
  },
  "route-without-gateway": {
    meaning: "A default route has no gateway.",
    remedy: "Add `via` with the address of the gateway.",
    example: "name: node-1\nnetwork:\n  version: 2\n  ethernets: {eth0: {routes: [{to: default}]}}",
  },
  "gateway-without-address": {
    meaning: "The device has a gateway but no address of that family.",
    remedy: "Add an address, or enable DHCP.",
  },
  "policy-without-selector": {
    meaning: "A routing rule has neither `from` nor `to`.",
    remedy: "Add at least one of them.",
  },
  "vrf-table-mismatch": {
    meaning: "A route or rule of a VRF names another routing table than the VRF.",
    remedy: "Remove `table`, or use that of the VRF.",
  },
  "deprecated-gateway": {
    meaning: "`gateway4` and `gateway6` are deprecated in netplan.",
    remedy: "Write a default route: `routes: [{to: default, via: ADDRESS}]`.",
    example:
      "name: node-1\nnetwork:\n  version: 2\n  ethernets: {eth0: {addresses: [192.0.2.10/24], gateway4: 192.0.2.1}}",
    severity: "warning",
  },
  "gateway-not-on-link": {
    meaning: "The gateway is in none of the networks of this device.",
    remedy: "Correct the address, or add `on-link: true`.",
    severity: "warning",
    example:
      "name: node-1\nnetwork:\n  version: 2\n  ethernets: {eth0: {addresses: [192.0.2.10/24], routes: [{to: default, via: 198.51.100.1}]}}",
  },
  "two-default-routes": {
    meaning: "Several default routes have the same metric and table.",
    remedy: "Give each of them its own `metric`.",
    severity: "warning",
  },
  "bond-mode-needs-openvswitch": {
    meaning: "This bond mode exists in Open vSwitch only.",
    remedy: "Choose a mode of the kernel's bonding driver.",
  },
  "bond-parameter-conflict": {
    meaning: "A parameter of the bond cannot be combined with another one or with its mode.",
    remedy: "Remove one of the two.",
  },
  "missing-arp-targets": {
    meaning: "ARP monitoring of a bond needs addresses to ask.",
    remedy: "Add `arp-ip-targets`, or use `mii-monitor-interval`.",
  },
  "bond-parameter-without-effect": {
    meaning: "The parameter has no effect in this bond mode.",
    remedy: "Remove it, or choose another mode.",
    severity: "warning",
  },
  "missing-remote": {
    meaning: "A tunnel of this mode needs the address of its other end.",
    remedy: "Add `remote`.",
  },
  "tunnel-without-key": {
    meaning: "Tunnels of this mode do not have keys.",
    remedy: "Remove the key.",
  },
  "bad-tunnel-key": {
    meaning: "The key of the tunnel is neither a number below 2^32 nor a dotted quad.",
    remedy: "Write the key in one of the two forms.",
  },
  "bad-port-range": {
    meaning: "The first port of the range is larger than the last one.",
    remedy: "Swap the two.",
  },
  "missing-private-key": {
    meaning: "A WireGuard device has no private key.",
    remedy: "Add `key`.",
    example: "name: node-1\nnetwork:\n  version: 2\n  tunnels: {wg0: {mode: wireguard}}",
  },
  "bad-wireguard-key": {
    meaning: "A WireGuard key is not 32 bytes in base64.",
    remedy: "Create a key with `wg genkey`. Private and shared keys may also be the path of a file.",
  },
  "bad-endpoint": {
    meaning: "The endpoint of a WireGuard peer is not of the form HOST:PORT.",
    remedy: "Correct it. An IPv6 address needs brackets.",
  },
  "no-peers": {
    meaning: "A WireGuard device without peers carries no traffic.",
    remedy: "Add `peers`.",
    severity: "warning",
  },
  "no-allowed-ips": {
    meaning: "A WireGuard peer without `allowed-ips` carries no traffic.",
    remedy: "Add `allowed-ips`.",
    severity: "warning",
  },
  "bad-passphrase": {
    meaning: "A Wi-Fi pre-shared key has neither 8 to 63 characters nor 64 hexadecimal digits.",
    remedy: "Correct the password.",
  },
  "channel-without-band": {
    meaning: "A Wi-Fi channel is given without its band.",
    remedy: "Add `band`.",
  },
  "not-in-version-2": {
    meaning: "Network configuration version 2, which is what is rendered, has no equivalent for this parameter.",
    remedy: "Remove the parameter, or write the section in version 2.",
  },
  "bad-value": {
    meaning: "The value does not fit this parameter of network configuration version 1.",
    remedy: "Correct the value.",
  },
  "bad-netmask": {
    meaning: "The value is not a netmask.",
    remedy: "Write a netmask such as `255.255.255.0`, or a prefix length in the address.",
  },
  "missing-address": { meaning: "A static subnet has no address.", remedy: "Add `address`." },
  "missing-destination": { meaning: "A route has no destination.", remedy: "Add `destination`." },
  "gateway-without-device": {
    meaning: "No device has an address in the network of this gateway.",
    remedy: "Move the gateway to the subnet that it belongs to.",
  },
  "missing-prefix": {
    meaning: "The address has neither a prefix length nor a netmask; the one that the message names is used.",
    remedy: "Add the prefix length, such as `/24`.",
    severity: "warning",
  },
  "parameter-without-effect": {
    meaning: "The parameter has no effect with this renderer.",
    remedy: "Remove it.",
    severity: "warning",
  },
  "bad-port": {
    meaning: "A network check does not name a valid port.",
    remedy: "Write HOST:PORT, with a port from 1 to 65535.",
  },
  "checks-too-long": {
    meaning: "The network checks together may take longer than the contribution is allowed to run.",
    remedy: "Use fewer checks, or shorter timeouts.",
  },
  "unsupported-by-renderer": {
    meaning: "The image's network renderer cannot express this key.",
    remedy: "Remove the key, or use an image with netplan.",
  },
  "renderer-not-used": {
    meaning: "`renderer` has no effect: the image uses another renderer.",
    remedy: "Remove it. An image's renderer is set in its system.yaml.",
    severity: "warning",
  },
} as const;
