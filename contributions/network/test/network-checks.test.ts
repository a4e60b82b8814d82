import { once } from "node:events";
import { createServer as createProxy } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createHost } from "../../../src/host/create-host.ts";
import { createLog } from "../../../src/log/log.ts";
import { Redactor } from "../../../src/log/redactor.ts";
import { selfSigned } from "../../../test/support/self-signed.ts";
import { runNetworkChecks } from "../kanod/checks/network-checks.ts";

const log = createLog({ sinks: [], redactor: new Redactor(), now: () => new Date() });
const { key, cert } = selfSigned();

async function server(): Promise<string> {
  const listening = createServer({ key, cert }, (_, response) => response.end()).listen(0, "127.0.0.1");
  onTestFinished(() => void listening.close());
  await once(listening, "listening");
  return `https://127.0.0.1:${(listening.address() as AddressInfo).port}/`;
}

const check = async (certificates: Record<string, string>): Promise<void> => {
  const checks = [{ http: await server(), tries: 1, timeout: 5 }];
  await runNetworkChecks(createHost({ log }), checks, { certificates, noProxy: [] }, log);
};

test("an https check trusts the certificates that the configuration is about to install, and no other server", async () => {
  await check({ site: cert });
  await expect(check({})).rejects.toMatchObject({ code: "network-check-failed" });
  await expect(check({ site: selfSigned().cert })).rejects.toMatchObject({ code: "network-check-failed" });
  await expect(check({ site: "@vault:ca" })).rejects.toMatchObject({ code: "network-check-failed" });
});

test("a check goes through the proxy of the configuration, unless no_proxy names the server", async () => {
  const asked: string[] = [];
  const proxy = createProxy().listen(0, "127.0.0.1");
  onTestFinished(() => void proxy.close());
  proxy.on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    socket.destroy();
  });
  await once(proxy, "listening");
  const https = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const checks = [{ http: "https://192.0.2.1/", tries: 1, timeout: 1 }];
  const make = (noProxy: string[]): Promise<void> =>
    runNetworkChecks(createHost({ log }), checks, { proxy: { https }, noProxy }, log);
  await expect(make([])).rejects.toMatchObject({ code: "network-check-failed" });
  expect(asked).toEqual(["192.0.2.1:443"]);
  await expect(make(["192.0.2.0/24"])).rejects.toMatchObject({ code: "network-check-failed" });
  expect(asked).toHaveLength(1);
});
