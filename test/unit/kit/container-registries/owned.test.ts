import { expect, test } from "vitest";
import { type RecordingHost, recordingHost } from "../../../../src/host/recording-host.ts";
import { OwnedFiles } from "../../../../src/kit/container-registries/owned.ts";

const daemon = "/etc/docker/daemon.json";
const image = { "log-driver": "json-file", "registry-mirrors": ["https://of-the-image"], features: { buildkit: true } };

async function json(host: RecordingHost): Promise<unknown> {
  return JSON.parse((await host.readFile(daemon)) ?? "null");
}

test("parts are put among those of others, and only they go again", async () => {
  const host = recordingHost({ files: { [daemon]: JSON.stringify(image) } });
  const first = await OwnedFiles.open(host);
  const parts = {
    "registry-mirrors": ["https://of-the-image", "https://ours"],
    "insecure-registries": ["a:5000"],
    features: { x: 1 },
  };
  expect(await first.merge(daemon, parts)).toBe(true);
  await first.finish();
  expect(await json(host)).toEqual({
    "log-driver": "json-file",
    "registry-mirrors": ["https://of-the-image", "https://ours"],
    "insecure-registries": ["a:5000"],
    features: { buildkit: true, x: 1 },
  });

  const same = await OwnedFiles.open(host);
  const steps = host.steps.length;
  expect(await same.merge(daemon, parts)).toBe(false);
  expect(await same.finish()).toEqual([]);
  expect(host.steps).toHaveLength(steps);

  const other = await OwnedFiles.open(host);
  await other.merge(daemon, { "registry-mirrors": ["https://other"] });
  await other.finish();
  expect(await json(host)).toEqual({ ...image, "registry-mirrors": ["https://of-the-image", "https://other"] });

  const none = await OwnedFiles.open(host);
  expect(await none.finish()).toEqual([daemon]);
  expect(await json(host)).toEqual(image);
});

test("files that are no longer wanted are removed, and only they", async () => {
  const host = recordingHost({ files: { "/certs/foreign": "x" } });
  const first = await OwnedFiles.open(host);
  expect(await first.write("/certs/a", "1")).toBe(true);
  await first.write("/certs/b", "2");
  await first.finish();
  const second = await OwnedFiles.open(host);
  expect(await second.write("/certs/b", "2")).toBe(false);
  expect(await second.finish()).toEqual(["/certs/a"]);
  expect(await host.list("/certs")).toEqual(["b", "foreign"]);
});

test("nothing is made where nothing is wanted", async () => {
  const host = recordingHost({});
  const files = await OwnedFiles.open(host);
  expect(await files.merge(daemon, { "registry-mirrors": [], auths: {} })).toBe(false);
  await files.finish();
  expect(host.steps).toEqual([]);
});

test.each(["{", "[]", "1"])("a file that is no JSON object is refused: %s", async (text) => {
  const files = await OwnedFiles.open(recordingHost({ files: { [daemon]: text } }));
  await expect(files.merge(daemon, { "registry-mirrors": ["x"] })).rejects.toMatchObject({ code: "bad-json-file" });
});

test("a damaged memory counts as none", async () => {
  const host = recordingHost({ files: { "/var/lib/kanod-configure/registries.json": "{", "/a": "1" } });
  await (await OwnedFiles.open(host)).finish();
  expect(await host.readFile("/a")).toBe("1");
});
