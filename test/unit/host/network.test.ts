import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { join } from "node:path";
import { getCACertificates } from "node:tls";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { certificateAuthorities } from "../../../src/host/certificate-authorities.ts";
import { createHost } from "../../../src/host/create-host.ts";
import type { HostError } from "../../../src/host/errors.ts";
import { Files } from "../../../src/host/files.ts";
import type { Host } from "../../../src/host/host.ts";
import { Tree } from "../../../src/host/tree.ts";
import type { LogEvent } from "../../../src/log/logger.ts";
import { keptLog, temporaryFolder } from "../../support/host.ts";
import { selfSigned } from "../../support/self-signed.ts";

let host: Host;
let events: LogEvent[];
const signed = selfSigned();

beforeEach(() => {
  const kept = keptLog();
  events = kept.events;
  host = createHost({ log: kept.log });
});

async function listen(server: Server, address = "127.0.0.1"): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  onTestFinished(() => {
    if ("closeAllConnections" in server) (server.closeAllConnections as () => void)();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const httpServer = async (answer: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listen(createServer(answer))}`;

const httpsServer = async (answer: RequestListener): Promise<string> =>
  `https://127.0.0.1:${await listen(createSecureServer(signed, answer))}`;

async function hostError(call: Promise<unknown>): Promise<HostError> {
  const error = await call.then(
    () => undefined,
    (thrown: HostError) => thrown,
  );
  expect(error?.name).toBe("HostError");
  return error as HostError;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await request.toArray()).toString();
}

const ok = (_: IncomingMessage, response: ServerResponse): void => void response.end("fine");

describe("fetch", () => {
  test("makes one request as it was asked to", async () => {
    const seen: unknown[] = [];
    const url = await httpServer(async (request, response) => {
      seen.push([
        request.method,
        request.url,
        request.headers["x-token"],
        request.headers["content-length"],
        await bodyOf(request),
      ]);
      response.writeHead(201, { "X-Answer": "yes", "Set-Cookie": ["a=1", "b=2"] }).end("grüß");
    });
    const answer = await host.fetch(`${url}/path?query=1`, { method: "PUT", headers: { "X-Token": "t" }, body: "ä" });
    expect(seen).toEqual([["PUT", "/path?query=1", "t", "2", "ä"]]);
    expect(answer).toMatchObject({
      status: 201,
      body: "grüß",
      headers: { "x-answer": "yes", "set-cookie": "a=1, b=2" },
    });
    await host.fetch(url);
    expect(seen[1]).toEqual(["GET", "/", undefined, undefined, ""]);
  });

  test("logs neither query nor user information", async () => {
    const url = (await httpServer(ok)).replace("http://", "http://user:hidden@");
    await host.fetch(`${url}/path?token=hidden#hidden`, { headers: { authorization: "hidden" } });
    expect(events).toMatchObject([
      { level: "info", event: "finished", message: expect.stringMatching(/\/path: status 200$/) },
    ]);
    expect(JSON.stringify(events)).not.toContain("hidden");
    const error = await hostError(host.fetch("http://user:hidden@127.0.0.1:1/x?hidden"));
    expect(error.subject).toBe("http://127.0.0.1:1/x");
    expect(error.message).toBe("cannot fetch http://127.0.0.1:1/x: connection refused");
    expect(error.code).toBe("fetch-failed");
  });

  test("an error status is an answer, and a redirect is not followed", async () => {
    const url = await httpServer((request, response) => {
      if (request.url === "/moved") response.writeHead(302, { location: "/other" }).end();
      else response.writeHead(503).end("later");
    });
    expect(await host.fetch(`${url}/moved`)).toMatchObject({ status: 302, headers: { location: "/other" } });
    expect(await host.fetch(url)).toMatchObject({ status: 503, body: "later" });
  });

  test("the time is for the whole exchange, not only for the beginning, and the connection ends with it", async () => {
    let close = (): void => {};
    const closed = new Promise<void>((resolve) => {
      close = resolve;
    });
    const url = await httpServer((_, response) => {
      response.write("x");
      const timer = setInterval(() => response.write("x"), 50);
      response.on("close", () => clearInterval(timer));
      response.on("close", close);
    });
    const begin = performance.now();
    const error = await hostError(host.fetch(url, { timeout: 0.4 }));
    expect(error.code).toBe("fetch-timeout");
    expect(error.message).toBe(`cannot fetch ${url}/: no answer within 0.4 s`);
    await closed;
    expect(performance.now() - begin).toBeLessThan(3000);
  });

  test("an answer that is too long is refused", async () => {
    const url = await httpServer((_, response) => void response.end("x".repeat(1001)));
    const error = await hostError(host.fetch(url, { maxBytes: 1000 }));
    expect(error.code).toBe("fetch-failed");
    expect(error.message).toContain("the answer is over 1000 bytes");
    expect((await host.fetch(url, { maxBytes: 1001 })).body).toHaveLength(1001);
  });

  test("an answer that breaks off is an error", async () => {
    const url = await httpServer((request, response) => {
      response.writeHead(200, { "content-length": "100" }).write("half");
      setTimeout(() => request.socket.destroy(), 50);
    });
    expect((await hostError(host.fetch(url))).code).toBe("fetch-failed");
  });

  test("what is no HTTP is an error", async () => {
    const port = await listen(createTcpServer((socket) => void socket.end("SSH-2.0-x\r\n")));
    const error = await hostError(host.fetch(`http://127.0.0.1:${port}`));
    expect(error.code).toBe("fetch-failed");
    expect(error.message).toContain("Parse Error");
  });

  test.each(["ftp://host/", "file:///etc/passwd", "no url", "/etc/passwd"])("%s is refused", async (url) => {
    const error = await hostError(host.fetch(url));
    expect(error.code).toBe("fetch-failed");
    expect(error.message).toMatch(/it is no http or https URL$/);
  });

  test("a bad header is an error that holds no value", async () => {
    const url = await httpServer(ok);
    const error = await hostError(host.fetch(url, { headers: { "X-Token": "hidden\nwords" } }));
    expect(error.code).toBe("fetch-failed");
    expect(error.message).toContain("X-Token");
    expect(error.message).not.toContain("hidden");
  });

  test("proxies of the environment are not used", async () => {
    const url = await httpServer(ok);
    const withProxy = createHost({ log: keptLog().log, environment: { http_proxy: "http://127.0.0.1:1" } });
    withProxy.setEnvironment("HTTP_PROXY", "http://127.0.0.1:1");
    expect((await withProxy.fetch(url)).body).toBe("fine");
  });

  test("an interrupted run stops it, and begins none", async () => {
    const url = await httpServer(() => {});
    const controller = new AbortController();
    const interruptible = createHost({ log: keptLog().log, signal: controller.signal });
    const running = hostError(interruptible.fetch(url));
    setTimeout(() => controller.abort(), 100);
    expect((await running).code).toBe("interrupted");
    expect((await hostError(interruptible.fetch(url))).code).toBe("interrupted");
  });
});

describe("fetch over TLS", () => {
  const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  afterEach(() => {
    if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
  });

  test("trusts the authority that is given", async () => {
    const url = await httpsServer(ok);
    expect((await host.fetch(url, { ca: signed.cert })).body).toBe("fine");
    expect((await hostError(host.fetch(url, { ca: selfSigned().cert }))).code).toBe("fetch-failed");
  });

  test("does not trust a stranger, whatever the environment says", async () => {
    const url = await httpsServer(ok);
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    const error = await hostError(host.fetch(url));
    expect(error.code).toBe("fetch-failed");
    expect(error.message).toMatch(/self-signed certificate/);
  });

  test("checks the name of the server", async () => {
    const port = await listen(createSecureServer(signed, ok), "0.0.0.0");
    const error = await hostError(host.fetch(`https://127.0.0.2:${port}`, { ca: signed.cert }));
    expect(error.message).toMatch(/does not match certificate's altnames/);
    expect((await host.fetch(`https://localhost:${port}`, { ca: signed.cert })).body).toBe("fine");
  });

  const bundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"];
  test.each(bundles)("trusts what the target tree trusts: %s", async (bundle) => {
    const root = temporaryFolder();
    const rooted = createHost({ log: keptLog().log, root });
    const url = await httpsServer(ok);
    await hostError(rooted.fetch(url));
    for (const path of bundles) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), "# nothing in it\n");
    }
    await hostError(rooted.fetch(url));
    writeFileSync(join(root, bundle), signed.cert);
    expect((await rooted.fetch(url)).body).toBe("fine");
  });
});

