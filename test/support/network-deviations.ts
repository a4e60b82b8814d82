/** Where our renderings differ from those of others, and how to recognise it. The reasons: docs/network-deviations.md. */
export interface Deviation {
  /** Its name in the page. */
  id: string;
  /** Which side says it. */
  side: "ours" | "theirs";
  /** Of a fact as test/support/network-facts.ts writes it. */
  fact: RegExp;
}

export const deviations: Readonly<Record<"cloud-init-networkd" | "cloud-init-nm" | "netplan", readonly Deviation[]>> = {
  "cloud-init-networkd": [
    { id: "made-devices", side: "ours", fact: /\.netdev \[|\[Network\] (Bond|Bridge|VLAN)=/ },
    { id: "primary-port", side: "ours", fact: /\[Network\] PrimarySlave=/ },
    { id: "link-files", side: "ours", fact: /\.link \[/ },
    {
      id: "route-attributes",
      side: "ours",
      fact: /\[Route .*\] (Table|GatewayOnLink|TCPAdvertisedMaximumSegmentSize)=/,
    },
    { id: "routing-policy", side: "ours", fact: /\[RoutingPolicyRule\]/ },
    { id: "dhcp-of-all-kinds", side: "ours", fact: /^(bond|br|vlan)\w*\.network \[DHCPv[46]\] / },
    { id: "dhcp-identifier", side: "ours", fact: /\[DHCPv4\] ClientIdentifier=/ },
    { id: "accept-ra-of-all-kinds", side: "ours", fact: /^vlan15\.network \[Network\] IPv6AcceptRA=/ },
  ],
  "cloud-init-nm": [
    { id: "link-files", side: "ours", fact: /\.link \[/ },
    { id: "no-dhcp-unasked", side: "ours", fact: /\[ipv4\] method=(disabled|link-local)$/ },
    { id: "accept-ra", side: "ours", fact: /\[ipv6\] method=(link-local|disabled|dhcp|auto)$/ },
    { id: "accept-ra", side: "theirs", fact: /\[ipv6\] method=(auto|manual)$/ },
    { id: "optional", side: "ours", fact: /\[ipv[46]\] may-fail=true$/ },
    { id: "optional", side: "theirs", fact: /\[ipv[46]\] may-fail=false$/ },
    { id: "mtu-of-all-kinds", side: "ours", fact: /^(br\w*|vlan\w*|public|storage)\.nmconnection \[ethernet\] mtu=/ },
    { id: "bridge-parameters", side: "ours", fact: /\[bridge\] (ageing-time|forward-delay|hello-time|max-age)=/ },
    { id: "bond-parameters", side: "ours", fact: /\[bond\] \w+_\w+=/ },
    { id: "route-options", side: "ours", fact: /\[ipv[46]\] route to .*_options=/ },
    { id: "default-route-metric", side: "ours", fact: /\[ipv[46]\] route to (0\.0\.0\.0\/0|::\/0)=.*,.*,\d+$/ },
    { id: "default-route-metric", side: "theirs", fact: /\[ipv[46]\] route to (0\.0\.0\.0\/0|::\/0)=/ },
    { id: "default-route-metric", side: "theirs", fact: /\[ipv[46]\] route-metric=/ },
    {
      id: "dhcp-overrides",
      side: "ours",
      fact: /\[(ipv[46]|hostname)\] (dhcp-hostname|dhcp-send-hostname|ignore-auto-\w+|never-default|from-dhcp|route-metric)=/,
    },
    { id: "dhcp-client-id", side: "ours", fact: /\[ipv4\] dhcp-client-id=/ },
    { id: "offload", side: "ours", fact: /\[ethtool\] / },
    { id: "infiniband", side: "ours", fact: /\[infiniband\] |\[connection\] type=infiniband/ },
    { id: "infiniband", side: "theirs", fact: /^ib0\.nmconnection (\[connection\] type=ethernet|\[ethernet\])/ },
    { id: "parent", side: "ours", fact: /\[vlan\] parent=/ },
    { id: "parent", side: "theirs", fact: /\[vlan\] parent=cloud-init / },
    { id: "loopback", side: "ours", fact: /^lo\.nmconnection \[connection\] type=loopback$/ },
    { id: "loopback", side: "theirs", fact: /^lo\.nmconnection \[connection\] type=ethernet$/ },
    { id: "wifi", side: "ours", fact: /^w\w+-[\w-]+\.nmconnection / },
  ],
  netplan: [
    { id: "np-metric-and-mtu", side: "theirs", fact: /\[DHCP\] (RouteMetric=(100|600)|UseMTU=yes)$/ },
    {
      id: "np-defaults-unsaid",
      side: "ours",
      fact: /\[DHCP\] (UseDNS|UseNTP|UseHostname|SendHostname|UseRoutes)=yes$/,
    },
    { id: "np-link-local", side: "theirs", fact: /\[Network\] LinkLocalAddressing=(ipv6|no)$/ },
    { id: "np-without-carrier", side: "theirs", fact: /\[Network\] ConfigureWithoutCarrier=yes$/ },
    { id: "np-optional", side: "ours", fact: /\[Link\] RequiredForOnline=no$/ },
    { id: "np-link-files", side: "theirs", fact: /\.link \[(Link\] (WakeOnLan|MTUBytes)|Match\] OriginalName)=/ },
    {
      id: "np-link-files",
      side: "ours",
      fact: /\.link \[Link\] (MACAddressPolicy|NamePolicy|AlternativeNamesPolicy)=/,
    },
    { id: "np-match-by-mac", side: "theirs", fact: /\.network \[Match\] PermanentMACAddress=/ },
    { id: "np-match-by-mac", side: "ours", fact: /\.network \[Match\] (MACAddress=|Type=infiniband)/ },
    { id: "np-firewall-mark", side: "ours", fact: /\[WireGuard\] FirewallMark=/ },
    { id: "np-firewall-mark", side: "theirs", fact: /\[WireGuard\] FwMark=/ },
  ],
};
