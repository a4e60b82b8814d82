import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** A request to a proxy, which it passes on: RFC 9112, section 3.2.2. */
export interface ProxiedTarget {
  proxy: URL;
  headers: Record<string, string>;
}

/** @throws Error where `text` is no http or https URL */
export function proxyTarget(text: string): ProxiedTarget {
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy?.protocol !== "http:" && proxy?.protocol !== "https:") {
    throw new Error("the address of the proxy is no http or https URL");
  }
  const { username, password } = proxy;
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64");
  return { proxy, headers: username === "" ? {} : { "proxy-authorization": `Basic ${credentials}` } };
}

/** A connection to `target` that a proxy has made (CONNECT: RFC 9110, section 9.3.6). */
export async function openTunnel(
  text: string,
  target: URL,
  ca: string | string[] | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  const { proxy, headers } = proxyTarget(text);
  const path = `${target.hostname}:${target.port || 443}`;
  const options = { method: "CONNECT", path, headers: { ...headers, host: path }, agent: false as const, signal };
  let connecting: ClientRequest;
  if (proxy.protocol === "http:") {
    const { request } = await import(/* webpackMode: "eager" */ "node:http");
    connecting = request(proxy.origin, options);
  } else {
    const { request } = await import(/* webpackMode: "eager" */ "node:https");
    connecting = request(proxy.origin, { ...options, rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) });
  }
  return new Promise((resolve, reject) => {
    const refuse = ({ statusCode }: IncomingMessage, socket?: Socket): void => {
      socket?.destroy();
      connecting.destroy();
      reject(new Error(`the proxy answers with status ${statusCode}`));
    };
    connecting.once("connect", (response, socket: Socket) => {
      if (response.statusCode === 200) resolve(socket);
      else refuse(response, socket);
    });
    connecting.once("response", refuse);
    connecting.once("error", reject);
    connecting.end();
  });
}
