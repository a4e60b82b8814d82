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
