import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { expect, test } from "vitest";
import { readmeExamples } from "../../../test/support/readme.ts";
import "../kanod/nexus.ts";

const runNexus = (conf: object): Promise<ContributionRun> =>
  runContribution("Nexus", { conf: { name: "node", ...conf } } as ContributionTest);

test.each([{}, { nexus: {} }, { nexus: { maven: "https://nexus/maven" } }])("%j gives no mirror", async (conf) => {
  expect(await runNexus(conf)).toMatchObject({ state: "done", provided: {}, steps: [] });
});

test("becomes the mirror of the public registries for the contributions after it", async () => {
  const { provided, log } = await runNexus({
    nexus: { docker: "nexus.example.com:8443" },
    container_registries: { default_mirrors: ["https://m"] },
  });
  expect(provided.conf).toMatchObject({
    container_registries: {
      servers: [{ url: "https://nexus.example.com:8443" }],
      default_mirrors: ["https://m"],
    },
  });
  expect(log.map(({ message }) => message)).toContain("nexus.example.com:8443 mirrors the public registries");
});

test.each([
  [{ docker: "nexus/../etc" }, "nexus.docker"],
  [{ docker: "nexus\n" }, "nexus.docker"],
  [{ docker: "nexus", certificate: "hello" }, "nexus.certificate"],
])("%j is refused", async (nexus, place) => {
  const run = await runNexus({ nexus });
  expect(run).toMatchObject({ state: "failed", provided: {} });
  expect(String(run.error)).toContain(place);
});

test("the README's example runs", async () => {
  for (const conf of readmeExamples(new URL("../", import.meta.url))) {
    expect(await runNexus(conf)).toMatchObject({ state: "done" });
  }
});
