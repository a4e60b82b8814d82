import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import type { RunReport } from "../../contributions/report/kanod/report/report.ts";
import { TestAuthority } from "../support/authority.ts";
import {
  type ConfiguredGuest,
  configuredGuest,
  configuredGuestObstacle,
  sharedPackages,
} from "../support/configured-guest.ts";
import { describeWith } from "../support/requirements.ts";

interface Received {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

describeWith(configuredGuestObstacle())("the report of a run", () => {
  const authority = new TestAuthority("reports");
  const report = { url: "https://deploy.test:8443/reports", ca: authority.cert, token: "0123456789abcdef" };
  let machine: ConfiguredGuest;
  let folder: string;
  let isValid: (value: unknown) => boolean;

  async function prepare(root: string): Promise<void> {
    folder = join(root, "opt/reports");
    await mkdir(folder, { recursive: true });
    const { key, cert } = authority.issue("DNS:deploy.test");
    await writeFile(join(folder, "cert.pem"), cert);
    await writeFile(join(folder, "key.pem"), key);
    await copyFile(fileURLToPath(new URL("../support/report-server.cjs", import.meta.url)), join(folder, "server.cjs"));
    const unit =
      "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/usr/local/bin/node /opt/reports/server.cjs /opt/reports\n";
    await writeFile(join(root, "etc/systemd/system/reports.service"), unit);
    await writeFile(join(root, "etc/hosts"), "127.0.0.1 localhost deploy.test\n");
    await mkdir(join(root, "usr/local/bin"), { recursive: true });
    await writeFile(join(root, "usr/local/bin/kanod-configure"), "the agent\n");
  }

  beforeAll(async () => {
    machine = await configuredGuest({
      elements: ["report", "identity", "ntp"],
      packages: sharedPackages,
      prepare,
    });
    const ajv = addFormats.default(new Ajv.default({ strict: false }));
    const schema = new URL("../../contributions/report/report.schema.yaml", import.meta.url);
    isValid = ajv.compile(parse(await readFile(schema, "utf8")) as object);
  });

  beforeEach(async () => {
    await rm(join(folder, "requests"), { force: true });
    await answer("204");
  });

  async function answer(codes: string): Promise<void> {
    await writeFile(join(folder, "answers"), `${codes}\n`);
    await machine.guest.run(["systemctl", "restart", "reports"]);
  }

  async function received(): Promise<Received[]> {
    const text = await readFile(join(folder, "requests"), "utf8").catch(() => "");
    return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Received]));
  }

  const reportOf = ({ body }: Received): RunReport => JSON.parse(body) as RunReport;

  test("says that it was good, and what the machine is made of", async () => {
    await machine.runcmd({ name: "node-1", report, timezone: "Etc/UTC" });
    const [request, ...others] = await received();
    expect(others).toEqual([]);
    expect(request).toMatchObject({
      method: "POST",
      url: "/reports",
      headers: { authorization: `Bearer ${report.token}`, "content-type": "application/json" },
    });
    const sent = reportOf(request as Received);
    expect(isValid(sent)).toBe(true);
    expect(sent).toMatchObject({ version: 1, name: "node-1", result: "done" });
    expect(sent.contributions.map(({ name, state }) => `${name} ${state}`)).toEqual([
      "Report done",
      "Host name done",
      "Locale and time zone done",
      "NTP done",
    ]);
    expect(sent.inventory.cpu?.count).toBeGreaterThan(0);
    const [hash] = (await machine.guest.run(["sha256sum", "/usr/local/bin/kanod-configure"])).stdout.split(" ");
    expect(sent.sha256.agent).toBe(hash);
  });

  test("says which contribution failed, and no message of it", async () => {
    await machine.runcmd({ name: "node-1", report, ntp: { servers: ["192.0.2.1"] } }, { exitCode: 1 });
    const sent = reportOf((await received())[0] as Received);
    expect(isValid(sent)).toBe(true);
    expect(sent).toMatchObject({ result: "failed", failed: { name: "NTP", element: "ntp", code: "no-ntp-client" } });
    expect(JSON.stringify(sent)).not.toContain("neither chrony");
  });

  test("is sent again to a server that is busy", async () => {
    await answer("503 503 200");
    await machine.runcmd({ name: "node-1", report });
    const requests = await received();
    expect(requests).toHaveLength(3);
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
  });

  test.each([
    ["refuses it", report, "403", "answered with status 403"],
    ["has a certificate of somebody else", { url: report.url }, "204", "certificate"],
  ])("is a warning when the server %s, and the run is good", async (_, settings, codes, message) => {
    await answer(codes);
    const { stdout, stderr } = await machine.runcmd({ name: "node-1", report: settings });
    expect(stdout + stderr).toContain("Report: report at the end of the run failed");
    expect(stdout + stderr).toContain(message);
    expect(stdout + stderr).not.toContain(report.token);
  });

  test("is not for the whole network to read", async () => {
    const plain = { url: "http://deploy.test/", token: "0123456789abcdef" };
    const { stderr } = await machine.runcmd({ name: "node-1", report: plain }, { exitCode: 3 });
    expect(stderr).toMatch(/configuration\.yaml:1:\d+: error\[report-without-tls\]/);
    expect(stderr).not.toContain(plain.token);
  });

  test.each([
    ["a header in the token", { url: "https://x/", token: "a\r\nX-Evil: 1" }],
    ["credentials in the URL", { url: "https://u:p@x/" }],
    ["another scheme", { url: "file:///etc/shadow" }],
    ["a text that is no certificate", { url: "https://x/", ca: "hello" }],
    ["10,000 characters", { url: `https://${"x".repeat(10_000)}/` }],
  ])("%s is refused with its position", async (_, settings) => {
    const { stderr } = await machine.runcmd({ name: "node-1", report: settings }, { exitCode: 3 });
    expect(stderr).toMatch(/configuration\.yaml:1:\d+: error\[/);
  });
});
