import { join } from "node:path";
import { packageFolder, readText } from "./workspace.ts";

/** The version of this package. */
export async function ownVersion(): Promise<string> {
  const text = (await readText(join(packageFolder, "package.json"))) ?? "{}";
  const { version } = JSON.parse(text) as { version?: string };
  return version ?? "unknown";
}
