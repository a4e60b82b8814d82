import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Everything below a folder, by path: kind, mode, owner, content (as a hash) or target; and when it was changed. */
export function treeState(root: string): Map<string, string> {
  const state = new Map<string, string>();
  for (const name of ["", ...namesBelow(root, "")].sort()) {
    const path = join(root, name);
    const { mode, uid, gid, mtimeMs } = lstatSync(path);
    const kind = mode & 0o170000;
    const content =
      kind === 0o100000
        ? createHash("sha256").update(readFileSync(path)).digest("hex")
        : kind === 0o120000
          ? readlinkSync(path)
          : "";
    state.set(`/${name}`, [mode.toString(8), uid, gid, content, mtimeMs].join(" "));
  }
  return state;
}

/** Node's own way to list what is below a folder follows links. */
function namesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = join(folder, entry.name);
    return entry.isDirectory() ? [name, ...namesBelow(root, name)] : [name];
  });
}
