import { type ContainerEngineParams, registerContainerEngine } from "kanod-configure";
import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { describe, expect, test } from "vitest";
import { readmeExamples } from "../../../test/support/readme.ts";
import "../kanod/container-engine.ts";
import "../kanod/registries.ts";

const run = (name: string, conf: object, more: object = {}): Promise<ContributionRun> =>
  runContribution(name, { conf: { name: "node", ...conf }, ...more } as ContributionTest);

describe("the deprecated section", () => {
  const containers = {
    insecure_registries: ["old:5000"],
    auths: [{ repository: "private", username: "u", password: "hidden word" }],
  };

  test("is replaced for later contributions, and the new form is shown without passwords", async () => {
    const { provided, log } = await run("Registries", {
      containers,
      container_registries: { default_mirrors: ["https://m"] },
    });
    expect(provided.conf).toEqual({
      name: "node",
      container_registries: {
        map: [{ name: "old:5000", server: "http://old:5000", mirrors: ["https://old:5000"] }],
        servers: [
          { url: "https://old:5000", insecure: true },
          { url: "https://private", username: "u", password: "hidden word" },
        ],
        default_mirrors: ["https://m"],
      },
    });
    const shown = log.filter(({ level }) => level === "warn").map(({ message }) => message);
    expect(shown.join("\n")).toContain('{"url":"https://private","username":"u","password":"…"}');
    expect(JSON.stringify(log)).not.toContain("hidden word");
  });

  test("is not there: nothing is done", async () => {
    expect(await run("Registries", {})).toMatchObject({ state: "done", steps: [], provided: {} });
  });
});

describe("the container engine", () => {
  test("is not needed where nothing is configured", async () => {
    expect(await run("Container engine", {})).toMatchObject({ state: "done", steps: [] });
  });

  test("is missing where registries are configured", async () => {
    const result = await run("Container engine", { container_registries: { default_mirrors: ["https://m"] } });
    expect(result).toMatchObject({ state: "failed", error: { code: "no-container-engine" } });
  });

  test("of another element gets the model, also of the deprecated section", async () => {
    const calls: ContainerEngineParams[] = [];
    registerContainerEngine("lxd", (params) => void calls.push(params), { programs: ["lxd"] });
    const files = { "/usr/sbin/lxd": "" };
    await run("Container engine", { containers: { registry_mirrors: ["https://m"] } }, { files });
    expect(calls[0]?.registries.defaultMirrors).toMatchObject([{ url: "https://m" }]);
    expect(calls[0]?.conf).toMatchObject({ name: "node" });
    expect(calls).toHaveLength(1);
    await run("Container engine", {}, { system: { container_engine: "lxd" } });
    expect(calls).toHaveLength(2);
  });

  test("that is named and that no element brings is an error that names the others", async () => {
    const result = await run("Container engine", {}, { system: { container_engine: "rkt" } });
    expect(result).toMatchObject({ state: "failed", error: { code: "unknown-container-engine" } });
    expect(String(result.error)).toContain("available: lxd");
  });

  test("gets nothing hostile from Vault", async () => {
    const settings = { map: [{ name: "../../etc/cron.d" }] };
    const result = await run("Container engine", { container_registries: settings });
    expect(result).toMatchObject({ state: "failed", error: { code: "bad-registry" }, steps: [] });
  });
});

test("the README's examples run, and the old form is what the new one says", async () => {
  const [first, old, translated] = readmeExamples(new URL("../", import.meta.url));
  registerContainerEngine("lxd", () => {}, { programs: ["lxd"] });
  for (const conf of [first, old, translated]) {
    const files = { "/usr/bin/lxd": "" };
    expect(await run("Container engine", conf ?? {}, { files })).toMatchObject({ state: "done" });
  }
  const { provided } = await run("Registries", old ?? {});
  expect(provided.conf).toEqual(translated);
});
