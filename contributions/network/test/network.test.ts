import "../kanod/network.ts";
import { runContribution } from "kanod-configure/testing";
import { expect, test } from "vitest";

const network = { version: 2 as const, ethernets: { eth0: { dhcp4: true, optional: true } } };

test("the configuration is written in the form of the machine's renderer, readable by root alone", async () => {
  const { state, error, files, steps } = await runContribution("Network", {
    conf: { name: "node-1", network },
    system: { network: { renderer: "netplan" } },
  });
  expect({ state, error }).toEqual({ state: "done", error: undefined });
  expect(files["/etc/netplan/50-cloud-init.yaml"]).toContain("dhcp4: true");
  const written = steps.find((step) => step.kind === "write" && step.path === "/etc/netplan/50-cloud-init.yaml");
  expect(written).toMatchObject({ mode: 0o600 });
  expect(steps.some((step) => step.kind === "run" && step.argv[0] === "netplan")).toBe(true);
});

test("an interface that the machine lacks fails the run before anything is written", async () => {
  const { state, error, files } = await runContribution("Network", {
    conf: { name: "node-1", network: { version: 2 as const, ethernets: { eth9: { dhcp4: true } } } },
    system: { network: { renderer: "netplan" } },
    files: { "/sys/class/net/eth0/address": "52:54:00:00:00:01\n", "/sys/class/net/eth0/operstate": "up\n" },
  });
  expect(state).toBe("failed");
  expect(String((error as Error).message)).toContain("eth9");
  expect(files).toEqual({});
});

test("without a network section nothing is touched", async () => {
  const { state, steps } = await runContribution("Network", { conf: { name: "node-1" } });
  expect({ state, steps }).toEqual({ state: "done", steps: [] });
});
