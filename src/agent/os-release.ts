import type { Host } from "../host/host.ts";
import type { Distro } from "./contribution.ts";

/** Reads os-release(5): /etc/os-release, else /usr/lib/os-release. Unknown values get that page's defaults. */
export async function readDistro(host: Host): Promise<Distro> {
  const text = (await host.readFile("/etc/os-release")) ?? (await host.readFile("/usr/lib/os-release")) ?? "";
  const values = parseOsRelease(text);
  return {
    id: values.get("ID") ?? "linux",
    like: (values.get("ID_LIKE") ?? "").split(/\s+/).filter((id) => id !== ""),
    version: values.get("VERSION_ID") ?? "",
    name: values.get("PRETTY_NAME") ?? "Linux",
  };
}

/** Shell-compatible assignments, as os-release(5) allows them: no expansion, quotes and backslashes removed. */
export function parseOsRelease(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const assignment = /^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line);
    if (assignment?.[1] !== undefined) values.set(assignment[1], unquote(assignment[2] ?? ""));
  }
  return values;
}

function unquote(value: string): string {
  const quoted = /^'(.*)'$/.exec(value);
  if (quoted !== null) return quoted[1] ?? "";
  return value.replace(/^"(.*)"$/, "$1").replace(/\\(.)/g, "$1");
}
