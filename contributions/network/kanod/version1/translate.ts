import type { Finding } from "kanod-configure";
import {
  contains,
  escapePointerPart,
  type Family,
  isLinkLocal,
  maskLength,
  parseAddress,
  parseNetwork,
  parsePrefix,
} from "kanod-configure";
import { Settings } from "../model/settings.ts";
import { bondParameters, bridgeParameters, type Parameter } from "./parameters.ts";

export interface Translation {
  version2: Record<string, unknown>;
  /** Pointers into the version 2 form, each with what it was made from. */
  places: ReadonlyMap<string, string>;
  findings: readonly Finding[];
}

/** A device of the version 2 form while it is put together. */
interface Draft {
  kind: string;
  name: string;
  pointer: string;
  values: Record<string, unknown>;
}

/**
 * Turns a cloud-init version 1 configuration into the version 2 form, by the rules of cloud-init's own translation.
 * What version 2 cannot say is a finding. Source: cloud-init, "Networking config Version 1"; kernel, bonding.rst.
 */
export function translateVersion1(value: Readonly<Record<string, unknown>>, pointer: string): Translation {
  return new Translator(pointer).translate(new Settings(value, pointer));
}

class Translator {
  readonly #root: string;
  readonly #places: Map<string, string> = new Map();
  readonly #findings: Finding[] = [];
  readonly #devices: Map<string, Draft> = new Map();
  /** Devices whose name servers all come from entries that name no interface. */
  readonly #globalDns: Set<Record<string, unknown>> = new Set();

  constructor(root: string) {
    this.#root = root;
  }

  translate(network: Settings): Translation {
    const entries = network.sections("config");
    const deferred: (() => void)[] = [];
    for (const entry of entries) {
      const type = entry.text("type");
      if (type === "nameserver") deferred.push(() => this.#nameserver(entry));
      else if (type === "route") deferred.push(() => this.#route(entry));
      else this.#device(entry, type ?? "");
    }
    for (const add of deferred) add();
    const devices = [...this.#devices.values()];
    const sections = [...new Set(devices.map(({ kind }) => kind))].map((kind) => {
      const drafts = devices.filter((draft) => draft.kind === kind);
      return [kind, Object.fromEntries(drafts.map(({ name, values }) => [name, values]))] as const;
    });
    const version2 = { version: 2, ...Object.fromEntries(sections) };
    return { version2, places: this.#places, findings: this.#findings };
  }

  #device(entry: Settings, type: string): void {
    const name = entry.text("name") ?? "";
    const kind = { bond: "bonds", bridge: "bridges", vlan: "vlans" }[type] ?? "ethernets";
    const draft: Draft = { kind, name, pointer: this.#pointer(kind, name), values: {} };
    if (this.#devices.has(name)) {
      this.#report("error", "device-defined-twice", entry.at("name"), `the device ${name} is defined twice`);
      return;
    }
    this.#devices.set(name, draft);
    this.#places.set(draft.pointer, entry.pointer);
    this.#common(draft, entry, type);
    if (type === "vlan") {
      this.#copy(draft, "id", entry, "vlan_id");
      this.#copy(draft, "link", entry, "vlan_link");
    }
    if (type === "bond") this.#ports(draft, entry, "bond_interfaces", bondParameters);
    if (type === "bridge") this.#ports(draft, entry, "bridge_interfaces", bridgeParameters);
    for (const subnet of entry.sections("subnets")) this.#subnet(draft, subnet);
  }

  #common(draft: Draft, entry: Settings, type: string): void {
    const mac = entry.text("mac_address");
    if (mac !== undefined && draft.kind === "ethernets" && type !== "loopback") {
      this.#set(draft, ["match", "macaddress"], mac.toLowerCase(), entry.at("mac_address"));
      this.#set(draft, ["set-name"], draft.name, entry.at("name"));
    } else if (mac !== undefined) {
      this.#set(draft, ["macaddress"], mac.toLowerCase(), entry.at("mac_address"));
    }
    this.#copy(draft, "mtu", entry, "mtu");
    for (const [key, from] of [
      ["accept-ra", "accept-ra"],
      ["wakeonlan", "wakeonlan"],
      ["optional", "optional"],
      ["critical", "keep_configuration"],
    ] as const) {
      const flag = entry.flag(from);
      if (flag !== undefined) this.#set(draft, [key], flag, entry.at(from));
    }
  }

  #ports(draft: Draft, entry: Settings, key: string, table: Readonly<Record<string, Parameter>>): void {
    const ports = entry.texts(key);
    this.#set(draft, ["interfaces"], ports, entry.at(key));
    for (const [index] of ports.entries()) {
      this.#places.set(`${draft.pointer}/interfaces/${index}`, `${entry.at(key)}/${index}`);
    }
    const parameters = entry.section("params");
    for (const name of parameters?.keys() ?? []) this.#parameter(draft, parameters as Settings, name, table);
  }

  #parameter(draft: Draft, parameters: Settings, name: string, table: Readonly<Record<string, Parameter>>): void {
    const parameter = table[name.replaceAll("_", "-").replace(/^(bond|bridge)-/, "")];
    const at = parameters.at(name);
    if (parameter === undefined) {
      this.#report(
        "error",
        "not-in-version-2",
        at,
        `version 2, which is what is rendered, has nothing for ${name}`,
        true,
      );
    } else if (parameter === "only-ifupdown") {
      this.#report("warning", "parameter-without-effect", at, `${name} has a meaning for ifupdown only`, true);
    } else if (parameter !== "implied") {
      const value = parameter.read(parameters.raw(name));
      if (value === undefined) this.#report("error", "bad-value", at, `this is no value for ${name}`);
      else this.#set(draft, parameter.path, value, at);
    }
  }

