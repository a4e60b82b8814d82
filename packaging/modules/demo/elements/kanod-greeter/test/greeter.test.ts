import "../kanod/greeter.ts";
import { runContribution } from "kanod-configure/testing";
import { expect, test } from "vitest";

test("the greeting is shown at the console and at each login", async () => {
  const { state, files } = await runContribution("Greeter", { conf: { name: "machine-42", greeting: "Hello" } });
  expect(state).toBe("done");
  expect(files).toEqual({ "/etc/issue": "Hello - \\n \\l\n", "/etc/issue.net": "Hello\n" });
});

test("a backslash in the greeting is no escape sequence of the console", async () => {
  const { files } = await runContribution("Greeter", { conf: { name: "machine-42", greeting: "\\n" } });
  expect(files["/etc/issue"]).toBe("\\\\n - \\n \\l\n");
  expect(files["/etc/issue.net"]).toBe("\\n\n");
});

test("without a greeting nothing is touched", async () => {
  const { state, steps } = await runContribution("Greeter", { conf: { name: "machine-42" } });
  expect(state).toBe("done");
  expect(steps).toEqual([]);
});

test("a console that shows another greeting already is told to show this one", async () => {
  const conf = { name: "machine-42", greeting: "Hello" };
  const files = { "/usr/sbin/agetty": "" };
  const commands = (run: Awaited<ReturnType<typeof runContribution>>): unknown[] =>
    run.steps.flatMap((step) => (step.kind === "run" ? [step.argv] : []));
  const first = await runContribution("Greeter", { conf, files });
  expect(commands(first)).toEqual([["agetty", "--reload"]]);
  const second = await runContribution("Greeter", { conf, files: { ...files, ...first.files } });
  expect(commands(second)).toEqual([]);
});
