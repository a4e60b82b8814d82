import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Guest } from "./nspawn.ts";

/** A network of its own for servers, with a cable to one guest. */
export interface Cable extends AsyncDisposable {
  /** Address of the servers' end, to be reached by the guest directly. */
  readonly near: string;
  /** An address of the servers that the guest has no route to. */
  readonly far: string;
  /** Starts a program in the servers' network; it ends with the cable. */
  serve(argv: readonly [string, ...string[]]): void;
  /** Runs a program there to its end. */
  run(argv: readonly [string, ...string[]]): string;
}

/** Needs root and iproute2. */
export function plugIn(guest: Guest): Cable {
  const name = `kanod-${randomUUID().slice(0, 8)}`;
  const children: { kill(signal: "SIGKILL"): boolean }[] = [];
  const ip = (...args: string[]): string => execFileSync("ip", args, { encoding: "utf8", stdio: "pipe" });
  const inside = (argv: readonly string[]): string[] => ["netns", "exec", name, ...argv];
  ip("netns", "add", name);
  ip("-n", name, "link", "add", "servers", "type", "veth", "peer", "name", "eth0", "netns", String(guest.leader));
  ip("-n", name, "address", "add", "198.51.100.1/24", "dev", "servers");
  ip("-n", name, "address", "add", "203.0.113.1/32", "dev", "lo");
  for (const link of ["lo", "servers"]) ip("-n", name, "link", "set", link, "up");
  return {
    near: "198.51.100.1",
    far: "203.0.113.1",
    serve: (argv) => void children.push(spawn("ip", inside(argv), { stdio: "ignore" })),
    run: (argv) => ip(...inside(argv)),
    [Symbol.asyncDispose]: async () => {
      for (const child of children) child.kill("SIGKILL");
      ip("netns", "delete", name);
    },
  };
}
