import type { FetchOptions, FetchResponse, Host, Logger } from "kanod-configure";
import { distrustCode, HostError, VaultError, type VaultErrorCode } from "kanod-configure";
import { type Deadline, pauseBefore } from "./retry.ts";

/**
 * Longest wait for the first answer, in seconds, and by how much each later one is waited for longer: an overloaded server
 * still works on what nobody waits for any more, and has more to do for each that asks again.
 */
const attemptTimeout = 30;
/** In seconds. Vault itself gives up after 90 (`default_max_request_duration`). */
const longestAttempt = 90;
/** Secrets, certificates and their chains are small. In bytes. */
const maxAnswer = 1024 * 1024;

/** With what and how long a request is made. */
export interface RequestContext {
  host: Host;
  log: Logger;
  deadline: Deadline;
}

export interface Server {
  /** What messages call it: "Vault", "the gatekeeper". */
  name: string;
  /** Certificate authorities (PEM) instead of the system's. */
  ca?: string | undefined;
  /** URL of the proxy to go through. */
  proxy?: string | undefined;
}

/** A plan makes no requests: there is nothing that could be answered. */
export class PlannedRequest extends Error {
  override readonly name = "PlannedRequest";
}

/** Why an attempt gave nothing. */
interface Obstacle {
  code: VaultErrorCode;
  reason: string;
  hint?: string;
  /** In seconds, from the server. */
  retryAfter?: number;
}

/**
 * Makes a request until the server can answer it: again after network errors, timeouts, status 429 and 5xx (a sealed
 * Vault says 503), with growing random pauses, until the deadline. All other answers are returned.
 *
 * @throws VaultError where the deadline is over, the server cannot be trusted, or its answer is no answer;
 *   PlannedRequest where the host makes no requests
 */
export async function sendPatiently(
  server: Server,
  url: string,
  options: Pick<FetchOptions, "method" | "headers" | "body">,
  context: RequestContext,
): Promise<FetchResponse> {
  const { host, log, deadline } = context;
  // Counted besides the deadline's own clock, because a host that only pretends to wait takes no time.
  let waited = 0;
  for (let attempt = 0; ; attempt++) {
    const patience = Math.min(attemptTimeout * (attempt + 1), longestAttempt);
    const answer = await attemptOnce(server, url, options, context, patience);
    if ("status" in answer) return answer;
    const pause = Math.max(pauseBefore(attempt, Math.random()), answer.retryAfter ?? 0);
    waited += pause;
    if (pause >= deadline.left || waited >= deadline.timeout) {
      const tried = `gave up after ${attempt + 1} tries within ${deadline.timeout} s`;
      throw new VaultError(answer.code, `${server.name}: ${answer.reason}; ${tried}`, { hint: answer.hint });
    }
    log.info(`${server.name}: ${answer.reason}; trying again in ${pause.toFixed(1)} s`, { event: "retry" });
    await host.sleep(pause);
  }
}

async function attemptOnce(
  server: Server,
  url: string,
  options: Pick<FetchOptions, "method" | "headers" | "body">,
  { host, deadline }: RequestContext,
  patience: number,
): Promise<FetchResponse | Obstacle> {
  const timeout = Math.max(0.001, Math.min(patience, deadline.left));
  const { ca, proxy } = server;
  const way = { ...(ca === undefined ? {} : { ca }), ...(proxy === undefined ? {} : { proxy }) };
  try {
    const response = await host.fetch(url, { ...options, ...way, timeout, maxBytes: maxAnswer });
    if (response.skipped === true) throw new PlannedRequest("a plan makes no requests");
    return busy(response) ?? accepted(server, response);
  } catch (error) {
    if (!(error instanceof HostError) || error.code === "interrupted") throw error;
    return networkObstacle(server, error);
  }
}

function accepted(server: Server, response: FetchResponse): FetchResponse {
  if (response.status >= 300 && response.status < 400) {
    throw new VaultError("vault-redirected", `${server.name} redirects to another address, which is not followed`, {
      hint: "write the address of the active server, or of its load balancer, in the configuration",
    });
  }
  return response;
}

function busy(response: FetchResponse): Obstacle | undefined {
  const { status, body, headers } = response;
  if (status !== 429 && status < 500) return undefined;
  const seconds = Number(headers["retry-after"]);
  const wait = seconds > 0 ? { retryAfter: seconds } : {};
  if (status === 503 && body.includes("Vault is sealed")) {
    return { code: "vault-sealed", reason: "it is sealed", hint: "unseal it: `vault operator unseal`", ...wait };
  }
  return { code: "vault-unavailable", reason: `it answers with status ${status}`, ...wait };
}

function networkObstacle(server: Server, error: HostError): Obstacle {
  if (error.code === "fetch-timeout") return { code: "vault-timeout", reason: "no answer in time" };
  const cause = distrustCode(error);
  if (cause !== undefined) {
    const hint =
      cause === "CERT_HAS_EXPIRED" || cause === "CERT_NOT_YET_VALID"
        ? "is the clock of this machine right?"
        : "the certificate authority of the server, and the name in its certificate, must fit the configuration";
    throw new VaultError("vault-tls", `${server.name} is not trusted: ${reasonOf(error)} (${cause})`, { hint });
  }
  // The host refused what came in: too long an answer, no URL to fetch. It would refuse it again.
  if (error.cause === undefined) throw new VaultError("vault-answer-invalid", `${server.name}: ${error.message}`);
  return { code: "vault-unreachable", reason: reasonOf(error) };
}

/** The host's own words, without the URL that they begin with. */
function reasonOf(error: HostError): string {
  return error.message.replace(`cannot fetch ${error.subject}: `, "");
}
