/** The names that a path is made of. Empty ones and `.` say nothing. */
export function pathNames(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** Why something is no path that a host takes; undefined for one that is. */
export function pathFault(path: string): string | undefined {
  if (path.includes("\0")) return "a path has no NUL character";
  return path.startsWith("/") ? undefined : "it is not absolute";
}

/** Whether a path ends with the name of what it leads to. `/` and `/a/..` do not, and nothing is removed by them. */
export function endsWithName(path: string): boolean {
  return ![undefined, ".."].includes(pathNames(path).at(-1));
}
