import type { Host } from "../host/host.ts";

/** UTF-8 text in base64 (RFC 4648, section 4). */
export function b64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

/** Sets the environment variable `name` for the commands of the rest of the run, when `conf` has a value for `key`. */
export function propagateVar<K extends string>(
  host: Host,
  conf: { readonly [key in K]?: string | undefined },
  key: K,
  name: string,
): void {
  const value = conf[key];
  if (value !== undefined) host.setEnvironment(name, value);
}

/**
 * A copy of JSON-like data in which `transform` has replaced what it wanted to: it is called for each node from the top
 * down, and where it returns something else than undefined that takes the node's place and is not looked into.
 */
export function transformJson(value: unknown, transform: (node: unknown) => unknown): unknown {
  const replacement = transform(value);
  if (replacement !== undefined) return replacement;
  if (Array.isArray(value)) return value.map((item) => transformJson(item, transform));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, transformJson(item, transform)]));
}
