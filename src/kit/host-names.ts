import { parseAddress } from "./address.ts";

/** What is wrong with a host name (RFC 1123, section 2.1; one dot at its end is fine), or undefined. */
export function hostNameFault(name: string): string | undefined {
  if (name.length > 253) return "is longer than the 253 characters that a host name may have";
  const labels = name.replace(/\.$/, "").split(".");
  const isLabel = (label: string): boolean => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label);
  return labels.every(isLabel) ? undefined : "is no host name";
}

/** Whether a text names a machine: a host name, or an address (IPv6 without brackets). */
export function isHost(text: string): boolean {
  return parseAddress(text) !== undefined || hostNameFault(text) === undefined;
}
