import { expect, test } from "vitest";
import { beforeChanges } from "../../../../src/host/host-with.ts";
import { type RecordingHost, recordingHost } from "../../../../src/host/recording-host.ts";
import { OwnedFiles } from "../../../../src/kit/container-registries/owned.ts";
import { storeOn } from "../../../support/contributions.ts";

const daemon = "/etc/docker/daemon.json";
const image = { "log-driver": "json-file", "registry-mirrors": ["https://of-the-image"], features: { buildkit: true } };

function open(host: RecordingHost): Promise<OwnedFiles> {
  return OwnedFiles.open(host, storeOn(host));
}

/** What was done to files, but for our own. */
function changes(host: RecordingHost, from = 0): string[] {
  const steps = host.steps.slice(from).flatMap((step) => ("path" in step ? [`${step.kind} ${step.path}`] : []));
  return steps.filter((step) => !step.includes("/var/lib/kanod-configure"));
}

async function json(host: RecordingHost): Promise<unknown> {
  return JSON.parse((await host.readFile(daemon)) ?? "null");
}

test("parts are put among those of others, and only they go again", async () => {
  const host = recordingHost({ files: { [daemon]: JSON.stringify(image) } });
  const first = await open(host);
  const parts = {
    "registry-mirrors": ["https://of-the-image", "https://ours"],
    "insecure-registries": ["a:5000"],
    features: { x: 1 },
  };
  await first.merge(daemon, parts);
  await first.finish();
  expect(await json(host)).toEqual({
    "log-driver": "json-file",
    "registry-mirrors": ["https://of-the-image", "https://ours"],
    "insecure-registries": ["a:5000"],
    features: { buildkit: true, x: 1 },
  });

  const same = await open(host);
  const steps = host.steps.length;
  await same.merge(daemon, parts);
  await same.finish();
  expect(host.steps).toHaveLength(steps);

  const other = await open(host);
  await other.merge(daemon, { "registry-mirrors": ["https://other"] });
  await other.finish();
  expect(await json(host)).toEqual({ ...image, "registry-mirrors": ["https://of-the-image", "https://other"] });

  const none = await open(host);
  await none.finish();
  expect(await json(host)).toEqual(image);
});

test("files that are no longer wanted are removed, and only they", async () => {
  const host = recordingHost({ files: { "/certs/foreign": "x" } });
  const first = await open(host);
  first.write("/certs/a", "1");
  first.write("/certs/b", "2");
  await first.finish();
  const second = await open(host);
  const from = host.steps.length;
  second.write("/certs/b", "2");
  await second.finish();
  expect(changes(host, from)).toEqual(["remove /certs/a"]);
  expect(await host.list("/certs")).toEqual(["b", "foreign"]);
});

test("nothing is made where nothing is wanted", async () => {
  const host = recordingHost({});
  const files = await open(host);
  await files.merge(daemon, { "registry-mirrors": [], auths: {} });
  await files.finish();
  expect(host.steps).toEqual([]);
});

test.each(["{", "[]", "1"])("a file that is no JSON object is refused: %s", async (text) => {
  const files = await open(recordingHost({ files: { [daemon]: text } }));
  await expect(files.merge(daemon, { "registry-mirrors": ["x"] })).rejects.toMatchObject({ code: "bad-json-file" });
});

test("what a run that was cut off wrote is known as ours", async () => {
  for (const failing of [1, 2, 3]) {
    const host = recordingHost({ files: { [daemon]: JSON.stringify(image) } });
    let writes = 0;
    const cut = beforeChanges(host, async () => {
      if (++writes === failing) throw new Error("cut off");
    });
    const files = await OwnedFiles.open(cut, storeOn(host));
    files.write("/certs/a", "1");
    await files.merge(daemon, { "registry-mirrors": ["https://ours"] });
    files.write("/certs/b", "2");
    await expect(files.finish()).rejects.toThrow("cut off");
    await (await open(host)).finish();
    expect([await host.list("/certs"), await json(host)]).toEqual([failing === 1 ? undefined : [], image]);
  }
});

test("the memory of version 0.1 is taken over", async () => {
  const former = { version: 1, files: ["/certs/a"], parts: { [daemon]: { "registry-mirrors": ["https://ours"] } } };
  const path = "/var/lib/kanod-configure/registries.json";
  const document = { "registry-mirrors": ["https://ours", "https://of-the-image"] };
  const files = { [path]: JSON.stringify(former), "/certs/a": "1", [daemon]: JSON.stringify(document) };
  const host = recordingHost({ files });
  await (await open(host)).finish();
  expect(await host.list("/certs")).toEqual([]);
  expect(await json(host)).toEqual({ "registry-mirrors": ["https://of-the-image"] });
  expect(await host.stat(path)).toBeUndefined();
});

test("with a damaged memory nothing is removed", async () => {
  const path = "/var/lib/kanod-configure/registries.json";
  const host = recordingHost({ files: { [path]: "{", "/a": "1" } });
  await (await open(host)).finish();
  expect(await host.readFile("/a")).toBe("1");
  expect(await storeOn(host).state()).toBe("damaged");
});
