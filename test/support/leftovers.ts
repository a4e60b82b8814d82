/** What a build could leave behind on this machine: to be compared before and after one. */
import { readdirSync, readFileSync } from "node:fs";

export interface HostTraces {
  mounts: readonly string[];
  /** Loop devices that have a file. */
  loops: readonly string[];
  /** Folders of ours and of diskimage-builder in /tmp. */
  folders: readonly string[];
  /** Processes of diskimage-builder, and of the tests' elements. */
  processes: readonly string[];
}

/** `of` picks out what belongs to the build under test, since other builds may run on this machine. */
export function hostTraces(of: (text: string) => boolean): HostTraces {
  const loops = readdirSync("/sys/block").filter((name) => name.startsWith("loop"));
  return {
    mounts: readFileSync("/proc/mounts", "utf8").split("\n").filter(of),
    loops: loops.map((name) => `${name} ${readText(`/sys/block/${name}/loop/backing_file`)}`).filter(of),
    folders: readdirSync("/tmp").filter(of),
    processes: readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readText(`/proc/${pid}/cmdline`).replaceAll("\0", " "))
      .filter(of),
  };
}

export const noTraces: HostTraces = { mounts: [], loops: [], folders: [], processes: [] };

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
