import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Everything below a folder: for each path its kind, mode, owner and content. `ignore` is asked for each path. */
export function treeOf(root: string, ignore: (path: string) => boolean = () => false): Record<string, string> {
  const entries = readdirSync(root, { recursive: true, encoding: "utf8" }).map((name) => `/${name}`);
  return Object.fromEntries(
    entries
      .filter((path) => !ignore(path))
      .sort()
      .map((path) => [path, describe(join(root, path))]),
  );
}

function describe(path: string): string {
  const status = lstatSync(path);
  const mode = (status.mode & 0o7777).toString(8);
  const owner = `${status.uid}:${status.gid}`;
  if (status.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  if (status.isDirectory()) return `folder ${mode} ${owner}`;
  if (!status.isFile()) return `other ${mode} ${owner}`;
  const bytes = readFileSync(path);
  const content =
    bytes.length <= 200 ? JSON.stringify(bytes.toString("utf8")) : createHash("sha256").update(bytes).digest("hex");
  return `file ${mode} ${owner} ${content}`;
}