describe("certificate authorities", () => {
  test("are the runtime's own on a target tree without any, and never the machine's", async () => {
    expect(await certificateAuthorities(new Files(new Tree(temporaryFolder())), false)).toBeUndefined();
  });

  test("are asked of the runtime's system store on a machine that keeps them elsewhere", async () => {
    const system = getCACertificates("system");
    const found = await certificateAuthorities(new Files(new Tree(temporaryFolder())), true);
    expect(found).toEqual(system.length > 0 ? system : undefined);
  });
});

describe("connect", () => {
  test("succeeds where somebody listens", async () => {
    let connections = 0;
    const port = await listen(
      createTcpServer((socket) => {
        connections++;
        socket.on("error", () => {});
      }),
    );
    await host.connect("127.0.0.1", port);
    await host.connect("localhost", port);
    expect(connections).toBe(2);
  });

  test("fails where nobody does", async () => {
    const server = createTcpServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const error = await hostError(host.connect("127.0.0.1", port));
    expect(error).toMatchObject({ code: "connect-failed", subject: `127.0.0.1:${port}` });
    expect(error.message).toBe(`cannot connect to 127.0.0.1:${port}: connection refused`);
    expect((await hostError(host.connect("::1", port))).subject).toBe(`[::1]:${port}`);
  });

  test.each([0, 65536, -1, 1.5, Number.NaN])("%d is no port", async (port) => {
    expect((await hostError(host.connect("127.0.0.1", port))).code).toBe("connect-failed");
  });

  test("gives up in time", async () => {
    // 192.0.2.0/24 is for documentation, RFC 5737: nobody answers, or the network says at once that it is nowhere.
    const begin = performance.now();
    const error = await hostError(host.connect("192.0.2.1", 9, { timeout: 0.3 }));
    expect(["connect-timeout", "connect-failed"]).toContain(error.code);
    expect(performance.now() - begin).toBeLessThan(3000);
  });

  test("stops when the run is interrupted", async () => {
    const stopped = createHost({ log: keptLog().log, signal: AbortSignal.abort() });
    expect((await hostError(stopped.connect("127.0.0.1", 9))).code).toBe("interrupted");
  });
});

