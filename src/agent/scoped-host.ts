import { AgentError } from "../config/agent-error.ts";
import { printable } from "../config/shown.ts";
import type { Host } from "../host/host.ts";
import { printableCommand, urlSubject } from "../host/shown-command.ts";
import type { Watchdog } from "../host/watchdog.ts";

/** The host as one contribution sees it while it runs. */
export interface ScopedHost {
  readonly host: Host;
  /**
   * For people: the operation that failed with this error, or with one that caused it; for another error those that go
   * on, else the last one. Undefined when the host was not used.
   */
  operationOf(error: unknown): string | undefined;
  /** Calls the code that uses the host, and has the watchdog look after what it does between its calls. */
  begin(code: () => void): void;
  /** From now on every call fails: a contribution that was given up must not go on changing the machine. */
  close(): void;
}

export function scopedHost(target: Host, watchdog?: Watchdog): ScopedHost {
  let closed = false;
  let last: string | undefined;
  const ongoing = new Set<{ operation: string }>();
  const failed = new WeakMap<object, string>();
  const blame = (error: unknown, operation: string): void => {
    if (typeof error === "object" && error !== null && !failed.has(error)) failed.set(error, operation);
  };
  const call = (operation: string, act: () => unknown): unknown => {
    last = operation;
    const entry = { operation };
    const end = (): void => void ongoing.delete(entry);
    ongoing.add(entry);
    try {
      const result = act();
      if (!(result instanceof Promise)) {
        end();
        return result;
      }
      const settled = result.then(
        () => undefined,
        (error) => blame(error, operation),
      );
      return settled.then(() => (watchdog?.needsRun === true ? resumed(end) : end())).then(() => result);
    } catch (error) {
      end();
      blame(error, operation);
      throw error;
    }
  };
  const begin = (code: () => void): void => {
    if (watchdog === undefined) code();
    else watchdog.run(code);
    // It waits for something that is not the host's.
    if (!closed && ongoing.size === 0) watchdog?.expect();
  };
  /** What waits for a call goes on in here. */
  const resumed = (end: () => void): Promise<void> =>
    new Promise((goOn) =>
      setImmediate(() =>
        begin(() => {
          end();
          goOn();
        }),
      ),
    );
  const host = new Proxy(target, {
    get(_, name: string) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...values: unknown[]): unknown => {
        if (closed) throw new AgentError("contribution-over", `${name}: the contribution is over`);
        const act = (): unknown => member.apply(target, values);
        return passive.has(name) ? act() : call(describeOperation(name, values), act);
      };
    },
  });
  const close = (): void => {
    closed = true;
  };
  const operationOf = (error: unknown): string | undefined => {
    const causes = new Set<unknown>();
    for (let cause = error; cause instanceof Error && !causes.has(cause); cause = cause.cause) {
      const operation = failed.get(cause);
      if (operation !== undefined) return operation;
      causes.add(cause);
    }
    return ongoing.size === 0 ? last : [...ongoing].map(({ operation }) => operation).join("; ");
  };
  return { host, operationOf, begin, close };
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