  #subnet(draft: Draft, subnet: Settings): void {
    const type = subnet.text("type") ?? "";
    const metric = subnet.number("metric");
    const control = subnet.text("control");
    if (control === "manual") this.#set(draft, ["activation-mode"], "manual", subnet.at("control"));
    if (control === "hotplug") this.#set(draft, ["optional"], true, subnet.at("control"));
    this.#subnetMtu(draft, subnet, type);
    this.#dns(draft, subnet);
    if (type === "dhcp" || type === "dhcp4") this.#dhcp(draft, "dhcp4", subnet, metric);
    else if (type === "dhcp6" || type.startsWith("ipv6_")) {
      this.#dhcp(draft, "dhcp6", subnet, metric);
      if (type.startsWith("ipv6_")) this.#set(draft, ["accept-ra"], true, subnet.at("type"));
    } else if (type === "static" || type === "static6") this.#static(draft, subnet, metric);
    for (const route of subnet.sections("routes")) this.#addRoute(draft, route, metric);
  }

  /** It is that of the subnet's family; the device's own one goes before that of an IPv4 subnet. */
  #subnetMtu(draft: Draft, subnet: Settings, type: string): void {
    const isIpv6 = type.includes("6") || subnet.text("address")?.includes(":") === true;
    if (isIpv6) this.#copy(draft, "ipv6-mtu", subnet, "mtu");
    else if (!("mtu" in draft.values)) this.#copy(draft, "mtu", subnet, "mtu");
    else subnet.raw("mtu");
  }

  #dhcp(draft: Draft, key: "dhcp4" | "dhcp6", subnet: Settings, metric: number | undefined): void {
    this.#set(draft, [key], true, subnet.at("type"));
    if (metric !== undefined) this.#set(draft, [`${key}-overrides`, "route-metric"], metric, subnet.at("metric"));
  }

  #static(draft: Draft, subnet: Settings, metric: number | undefined): void {
    const address = subnet.text("address");
    if (address === undefined) {
      this.#report("error", "missing-address", subnet.pointer, "a static subnet needs an address");
      return;
    }
    const prefix = this.#withLength(address, subnet.text("netmask"), subnet.pointer, subnet.at("address"));
    if (prefix === undefined) return;
    this.#push(draft, "addresses", prefix, subnet.at("address"));
    const gateway = subnet.text("gateway");
    if (gateway === undefined) return;
    const [network, next] = [parsePrefix(prefix), parseAddress(gateway)];
    const onLink = network !== undefined && next !== undefined && !contains(network, next);
    const route = {
      to: "default",
      via: gateway,
      ...(onLink ? { "on-link": true } : {}),
      ...(metric === undefined ? {} : { metric }),
    };
    this.#push(draft, "routes", route, subnet.at("gateway"));
  }

  #dns(draft: Draft, subnet: Settings): void {
    for (const [key, from] of [
      ["addresses", "dns_nameservers"],
      ["search", "dns_search"],
    ] as const) {
      const values = words(subnet.raw(from));
      if (values.length > 0) this.#add(draft, ["nameservers", key], values, subnet.at(from));
    }
  }

  #addRoute(draft: Draft, route: Settings, metric: number | undefined): void {
    const own = route.number("metric") ?? metric;
    const from = route.has("destination") ? "destination" : "network";
    const to = route.text(from);
    const via = route.text("gateway");
    if (to === undefined) {
      this.#report("error", "missing-destination", route.pointer, "a route needs a destination");
      return;
    }
    const mask = route.text("netmask") ?? route.text("prefix");
    const target = to === "default" ? to : this.#withLength(to, mask, route.pointer, route.at(from));
    if (target === undefined) return;
    const value = { to: target, ...(via === undefined ? {} : { via }), ...(own === undefined ? {} : { metric: own }) };
    const at = this.#push(draft, "routes", value, route.pointer);
    this.#places.set(`${at}/to`, route.at(from));
    this.#places.set(`${at}/via`, route.at("gateway"));
    this.#places.set(`${at}/metric`, route.has("metric") ? route.at("metric") : route.pointer);
  }

  /** A route of its own belongs to the device from which its gateway can be reached. */
  #route(entry: Settings): void {
    const gateway = parseAddress(entry.text("gateway") ?? "");
    const drafts = [...this.#devices.values()];
    const devices = drafts.filter((draft) => gateway !== undefined && reaches(draft, gateway));
    const dynamic = drafts.filter(({ values }) => values[gateway?.family === 6 ? "dhcp6" : "dhcp4"] === true);
    const physical = drafts.filter(({ name }) => name !== "lo");
    // A link-local gateway is in reach of every device.
    const only = gateway !== undefined && isLinkLocal(gateway) && physical.length === 1 ? physical[0] : undefined;
    const device = only ?? devices[0] ?? (dynamic.length === 1 ? dynamic[0] : undefined);
    if (device !== undefined) this.#addRoute(device, entry, undefined);
    else {
      const message = "no device of this configuration has an address in the network of this gateway";
      this.#report("error", "gateway-without-device", entry.at("gateway"), message);
    }
  }

  #nameserver(entry: Settings): void {
    const name = entry.text("interface");
    const takers =
      name === undefined ? this.#takers() : [...this.#devices.values()].filter((draft) => draft.name === name);
    const targets = name === undefined ? takers.filter(({ values }) => !this.#hasOwnDns(values)) : takers;
    if (takers.length === 0) {
      const at = name === undefined ? entry.pointer : entry.at("interface");
      this.#report("error", "unknown-device", at, "no device of this configuration takes this name server");
    } else if (targets.length === 0) {
      const message = "this has no effect: each device has name servers of its own";
      this.#report("warning", "parameter-without-effect", entry.pointer, message);
    }
    for (const draft of targets) {
      const addresses = words(entry.raw("address"));
      const search = words(entry.raw("search"));
      if (addresses.length > 0) this.#add(draft, ["nameservers", "addresses"], addresses, entry.at("address"));
      if (search.length > 0) this.#add(draft, ["nameservers", "search"], search, entry.at("search"));
      if (name === undefined) this.#globalDns.add(draft.values);
    }
  }

  /** Devices that name servers without an interface are for: those with addresses, also from DHCP, else all. */
  #takers(): Draft[] {
    const drafts = [...this.#devices.values()].filter(({ name }) => name !== "lo");
    const addressed = drafts.filter(({ values }) => ["addresses", "dhcp4", "dhcp6"].some((key) => key in values));
    return addressed.length > 0 ? addressed : drafts;
  }

  #hasOwnDns(values: Record<string, unknown>): boolean {
    return "nameservers" in values && !this.#globalDns.has(values);
  }

  /** An address with the prefix length of its mask, else what cloud-init takes, 24 or 64; undefined for a bad mask. */
  #withLength(address: string, mask: string | undefined, pointer: string, at: string): string | undefined {
    if (address.includes("/")) {
      const [host = "", length = ""] = address.split("/");
      const bits = /^\d+$/.test(length) ? undefined : maskLength(length);
      return bits === undefined ? address : `${host}/${bits}`;
    }
    if (mask !== undefined) {
      const bits = /^\d+$/.test(mask) ? Number(mask) : maskLength(mask);
      if (bits !== undefined) return `${address}/${bits}`;
      this.#report("error", "bad-netmask", `${pointer}/netmask`, "this is no netmask");
      return undefined;
    }
    const family: Family | undefined = parseAddress(address)?.family;
    if (family === undefined) return address;
    const bits = family === 6 ? 64 : 24;
    this.#report(
      "warning",
      "missing-prefix",
      at,
      `without a netmask, /${bits} is taken`,
      false,
      `write ${address}/${bits}`,
    );
    return `${address}/${bits}`;
  }

  #copy(draft: Draft, key: string, from: Settings, name: string): void {
    const value = from.raw(name);
    if (value !== undefined) this.#set(draft, [key], value, from.at(name));
  }

  #set(draft: Draft, path: readonly string[], value: unknown, place: string): void {
    const target = path.slice(0, -1).reduce((values, key) => child(values, key, {}), draft.values);
    target[path.at(-1) as string] = value;
    this.#places.set(draft.pointer + path.map((key) => `/${escapePointerPart(key)}`).join(""), place);
  }

  /** Adds values to a list; those that are in it already are left out. */
  #add(draft: Draft, path: readonly [string, string], values: readonly string[], place: string): void {
    const section: Record<string, unknown> = child(draft.values, path[0], {});
    const list: string[] = child(section, path[1], []);
    for (const value of values) {
      if (list.includes(value)) continue;
      this.#places.set(`${draft.pointer}/${path[0]}/${path[1]}/${list.length}`, place);
      list.push(value);
    }
  }

  #push(draft: Draft, key: string, value: unknown, place: string): string {
    const list: unknown[] = child(draft.values, key, []);
    const pointer = `${draft.pointer}/${key}/${list.length}`;
    this.#places.set(pointer, place);
    list.push(value);
    return pointer;
  }

  #pointer(kind: string, name: string): string {
    return `${this.#root}/${kind}/${escapePointerPart(name)}`;
  }

  #report(
    severity: "error" | "warning",
    code: string,
    pointer: string,
    message: string,
    atKey = false,
    hint?: string,
  ): void {
    this.#findings.push({
      severity,
      code,
      pointer,
      message,
      ...(atKey ? { atKey } : {}),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** The mapping or list below a key, which is made where it is missing. */
function child<T>(values: Record<string, unknown>, key: string, empty: T): T {
  values[key] ??= empty;
  return values[key] as T;
}

function reaches({ values }: Draft, gateway: NonNullable<ReturnType<typeof parseAddress>>): boolean {
  const addresses = Array.isArray(values["addresses"]) ? values["addresses"] : [];
  return addresses.some((address) => {
    const prefix = parseNetwork(String(address));
    return prefix !== undefined && contains(prefix, gateway);
  });
}

/** A list, or a text with its items separated by blanks. */
function words(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === "string" ? value.split(/[\s,]+/).filter(Boolean) : [];
}
