import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A view of this machine's files in which changes of /etc, /var and /run are seen by nobody else, and go away with it. */
export interface PrivateFiles extends AsyncDisposable {
  /** `argv` as it runs with this view. */
  command(argv: readonly string[]): string[];
  /** Where a path of the view is to be found from here. */
  path(path: string): string;
}

const script = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
for folder in etc var; do
  mkdir /mnt/$folder /mnt/$folder-work
  mount -t overlay overlay -o lowerdir=/$folder,upperdir=/mnt/$folder,workdir=/mnt/$folder-work /$folder
done
mount -t tmpfs tmpfs /run
touch /run/ready
exec sleep infinity`;

/** Needs root. */
export async function privateFiles(): Promise<PrivateFiles> {
  const child = spawn("unshare", ["--mount", "sh", "-c", script], { stdio: ["ignore", "ignore", "inherit"] });
  const path = (its: string): string => `/proc/${child.pid}/root${its}`;
  for (let attempt = 0; !existsSync(path("/run/ready")); attempt++) {
    if (attempt > 200 || child.exitCode !== null) throw new Error("no mount namespace");
    await sleep(25);
  }
  return {
    path,
    command: (argv) => ["nsenter", "--target", String(child.pid), "--mount", ...argv],
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise((resolve) => child.once("close", resolve));
      if (child.exitCode === null && child.kill("SIGKILL")) await ended;
    },
  };
}
