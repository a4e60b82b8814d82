import { expect, test } from "vitest";
import { readCloudInit } from "../../../src/agent/cloud-init.ts";
import { parseOsRelease, readDistro } from "../../../src/agent/os-release.ts";
import { recordingHost } from "../../../src/host/recording-host.ts";
import { memoryLog } from "../../support/contributions.ts";

const instanceData = "/run/cloud-init/instance-data.json";

test("os-release is read with its quotes and escapes", () => {
  const text = [
    "# comment",
    'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"',
    "ID=debian",
    "ID_LIKE='a b'",
    'NAME="a \\"quoted\\" \\$name"',
    "VERSION_ID=13  ",
    "broken line",
    "lower=case",
  ].join("\n");
  expect(Object.fromEntries(parseOsRelease(text))).toEqual({
    PRETTY_NAME: "Debian GNU/Linux 13 (trixie)",
    ID: "debian",
    ID_LIKE: "a b",
    NAME: 'a "quoted" $name',
    VERSION_ID: "13",
  });
});

test("the distribution comes from /etc, else from /usr/lib, else it is Linux", async () => {
  const files = { "/usr/lib/os-release": 'ID=opensuse-leap\nID_LIKE="suse opensuse"\nVERSION_ID=15.6\n' };
  expect(await readDistro(recordingHost({ files }))).toEqual({
    id: "opensuse-leap",
    like: ["suse", "opensuse"],
    version: "15.6",
    name: "Linux",
  });
  const both = { ...files, "/etc/os-release": "ID=debian\nPRETTY_NAME=Debian\n" };
  expect(await readDistro(recordingHost({ files: both }))).toEqual({
    id: "debian",
    like: [],
    version: "",
    name: "Debian",
  });
  expect(await readDistro(recordingHost({}))).toEqual({ id: "linux", like: [], version: "", name: "Linux" });
});

test.each<[string, Record<string, string>, string | undefined]>([
  ["instance data", { [instanceData]: '{"v1": {"instance_id": "i-1"}}' }, "i-1"],
  ["instance data with the older key", { [instanceData]: '{"v1": {"instance-id": "i-2"}}' }, "i-2"],
  ["cloud-init's data folder", { "/var/lib/cloud/data/instance-id": "i-3\n" }, "i-3"],
  ["nothing", {}, undefined],
  ["an empty file", { "/var/lib/cloud/data/instance-id": "\n" }, undefined],
  ["instance data without it", { [instanceData]: '{"v1": {"instance_id": 5}}' }, undefined],
])("the instance-id comes from %s", async (_, files, instanceId) => {
  const { log, events } = memoryLog();
  const host = recordingHost({ files });
  expect((await readCloudInit(host, log))(host).instanceId).toBe(instanceId);
  expect(events).toEqual([]);
});

test.each(["{", "[]", "null", '"text"'])("damaged instance data (%s) is said, and empty", async (text) => {
  const { log, events } = memoryLog();
  const host = recordingHost({ files: { [instanceData]: text } });
  const init = (await readCloudInit(host, log))(host);
  expect(init.instanceData).toEqual({});
  expect(events).toMatchObject([{ level: "warn", message: expect.stringContaining("damaged") }]);
});

test("a module runs with its configuration in a file that only root can read, and that is gone afterwards", async () => {
  const host = recordingHost({});
  const init = (await readCloudInit(host, memoryLog().log))(host);
  await init.module("users_groups", { users: [{ name: "admin" }] });
  const path = "/run/kanod-configure/cloud-init-users_groups.yaml";
  expect(host.steps).toMatchObject([
    { kind: "directory", path: "/run/kanod-configure" },
    { kind: "write", path, mode: 0o600, secret: true },
    { kind: "run", argv: ["cloud-init", "single", "--name", "users_groups", "--frequency", "always", "--file", path] },
    { kind: "remove", path },
  ]);
});

test("the file is gone also when the module fails", async () => {
  const host = recordingHost({ commands: [{ argv: ["cloud-init"], prefix: true, exitCode: 1 }] });
  const init = (await readCloudInit(host, memoryLog().log))(host);
  await expect(init.module("ntp", {})).rejects.toMatchObject({ code: "command-failed" });
  expect(await host.stat("/run/kanod-configure/cloud-init-ntp.yaml")).toBeUndefined();
});

test.each(["", "../escape", "a b", "--debug"])("%j is no name of a module", async (name) => {
  const host = recordingHost({});
  const init = (await readCloudInit(host, memoryLog().log))(host);
  await expect(init.module(name, {})).rejects.toMatchObject({ code: "bad-cloud-init-module" });
  expect(host.steps).toEqual([]);
});

test("an older cloud-init, which takes the file in front, is asked again", async () => {
  const path = "/run/kanod-configure/cloud-init-ntp.yaml";
  const refuses = { argv: (argv: readonly string[]) => argv[1] === "single", exitCode: 2 };
  const host = recordingHost({ commands: [refuses] });
  await (await readCloudInit(host, memoryLog().log))(host).module("ntp", {});
  expect(host.steps.flatMap((step) => (step.kind === "run" ? [step.argv] : []))).toEqual([
    ["cloud-init", "single", "--name", "ntp", "--frequency", "always", "--file", path],
    ["cloud-init", "--file", path, "single", "--name", "ntp", "--frequency", "always"],
  ]);
});