describe("lookup", () => {
  test("gives the addresses of a name and of an address", async () => {
    expect(await host.lookup("localhost")).toContain("127.0.0.1");
    expect(await host.lookup("127.0.0.1")).toEqual(["127.0.0.1"]);
  });

  test("fails for a name that there is not, RFC 6761", async () => {
    const error = await hostError(host.lookup("no-such-name.invalid", { timeout: 60 }));
    expect(error).toMatchObject({ code: "lookup-failed", subject: "no-such-name.invalid" });
    expect((await hostError(host.lookup(""))).code).toBe("lookup-failed");
  });

  test("stops when the run is interrupted", async () => {
    const stopped = createHost({ log: keptLog().log, signal: AbortSignal.abort() });
    expect((await hostError(stopped.lookup("localhost"))).code).toBe("interrupted");
  });
});

test("connections, look-ups and waiting are logged, with their time and how they ended", async () => {
  const port = await listen(createTcpServer((socket) => void socket.on("error", () => {})));
  await host.connect("127.0.0.1", port);
  await host.lookup("127.0.0.1");
  await host.sleep(0.01);
  await hostError(host.connect("127.0.0.1", 0));
  await hostError(host.fetch("http://user:hidden@127.0.0.1:1/?hidden"));
  expect(events).toMatchObject([
    { level: "info", event: "finished", message: `connected to 127.0.0.1 port ${port}` },
    { level: "info", event: "finished", message: "looked up 127.0.0.1: 127.0.0.1" },
    { level: "debug", event: "started", message: "waits 0.01 s" },
    { level: "info", event: "failed", message: expect.stringMatching(/^failed: cannot connect to 127\.0\.0\.1:0: /) },
    { level: "info", event: "failed", message: "failed: cannot fetch http://127.0.0.1:1/: connection refused" },
  ]);
  expect(events.filter(({ duration }) => typeof duration === "number")).toHaveLength(4);
});

describe("sleep and now", () => {
  test("take the time of the machine", async () => {
    const before = host.now().getTime();
    await host.sleep(0.15);
    expect(host.now().getTime() - before).toBeGreaterThanOrEqual(145);
    await host.sleep(0);
  });

  test("an interrupted run does not sleep on", async () => {
    const controller = new AbortController();
    const interruptible = createHost({ log: keptLog().log, signal: controller.signal });
    await interruptible.sleep(0.01);
    const sleeping = hostError(interruptible.sleep(1e12));
    setTimeout(() => controller.abort(), 50);
    expect((await sleeping).code).toBe("interrupted");
    expect((await hostError(interruptible.sleep(100))).code).toBe("interrupted");
  });
});
