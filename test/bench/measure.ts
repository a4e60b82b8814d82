import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A line of the table: a figure, and what it is a ratio of. */
export interface Figure {
  name: string;
  /** The goal that an issue set, where one did. */
  goal?: string;
  value: number;
  unit: "ratio" | "MiB" | "s" | "count";
  /** Of the paired runs, where it is a ratio. */
  range?: [number, number];
}

/**
 * The median, and the range, of the ratios of two commands' times, pair by pair: the two run in turn, so that a machine
 * that becomes slower meanwhile does so for both.
 */
export function pairedRatio(
  one: readonly string[],
  other: readonly string[],
  pairs: number,
): { value: number; range: [number, number] } {
  const ratios: number[] = [];
  for (let pair = 0; pair <= pairs; pair++) {
    const ratio = timeOf(one) / timeOf(other);
    // The first pair fills the caches.
    if (pair > 0) ratios.push(ratio);
  }
  return { value: median(ratios), range: [Math.min(...ratios), Math.max(...ratios)] };
}

/** Wall-clock time of a command, in seconds. */
export function timeOf([file = "", ...args]: readonly string[]): number {
  const begin = performance.now();
  const { status, error, stderr } = spawnSync(file, args, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  if (error !== undefined || status !== 0)
    throw error ?? new Error(`${file} ended with exit code ${status}: ${stderr}`);
  return (performance.now() - begin) / 1000;
}

/** The median of the peak resident sizes (VmHWM, proc(5)) of some runs of a command, in MiB. */
export async function peakMemory(command: readonly string[], runs: number): Promise<number> {
  const peaks: number[] = [];
  for (let run = 0; run < runs; run++) peaks.push(await peakOf(command));
  return median(peaks);
}

function peakOf([file = "", ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: "ignore" });
    let peak = 0;
    let running = true;
    const look = (): void => {
      try {
        const [, size] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
        if (size !== undefined) peak = Math.max(peak, Number(size) / 1024);
      } catch {
        // It has ended between two looks.
      }
      if (running) setImmediate(look);
    };
    child.on("error", reject);
    child.on("exit", () => {
      running = false;
      resolve(peak);
    });
    look();
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
