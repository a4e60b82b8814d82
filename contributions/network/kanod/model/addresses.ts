import { isMapping, type Prefix, parsePrefix } from "kanod-configure";

/** A static address of a device. */
export interface DeviceAddress {
  /** As it is written. */
  text: string;
  /** Pointer to it. */
  at: string;
  /** Undefined where the text is none. */
  prefix: Prefix | undefined;
}

/** The static addresses in the values of a device, those with options as well. */
export function readAddresses(values: Readonly<Record<string, unknown>>, pointer: string): DeviceAddress[] {
  const list = values["addresses"];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown, index) => {
    const text = isMapping(item) ? Object.keys(item)[0] : item;
    if (typeof text !== "string") return [];
    return [{ text, at: `${pointer}/addresses/${index}`, prefix: parsePrefix(text) }];
  });
}
