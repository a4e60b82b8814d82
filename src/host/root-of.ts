import type { Host } from "./host.ts";

const roots = new WeakMap<Host, string>();

/**
 * The target tree that a host works on, as a path on the machine; undefined for the machine itself. It is no part of
 * {@link Host}: a contribution cannot tell.
 */
export function rootOf(host: Host): string | undefined {
  return roots.get(host);
}

export function rememberRoot(host: Host, root: string): void {
  roots.set(host, root);
}
