/** An agent whose contribution does what must not end a run unnoticed: `node runaway-agent.ts KIND kanod-runcmd …`. */
import type { RunnableParams } from "../../src/agent/contribution.ts";
import { register } from "../../src/agent/registry.ts";
import { runAgent } from "../../src/cli/agent.ts";
import { testImage } from "./image.ts";

const [, , kind = "", program = ""] = process.argv;
process.argv.splice(2, 2);

const forever = (): Promise<void> => new Promise(() => {});
const unsafe = process as unknown as Record<"reallyExit" | "execve", (...values: unknown[]) => void>;

const codes: Record<string, (params: RunnableParams) => void | Promise<void>> = {
  loop: () => {
    for (;;);
  },
  "loop after waiting": async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (;;);
  },
  "loop after a call": async ({ host }) => {
    await host.readFile("/etc/hostname");
    for (;;);
  },
  "loop after failed calls": async ({ host }) => {
    for (const path of ["/etc", "/run"]) await host.readFile(path).catch(() => undefined);
    for (;;);
  },
  "loop that catches all": () => {
    for (;;) {
      try {
        for (;;);
      } catch {}
    }
  },
  "loop of promises": async () => {
    for (;;) await undefined;
  },
  "regular expression": () => void /^(a+)+$/.test(`${"a".repeat(60)}b`),
  exit: () => process.exit(0),
  reallyExit: () => unsafe.reallyExit(0),
  abort: () => process.abort(),
  execve: () => unsafe.execve("/bin/true", ["true"], {}),
  rejection: () => {
    void Promise.reject(new Error("lost"));
    return forever();
  },
  timer: () => {
    setTimeout(() => {
      throw new Error("lost");
    }, 5);
    return forever();
  },
};

const command = async ({ host }: RunnableParams): Promise<void> => {
  await host.run(["sleep", "60"], { onTree: () => ["sleep", "60"] });
};

const load = async (): Promise<void> =>
  register("runaway", 1, kind === "command" ? command : (codes[kind] ?? forever), {
    timeout: kind === "command" ? 60 : 1,
  });
await runAgent(testImage({ modules: [{ element: "e", file: "kanod/e.ts", load }] }), { program });
