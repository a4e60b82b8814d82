import type { Finding, Severity } from "kanod-configure";
import type { Device, Network } from "../model/network.ts";

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
