import { expect, test } from "vitest";
import type { Contribution } from "../../../src/agent/contribution.ts";
import { AgentError } from "../../../src/config/agent-error.ts";
import { recordingHost } from "../../../src/host/recording-host.ts";
import { contribution, runner } from "../../support/contributions.ts";

const fails = { argv: ["mkfs"], exitCode: 1, stderr: "no" };

async function doing(code: Contribution["code"], options: Contribution["options"] = {}): Promise<string | undefined> {
  const host = recordingHost({ commands: [fails] });
  // A recorded machine does not wait.
  host.sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const { failures } = await runner([contribution("one", code, { options })], { host: () => host }).run();
  return failures[0]?.operation;
}

const cases: Record<string, Contribution["code"]> = {
  "with a clean-up in finally": async ({ host }) => {
    try {
      await host.query(["mkfs"]);
    } finally {
      await host.remove("/tmp/x");
    }
  },
  "whose error is wrapped": async ({ host }) => {
    try {
      await host.query(["mkfs"]);
    } catch (cause) {
      await host.writeFile("/etc/note", "");
      throw new AgentError("broken", "it is broken", { cause });
    }
  },
  "among others that go on": async ({ host }) => {
    await Promise.all([host.sleep(0.05), host.query(["mkfs"]), host.writeFile("/etc/other", "")]);
  },
};

test.each(Object.entries(cases))("the operation that failed is named: one %s", async (_, code) => {
  expect(await doing(code)).toBe("query mkfs");
});

test("an error that is not the host's is named with the last operation", async () => {
  const code: Contribution["code"] = async ({ host }) => {
    await host.readFile("/etc/a");
    await host.readFile("/etc/b");
    throw new Error("cannot parse it");
  };
  expect(await doing(code)).toBe("read /etc/b");
});

test("a contribution that is out of time was doing all that goes on", async () => {
  const code: Contribution["code"] = async ({ host }) => {
    await Promise.all([host.sleep(5), host.readFile("/etc/a")]);
  };
  expect(await doing(code, { timeout: 0.05 })).toBe("sleep 5");
});
