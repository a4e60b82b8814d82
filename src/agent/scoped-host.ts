import { AgentError } from "../config/agent-error.ts";
import { printable } from "../config/shown.ts";
import type { Host } from "../host/host.ts";
import { printableCommand, urlSubject } from "../host/shown-command.ts";

/** The host as one contribution sees it while it runs. */
export interface ScopedHost {
  readonly host: Host;
  /** What the contribution did last, for people; undefined when it has not used the host. */
  lastOperation(): string | undefined;
  /** From now on every call fails: a contribution that was given up must not go on changing the machine. */
  close(): void;
}

export function scopedHost(target: Host): ScopedHost {
  let last: string | undefined;
  let closed = false;
  const host = new Proxy(target, {
    get(_, name: string) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...values: unknown[]): unknown => {
        if (closed) throw new AgentError("contribution-over", `${name}: the contribution is over`);
        if (!passive.has(name)) last = describeOperation(name, values);
        return member.apply(target, values);
      };
    },
  });
  const close = (): void => {
    closed = true;
  };
  return { host, lastOperation: () => last, close };
}

/** Calls that say nothing about what a contribution was doing. */
const passive: ReadonlySet<string> = new Set(["now", "setEnvironment"]);

const verbs: Readonly<Record<string, string>> = {
  readFile: "read",
  writeFile: "write",
  makeDirectory: "make folder",
  symlink: "link to",
};

function describeOperation(method: string, values: readonly unknown[]): string {
  const [subject] = values;
  const verb = verbs[method] ?? method;
  if (Array.isArray(subject)) return `${verb} ${printableCommand(subject.map(String))}`;
  const text = String(subject);
  return `${verb} ${method === "fetch" ? urlSubject(text) : printable(text)}`;
}
