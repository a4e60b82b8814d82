import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Everything that a folder holds, as lines that can be compared: path, kind, mode, owner, content and time of change. */
export function snapshot(folder: string, options: { times?: boolean } = {}): string[] {
  const lines: string[] = [];
  const visit = (path: string, shown: string): void => {
    const status = lstatSync(path);
    const owner = `${status.uid}:${status.gid}`;
    const time = options.times ? ` ${status.mtimeMs} ${status.ctimeMs}` : "";
    const mode = (status.mode & 0o7777).toString(8);
    if (status.isSymbolicLink()) lines.push(`${shown} -> ${readlinkSync(path)} ${owner}${time}`);
    else if (status.isDirectory()) {
      lines.push(`${shown}/ ${mode} ${owner}${time}`);
      for (const name of readdirSync(path).sort()) visit(join(path, name), `${shown}/${name}`);
    } else {
      const content = status.isFile() ? JSON.stringify(readFileSync(path, "latin1")) : "special";
      lines.push(`${shown} ${mode} ${owner} ${content}${time}`);
    }
  };
  visit(folder, "");
  return lines;
}
