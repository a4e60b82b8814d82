import { expect, test } from "vitest";
import { compiledAgent, runProgram, targetTree, writtenElement } from "../support/compiled-agent.ts";

const agent = compiledAgent(
  [
    writtenElement("asks", {
      "kanod/asks.ts": `import { register } from "kanod-configure";
const reason = (error: unknown): string => String((error as Error).message);
register("asks", 10, async ({ host, log }) => {
  const addresses = await host.lookup("localhost");
  log.info(\`localhost is at \${addresses.length} address(es)\`);
  for (const ask of [
    () => host.connect("127.0.0.1", 1),
    () => host.fetch("http://127.0.0.1:1/"),
    () => host.fetch("https://127.0.0.1:1/"),
  ]) {
    await ask().then(() => log.info("answered"), (error) => log.info(reason(error)));
  }
});
`,
    }),
  ],
  ["--runtime", "system"],
);

test("the network works in a bundled agent as it does here", () => {
  const { out, exitCode } = runProgram(`${agent}/kanod-runcmd`, ["--root", targetTree("name: n\n")]);
  expect(out).toMatch(/localhost is at [12] address/);
  expect(out).toContain("cannot connect to 127.0.0.1:1: connection refused");
  expect(out).toContain("cannot fetch http://127.0.0.1:1/: connection refused");
  expect(out).toContain("cannot fetch https://127.0.0.1:1/: connection refused");
  expect(exitCode).toBe(0);
});
