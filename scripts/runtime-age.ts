/**
 * Warns when the Node that goes into agents, which package.json pins, is far behind the newest one: `node runtime-age.ts
 * NEWEST`. Without a version, as when the registry did not answer, it says nothing.
 */
import { readFileSync } from "node:fs";

/** Minor versions of one major version that are no reason for a warning: a few weeks of Node's releases. */
const tolerated = 2;

const file = new URL("../package.json", import.meta.url);
const { optionalDependencies } = JSON.parse(readFileSync(file, "utf8")) as {
  optionalDependencies: Record<string, string>;
};
const numbersOf = (version: string): [major: number, minor: number] => {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return [major, minor];
};
const newest = process.argv[2] ?? "";
const [newMajor, newMinor] = numbersOf(newest);
for (const [name, pinned] of Object.entries(optionalDependencies)) {
  const [major, minor] = numbersOf(pinned);
  if (newMajor > major || (newMajor === major && newMinor > minor + tolerated)) {
    console.warn(`warning: agents get Node ${pinned} (${name}), but the newest is ${newest}`);
  }
}
