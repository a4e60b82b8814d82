import type { IncomingMessage } from "node:http";
import { printable } from "../config/shown.ts";
import { HostError } from "./errors.ts";
import { systemReason } from "./file-error.ts";
import type { FetchOptions, FetchResponse, NetworkOptions } from "./host.ts";
import { openTunnel, proxyTarget } from "./proxy.ts";
import { urlSubject } from "./shown-command.ts";
import { bounded } from "./waiting.ts";

/** In seconds. */
const fetchTimeout = 30;
/** In seconds. */
const networkTimeout = 10;
/** In bytes. */
const maximumBody = 16 * 1024 * 1024;
/** Of a name with several addresses each is tried this long, in ms. Node's own 250 are too few for a distant server. */
const attemptTimeout = 2500;

export interface FetchContext {
  signal: AbortSignal | undefined;
  /** The system's certificate authorities, PEM; undefined for those that come with the runtime. */
  authorities(): Promise<string | string[] | undefined>;
}

/**
 * One HTTP exchange: no redirect, no proxy unless one is given, and the server's certificate is always checked.
 *
 * @throws HostError
 */
export async function httpFetch(
  context: FetchContext,
  url: string,
  options: FetchOptions = {},
): Promise<FetchResponse> {
  const subject = urlSubject(url);
  const protocol = URL.canParse(url) ? new URL(url).protocol : "";
  if (protocol !== "http:" && protocol !== "https:") {
    throw new HostError("fetch-failed", subject, `cannot fetch ${subject}: it is no http or https URL`);
  }
  const limits = { seconds: options.timeout ?? fetchTimeout, signal: context.signal };
  return bounded({ kind: "fetch", subject, action: "fetch" }, limits, networkReason, async (signal) => {
    const settings = {
      method: options.method ?? "GET",
      headers: { ...options.headers },
      // Without an agent the connection ends with the answer: nothing keeps the program running.
      agent: false as const,
      autoSelectFamilyAttemptTimeout: attemptTimeout,
      signal,
    };
    const { body, proxy } = options;
    if (protocol === "http:") {
      const { request } = await import(/* webpackMode: "eager" */ "node:http");
      const [address, its] = proxy === undefined ? [url, settings] : proxied(proxy, url, settings);
      return exchange((answered) => request(address, its, answered).end(body), options, subject);
    }
    const { request } = await import(/* webpackMode: "eager" */ "node:https");
    const authorities = await context.authorities();
    const ca = options.ca ?? authorities;
    const socket = proxy === undefined ? undefined : await openTunnel(proxy, new URL(url), authorities, signal);
    // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED has no effect.
    const checked = {
      ...settings,
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca }),
      ...(socket && { socket }),
    };
    return exchange((answered) => request(url, checked, answered).end(body), options, subject);
  });
}

/** Where a request for `url` goes, and how, when a proxy is to pass it on. */
function proxied<T extends { headers: object }>(text: string, url: string, settings: T): [URL, T] {
  const { proxy, headers } = proxyTarget(text);
  const { host } = new URL(url);
  return [new URL(proxy.origin), { ...settings, path: url, headers: { ...settings.headers, ...headers, host } }];
}

/** Opens a TCP connection and closes it. @throws HostError */
export async function tcpConnect(
  signal: AbortSignal | undefined,
  host: string,
  port: number,
  options: NetworkOptions = {},
): Promise<void> {
  const subject = printable(host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);
  const limits = { seconds: options.timeout ?? networkTimeout, signal };
  await bounded({ kind: "connect", subject, action: "connect to" }, limits, networkReason, async (stop) => {
    const { connect } = await import(/* webpackMode: "eager" */ "node:net");
    const socket = connect({ host, port, autoSelectFamilyAttemptTimeout: attemptTimeout });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("error", reject);
        stop.addEventListener("abort", () => reject(stop.reason));
      });
    } finally {
      socket.destroy();
    }
  });
}

/** The addresses of a name, from getaddrinfo(3). @throws HostError */
export async function lookUp(
  signal: AbortSignal | undefined,
  name: string,
  options: NetworkOptions = {},
): Promise<string[]> {
  const subject = printable(name);
  const limits = { seconds: options.timeout ?? networkTimeout, signal };
  return bounded({ kind: "lookup", subject, action: "look up" }, limits, networkReason, async () => {
    const { lookup } = await import(/* webpackMode: "eager" */ "node:dns/promises");
    const answers = await lookup(name, { all: true });
    if (answers.length === 0) throw new Error("it has no address");
    return [...new Set(answers.map(({ address }) => address))];
  });
}

type Request = { once(event: "error", listener: (error: Error) => void): unknown };

function exchange(
  open: (answered: (response: IncomingMessage) => void) => Request,
  options: FetchOptions,
  subject: string,
): Promise<FetchResponse> {
  return new Promise((resolve, reject) => {
    const request = open((response) => {
      readAnswer(response, options.maxBytes ?? maximumBody, subject).then(resolve, reject);
    });
    request.once("error", reject);
  });
}

async function readAnswer(response: IncomingMessage, maxBytes: number, subject: string): Promise<FetchResponse> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) {
      throw new HostError("fetch-failed", subject, `cannot fetch ${subject}: the answer is over ${maxBytes} bytes`);
    }
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(", ")]);
  const body = Buffer.concat(chunks).toString("utf8");
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body };
}

/** Why a connection failed, in words. Several addresses can each have their own reason. */
function networkReason(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(networkReason))].join("; ");
  const isSystems = error instanceof Error && "errno" in error;
  return isSystems || !(error instanceof Error) ? systemReason(error) : printable(error.message);
}
