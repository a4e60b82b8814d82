import type { Finding } from "../../../agent/contribution.ts";
import { escapePointerPart, type Severity } from "../../../config/problem.ts";
import type { Device, Network } from "../model.ts";

/** What a rule looks at. */
export interface CheckContext {
  network: Network;
  /** All devices by their key. */
  byId: ReadonlyMap<string, Device>;
  /** What other devices may name: devices, and the ends of Open vSwitch patch cables. */
  names: ReadonlySet<string>;
}

/** One rule, or several about the same subject. Pure; pointers are those of the version 2 form. */
export type Rule = (context: CheckContext) => Finding[];

interface Details {
  hint?: string | undefined;
  atKey?: boolean;
}

/**
 * Pointers of the values of which `holds` is true, and of those below them. Most networks have none, and a pointer to
 * each value would take longer than all looks at them.
 */
export function placesOf(value: unknown, holds: (value: unknown) => boolean): string[] {
  if (typeof value !== "object" || value === null) return holds(value) ? [""] : [];
  const places: string[] = [];
  for (const key of Object.keys(value)) {
    const below = placesOf((value as Record<string, unknown>)[key], holds);
    if (below.length > 0) places.push(...below.map((place) => `/${escapePointerPart(key)}${place}`));
  }
  return places;
}

export function error(code: string, pointer: string, message: string, details: Details = {}): Finding {
  return finding("error", code, pointer, message, details);
}

export function warning(code: string, pointer: string, message: string, details: Details = {}): Finding {
  return finding("warning", code, pointer, message, details);
}

function finding(severity: Severity, code: string, pointer: string, message: string, details: Details): Finding {
  const { hint, atKey } = details;
  return {
    severity,
    code,
    pointer,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(atKey === true ? { atKey } : {}),
  };
}
