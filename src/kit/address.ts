/** IP and MAC addresses as text, in the forms that inet_pton(3) and netplan accept. Pure. */

export type Family = 4 | 6;

export interface Address {
  family: Family;
  value: bigint;
}

/** An address with the length of its network's prefix, in bits: `192.0.2.7/24` keeps its host part. */
export interface Prefix extends Address {
  length: number;
}

const bits = { 4: 32, 6: 128 } as const;

/** An IPv4 or IPv6 address as inet_pton(3) reads it (no zone, no leading zeros); undefined for any other text. */
export function parseAddress(text: string): Address | undefined {
  const value = text.includes(":") ? parseIpv6(text) : parseIpv4(text);
  return value === undefined ? undefined : { family: text.includes(":") ? 6 : 4, value };
}

/** `ADDRESS/LENGTH`; undefined for any other text. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = parseAddress(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const length = Number(digits);
  return length > bits[address.family] ? undefined : { ...address, length };
}

/** An address or `ADDRESS/LENGTH`; an address alone is a network of its own. */
export function parseNetwork(text: string): Prefix | undefined {
  if (text.includes("/")) return parsePrefix(text);
  const address = parseAddress(text);
  return address === undefined ? undefined : { ...address, length: bits[address.family] };
}

/** Whether `address` lies in the network of `prefix`. */
export function contains(prefix: Prefix, address: Address): boolean {
  if (prefix.family !== address.family) return false;
  const shift = BigInt(bits[prefix.family] - prefix.length);
  return prefix.value >> shift === address.value >> shift;
}

/** fe80::/10 and 169.254.0.0/16: reachable on every link without an address of that network being configured. */
export function isLinkLocal(address: Address): boolean {
  return address.family === 6 ? address.value >> 118n === 0x3fan : address.value >> 16n === 0xa9fen;
}

export function isMulticast(address: Address): boolean {
  return address.family === 6 ? address.value >> 120n === 0xffn : address.value >> 28n === 0xen;
}

/** Length of the prefix that a dotted IPv4 mask or an IPv6 mask stands for; undefined where its ones are not contiguous. */
export function maskLength(text: string): number | undefined {
  const mask = parseAddress(text);
  if (mask === undefined) return undefined;
  const total = bits[mask.family];
  const ones = mask.value.toString(2).padStart(total, "0").lastIndexOf("1") + 1;
  return mask.value === ((1n << BigInt(ones)) - 1n) << BigInt(total - ones) ? ones : undefined;
}

/** A MAC address of 6 bytes, or of 20 bytes for InfiniBand, in lower case; undefined for any other text. */
export function parseMac(text: string): string | undefined {
  const normal = text.toLowerCase();
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$|^[0-9a-f]{2}(:[0-9a-f]{2}){19}$/.test(normal) ? normal : undefined;
}

const dottedQuad = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

function parseIpv4(text: string): bigint | undefined {
  if (!dottedQuad.test(text)) return undefined;
  let value = 0;
  for (const part of text.split(".")) {
    if (Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return BigInt(value);
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half, index) => ipv6Groups(half, index === halves.length - 1));
  const [head, tail] = groups;
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array<number>(Math.max(missing, 0)).fill(0), ...(tail ?? [])];
  return all.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

/** The 16-bit groups of one side of `::`; its last two may be written as an IPv4 address. */
function ipv6Groups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    const embedded = mayEndInIpv4 && index === parts.length - 1 && part.includes(".") ? parseIpv4(part) : undefined;
    if (embedded !== undefined) groups.push(Number(embedded >> 16n), Number(embedded & 0xffffn));
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
