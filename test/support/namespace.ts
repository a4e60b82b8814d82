import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const source = new URL("../../src/host/", import.meta.url).href;

/** What every script that {@link runHostScript} runs has: `createHost`, a silent `log`, `fs`, and `report` for its result. */
const prelude = `
import * as fs from "node:fs";
import { createHost } from "${source}create-host.ts";
import { recordingHost } from "${source}recording-host.ts";
import { openLogFile } from "${source}log-file.ts";
import { createLockPort } from "${source}lock-port.ts";
const nothing = () => {};
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const report = (result) => console.log(JSON.stringify(result ?? null));
const outcome = (promise) => promise.then((value) => value ?? null, (error) => ({ code: error.code, message: error.message }));
const [...args] = process.argv.slice(1);
`;

export interface ScriptOptions {
  /** Words of a command in front of Node: `setpriv …`, `strace …`. */
  wrapper?: readonly string[];
  /** Lines of sh that are run as root in a mount namespace of their own before it. `$1`, `$2` … are `args`. */
  prepare?: string;
  args?: readonly string[];
}

/**
 * Runs a module script with the host layer in a process of its own and gives what it reported, and how it ended. Mounts
 * that `prepare` makes are gone afterwards.
 */
export function runHostScript(
  script: string,
  options: ScriptOptions = {},
): { result: unknown; stderr: string; signal: string | null; status: number | null } {
  const { wrapper = [], prepare, args = [] } = options;
  const node = [process.execPath, "--input-type=module", "-e", prelude + script, ...args];
  const shell = `set -e\n${prepare}\nfor word do shift; [ "$word" = -- ] && break; done\nexec "$@"`;
  const inNamespace = ["unshare", "--mount", "--propagation=private", "sh", "-c", shell, "sh", ...args, "--"];
  const argv = [...(prepare === undefined ? [] : inNamespace), ...wrapper, ...node];
  const ended = spawnSync(argv[0] as string, argv.slice(1), { encoding: "utf8", timeout: 120_000 });
  if (ended.error !== undefined) throw ended.error;
  const lines = ended.stdout.trim();
  return {
    result: lines === "" ? undefined : JSON.parse(lines.split("\n").at(-1) as string),
    stderr: ended.stderr,
    signal: ended.signal,
    status: ended.status,
  };
}

/** Why tests with these programs, as root, cannot run here; undefined where they can, and in CI, where they must. */
export function partsObstacle(...programs: readonly string[]): string | undefined {
  if (process.env["CI"]) return undefined;
  if (process.getuid?.() !== 0) return "needs root";
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const missing = programs.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
  if (missing.length > 0) return `needs ${missing.join(", ")}`;
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "needs mount namespaces";
  }
}
