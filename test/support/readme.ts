import { readFileSync } from "node:fs";
import { parse } from "yaml";

/**
 * The configurations in a README, in their order: its fenced blocks of YAML.
 *
 * @param folder of the README, such as `new URL("../", import.meta.url)`
 */
export function readmeExamples<T extends object>(folder: URL): T[] {
  const text = readFileSync(new URL("README.md", folder), "utf8");
  const blocks = [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, block = ""]) => parse(block) as T);
  if (blocks.length === 0) throw new Error(`${folder}README.md has no YAML`);
  return blocks;
}
