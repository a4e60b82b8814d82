import { spawnSync } from "node:child_process";
import { describe } from "vitest";

/**
 * `describe` for tests that need parts which may be missing. Where one is, they are skipped, saying why; in CI they run and
 * fail.
 */
export function describeWith(obstacle: string | undefined): typeof describe | typeof describe.skip {
  if (obstacle === undefined || process.env["CI"] === "true") return describe;
  console.warn(`skipped: ${obstacle}`);
  return describe.skip;
}

/** Why programs of this machine cannot be run as root, or undefined where they can. */
export function rootObstacle(...programs: string[]): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  const missing = programs.find((program) => spawnSync("which", [program]).status !== 0);
  return missing === undefined ? undefined : `needs ${missing}`;
}
