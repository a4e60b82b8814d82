import type { Host } from "../host.ts";

/** What boards say whose maker did not fill a field in, and systeminformation for what it does not find. */
const meaningless =
  /^(?:|-|none|unknown|default|not (?:specified|available|present)|to be filled by o\.e\.m\.|default string)$/i;

/** A text of the hardware; undefined where it says nothing. */
export function meaningful(text: unknown): string | undefined {
  if (typeof text !== "string" || meaningless.test(text.trim())) return undefined;
  return text.trim();
}

/**
 * The first line of a file of one value; undefined where it says nothing, or the kernel does not let it be read. A device
 * tree ends its texts with a NUL.
 */
export async function readLine(host: Host, path: string): Promise<string | undefined> {
  try {
    return meaningful((await host.readFile(path))?.split(/[\n\0]/)[0]);
  } catch {
    return undefined;
  }
}

/** Without the properties that are undefined, which `exactOptionalPropertyTypes` tells from absent ones. */
export function withoutUndefined<T extends object>(
  value: T,
): { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
} {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as never;
}
