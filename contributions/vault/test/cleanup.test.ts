import { expect, test } from "vitest";
import { recordingHost } from "../../../src/host/recording-host.ts";
import { memoryLog } from "../../../test/support/contributions.ts";
import { removeConfiguration, removeUserData } from "../kanod/cleanup/cleanup.ts";

const instances = "/var/lib/cloud/instances";
const copies = [
  ...["user-data.txt", "user-data.txt.i", "vendor-data.txt", "vendor-data2.txt.i"],
  ...["cloud-config.txt", "vendor-cloud-config.txt", "vendor2-cloud-config.txt"],
  ...["scripts/runcmd", "scripts/part-001", "boothooks/part-002", "handlers/part-handler-001.py"],
];
const others = ["sem/config_runcmd.once", "boot-finished", "datasource", "network-config.json"];

test("removeUserData removes the copies of all instances and leaves cloud-init's own marks", async () => {
  const files = Object.fromEntries(
    ["i-one", "i-two"].flatMap((id) => [...copies, ...others].map((name) => [`${instances}/${id}/${name}`, "data"])),
  );
  const links = { "/var/lib/cloud/instance": { link: "instances/i-two" } };
  const run = { "/run/cloud-init/instance-data-sensitive.json": "{}", "/run/cloud-init/instance-data.json": "{}" };
  const host = recordingHost({ files: { ...files, ...links, ...run } });
  await removeUserData(host, memoryLog().log);
  for (const id of ["i-one", "i-two"]) {
    for (const name of copies) expect(await host.stat(`${instances}/${id}/${name}`)).toBeUndefined();
    for (const name of others) expect(await host.readFile(`${instances}/${id}/${name}`)).toBe("data");
  }
  expect(await host.stat("/run/cloud-init/instance-data-sensitive.json")).toBeUndefined();
  expect(await host.readFile("/run/cloud-init/instance-data.json")).toBe("{}");
});

test("a stored data source that cannot be changed is removed", async () => {
  const path = `${instances}/i-one/obj.pkl`;
  const commands = [{ argv: ["python3", "-", path], exitCode: 1 }];
  const host = recordingHost({ files: { [path]: "not a pickle" }, commands });
  const { log, events } = memoryLog();
  await removeUserData(host, log);
  expect(await host.stat(path)).toBeUndefined();
  expect(events.some(({ level }) => level === "warn")).toBe(true);
});

test("without cloud-init there is nothing to do", async () => {
  const host = recordingHost();
  await removeUserData(host, memoryLog().log);
  expect(host.steps).toEqual([]);
});

test("removeConfiguration removes the file that the agent reads", async () => {
  const host = recordingHost({ files: { "/etc/kanod-configure/configuration.yaml": "name: n\n" } });
  await removeConfiguration(host, memoryLog().log);
  expect(await host.stat("/etc/kanod-configure/configuration.yaml")).toBeUndefined();
});
