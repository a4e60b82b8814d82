import { networkLab } from "./network-lab.ts";
import type { Guest } from "./nspawn.ts";

/** A network of its own for servers, with a cable to one guest. */
export interface Cable extends AsyncDisposable {
  /** Address of the servers' end, to be reached by the guest directly. */
  readonly near: string;
  /** An address of the servers that the guest has no route to. */
  readonly far: string;
  /** Starts a program in the servers' network; it ends with the cable. */
  serve(argv: readonly string[]): void;
}

/** The guest's end is `eth0`. Needs what {@link networkLab} needs. */
export async function plugIn(guest: Guest): Promise<Cable> {
  const lab = await networkLab();
  const near = "198.51.100.1";
  const far = "203.0.113.1";
  await lab.plug(guest, { lab: "servers", guest: "eth0", mac: "52:54:00:00:00:01", addresses: [`${near}/24`] });
  await lab.run(["ip", "address", "add", `${far}/32`, "dev", "lo"]);
  return { near, far, serve: (argv) => void lab.start(argv), [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
}
