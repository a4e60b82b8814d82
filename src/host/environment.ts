import { printable } from "../config/shown.ts";
import { HostError } from "./errors.ts";

/** Where commands are looked for when the agent itself was started without a PATH. */
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The environment of the commands that a host runs. What is meant for the agent's own runtime (`NODE_*`) is not passed
 * on, and the language of messages is fixed, because services read what commands say: `LC_ALL=C.UTF-8`, locale(7).
 */
export class Environment {
  readonly #values = new Map<string, string>();

  constructor(own: Readonly<Record<string, string | undefined>> = {}) {
    this.#values.set("PATH", defaultPath);
    for (const [name, value] of Object.entries(own)) {
      if (value !== undefined && !isForAgent(name)) this.#values.set(name, value);
    }
    this.#values.set("LC_ALL", "C.UTF-8");
  }

  /** @throws HostError with code `bad-variable` for what execve(2) cannot pass on */
  set(name: string, value: string | undefined): void {
    requireVariable(name, value);
    if (value === undefined) this.#values.delete(name);
    else this.#values.set(name, value);
  }

  /** All of it, with what one command gets besides. */
  forCommand(added: Readonly<Record<string, string>> = {}): Record<string, string> {
    for (const [name, value] of Object.entries(added)) requireVariable(name, value);
    return { ...Object.fromEntries(this.#values), ...added };
  }
}

function isForAgent(name: string): boolean {
  // gettext(3) prefers LANGUAGE to LC_ALL.
  return name.startsWith("NODE_") || name === "LANGUAGE";
}

export function requireVariable(name: string, value: string | undefined): void {
  const subject = printable(name);
  if (name === "" || /[=\0]/.test(name)) {
    throw new HostError("bad-variable", subject, `"${subject}" cannot be the name of an environment variable`);
  }
  if (value?.includes("\0")) {
    throw new HostError("bad-variable", subject, `the environment variable ${subject} cannot hold a NUL character`);
  }
}
