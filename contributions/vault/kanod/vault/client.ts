import type NodeVault from "node-vault";
import { type RequestContext, type Server, sendPatiently } from "./transport.ts";

/** What node-vault asks its transport for, and what it gets. */
interface ClientRequest {
  method: string;
  uri: string;
  headers?: Readonly<Record<string, string>>;
  json?: unknown;
}

interface ClientResponse {
  statusCode: number;
  body: unknown;
  request: { path: string };
}

export interface Endpoint extends Server {
  url: string;
  namespace?: string | undefined;
}

/**
 * Requests are checked by their types, and node-vault's table of named commands is not used: what it needs for both, and
 * for a transport of its own, does not get into the agent (`without` below).
 */
const unused = {
  debug: () => undefined,
  tv4: Object.assign(() => undefined, { validate: () => true }),
  mustache: {},
  commands: {},
};

/**
 * A client of Vault for one token. It is node-vault with our transport: node-vault's own (axios) would obey
 * `http_proxy` and `VAULT_SKIP_VERIFY`, follow redirects, and neither wait, nor try again, nor bound an answer. Nor may
 * the environment choose address, token, namespace or debug output.
 */
export async function vaultClient(
  endpoint: Endpoint,
  token: string,
  context: RequestContext,
): Promise<NodeVault.client> {
  const { default: nodeVault } = await import(
    /* webpackMode: "eager" */ /* without: axios, debug, mustache, tv4 */ "node-vault"
  );
  const send = (request: ClientRequest): Promise<ClientResponse> => exchange(endpoint, request, context);
  const client: NodeVault.client & { namespace?: string; pathPrefix?: string } = nodeVault({
    endpoint: endpoint.url,
    ...unused,
    "request-promise": { defaults: () => send },
  });
  client.token = token;
  client.namespace = endpoint.namespace ?? "";
  client.pathPrefix = "";
  return client;
}

async function exchange(endpoint: Endpoint, request: ClientRequest, context: RequestContext): Promise<ClientResponse> {
  const { method, uri, json } = request;
  const headers: Record<string, string> = { ...request.headers, "X-Vault-Request": "true" };
  const options = { method, headers, ...(json === undefined ? {} : { body: JSON.stringify(json) }) };
  if (json !== undefined) headers["Content-Type"] = "application/json";
  const response = await sendPatiently(endpoint, uri, options, context);
  return {
    statusCode: response.status,
    body: parsedBody(response.headers["content-type"], response.body),
    request: { path: new URL(uri).pathname },
  };
}

/** The data of a JSON answer; the text of any other, or of one that is broken. The caller knows which it must be. */
function parsedBody(type: string | undefined, text: string): unknown {
  if (type?.startsWith("application/json") !== true) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
