import type { Settings } from "../model/settings.ts";

/** In milliseconds. Source: systemd.time(7), as far as the schema admits it. */
const unitLengths: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

/** A duration with its unit: one without gets the unit that netplan documents for the parameter. */
export function duration(parameters: Settings, key: string, unit: "ms" | "s"): string | undefined {
  const text = parameters.text(key);
  return text !== undefined && /^\d+$/.test(text) ? `${text}${unit}` : text;
}

/** A duration as a whole number of `unit`. Undefined where the key is absent, NaN where there is a fraction. */
export function wholeDuration(parameters: Settings, key: string, unit: "ms" | "s"): number | undefined {
  const text = duration(parameters, key, unit);
  if (text === undefined) return undefined;
  const [, number = "", given = unit] = /^([\d.]+) ?([a-z]*)$/.exec(text) ?? [];
  const value = (Number(number) * (unitLengths[given] ?? Number.NaN)) / (unitLengths[unit] as number);
  return Number.isInteger(value) ? value : Number.NaN;
}
