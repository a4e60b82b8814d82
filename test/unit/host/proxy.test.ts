import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createHost } from "../../../src/host/create-host.ts";
import type { Host } from "../../../src/host/host.ts";
import { keptLog } from "../../support/host.ts";
import { selfSigned } from "../../support/self-signed.ts";

const signed = selfSigned();
const credentials = `Basic ${Buffer.from("us er:p@ss:word").toString("base64")}`;
const ok = (request: IncomingMessage, response: ServerResponse): void => void response.end(`fine ${request.url}`);

let host: Host;

beforeEach(() => {
  host = createHost({ log: keptLog().log });
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    if ("closeAllConnections" in server) (server.closeAllConnections as () => void)();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A proxy that wants credentials, and the requests that it got. */
async function proxy(options: { status?: number } = {}): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const refused = ({ method, url, headers }: IncomingMessage): number | undefined => {
    seen.push(`${method} ${url}`);
    return headers["proxy-authorization"] === credentials ? options.status : 407;
  };
  const server = createServer((request, response) => {
    const status = refused(request);
    if (status !== undefined) return void response.writeHead(status).end();
    const { "proxy-authorization": _, ...headers } = request.headers;
    const passed = forward(request.url ?? "", { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(passed);
  });
  server.on("connect", (request: IncomingMessage, socket: Socket) => {
    const status = refused(request);
    if (status !== undefined) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const [name, port] = (request.url ?? "").split(":");
    const upstream = connect(Number(port), name, () => {
      socket.write("HTTP/1.1 200 Connected\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  return { url: `http://us%20er:p%40ss%3Aword@127.0.0.1:${await listen(server)}`, seen };
}

describe("fetch through a proxy", () => {
  test("has it pass on a request for http", async () => {
    const port = await listen(createServer(ok));
    const { url, seen } = await proxy();
    const response = await host.fetch(`http://127.0.0.1:${port}/a?b=c`, { method: "POST", body: "x", proxy: url });
    expect(response).toMatchObject({ status: 200, body: "fine /a?b=c" });
    expect(seen).toEqual([`POST http://127.0.0.1:${port}/a?b=c`]);
  });

  test("has it make a connection for https, and checks the certificate of the server behind it", async () => {
    const port = await listen(createSecureServer(signed, ok));
    const { url, seen } = await proxy();
    const ask = (address: string, ca?: string) =>
      host.fetch(address, { proxy: url, ...(ca === undefined ? {} : { ca }) });
    expect((await ask(`https://127.0.0.1:${port}/a`, signed.cert)).body).toBe("fine /a");
    expect((await ask(`https://localhost:${port}/a`, signed.cert)).body).toBe("fine /a");
    expect(seen).toEqual([`CONNECT 127.0.0.1:${port}`, `CONNECT localhost:${port}`]);
    await expect(ask(`https://127.0.0.1:${port}/a`)).rejects.toMatchObject({ code: "fetch-failed" });
    await expect(ask(`https://127.0.0.2:${port}/a`, signed.cert)).rejects.toMatchObject({ code: "fetch-failed" });
  });

  test.each(["http", "https"])("fails when the proxy is not there (%s)", async (protocol) => {
    const failure = host.fetch(`${protocol}://127.0.0.1:2/`, { proxy: "http://127.0.0.1:1" });
    await expect(failure).rejects.toMatchObject({ code: "fetch-failed", message: expect.stringContaining("refused") });
  });

  test("fails when the proxy refuses the connection, without telling its password", async () => {
    const { url } = await proxy({ status: 403 });
    const refused = await host.fetch("https://127.0.0.1:1/", { proxy: url }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "fetch-failed", message: expect.stringContaining("status 403") });
    const wrong = await host.fetch("https://127.0.0.1:1/", { proxy: url.replace("p%40ss", "other") }).catch(String);
    expect(wrong).toContain("status 407");
    expect(wrong).not.toContain("other");
  });

  test.each(["socks5://127.0.0.1:1", "nonsense", ""])("refuses the address %j", async (address) => {
    await expect(host.fetch("https://127.0.0.1:1/", { proxy: address })).rejects.toMatchObject({
      code: "fetch-failed",
    });
  });
});
