import type { Host, Logger, ProxySettings } from "kanod-configure";
import { AgentError, HostError, isReference, proxyFor, proxyVariables } from "kanod-configure";

/** One entry of `network_checks`: exactly one of the first three. */
export interface NetworkCheck {
  /** URL that has to answer. */
  http?: string;
  /** `HOST:PORT` that has to accept a connection. */
  tcp?: string;
  /** Name that has to be found. */
  dns?: string;
  tries?: number;
  /** In seconds. */
  timeout?: number;
  /** In seconds. */
  interval?: number;
}

/** With what `http` checks are made, as later contributions set it up for all programs. */
export interface CheckSurroundings {
  proxy?: ProxySettings | undefined;
  certificates?: Readonly<Record<string, string>> | undefined;
  /** Entries of `no_proxy` in system.yaml. */
  noProxy: readonly string[];
}

const defaults = { tries: 12, timeout: 5, interval: 5 };
/** Answers from here on say that the server cannot do its work. */
const serverErrors = 500;

/** How long a check may take in all, in seconds. */
export function longestDuration({ tries, timeout, interval }: NetworkCheck): number {
  const count = tries ?? defaults.tries;
  return count * (timeout ?? defaults.timeout) + (count - 1) * (interval ?? defaults.interval);
}

/**
 * Makes the checks one after the other, each until it succeeds or its tries are used up.
 *
 * @throws AgentError `network-check-failed`, with what was tried and how it failed last
 */
export async function runNetworkChecks(
  host: Host,
  checks: readonly NetworkCheck[],
  surroundings: CheckSurroundings,
  log: Logger,
): Promise<void> {
  for (const [index, check] of checks.entries()) {
    await runCheck(host, check, surroundings, `network_checks[${index}]`, log);
  }
}

async function runCheck(
  host: Host,
  check: NetworkCheck,
  surroundings: CheckSurroundings,
  place: string,
  log: Logger,
): Promise<void> {
  const { tries = defaults.tries, timeout = defaults.timeout, interval = defaults.interval } = check;
  const { subject, attempt } = attemptOf(host, check, surroundings, timeout);
  const started = host.now().getTime();
  let fault = "";
  for (let count = 1; count <= tries; count++) {
    try {
      await attempt();
      log.info(`network check: ${subject} is reached`, { event: "finished", duration: secondsSince(host, started) });
      return;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      fault = error.message;
      log.debug(`network check: try ${count} of ${tries}: ${fault}`);
    }
    if (count < tries) await host.sleep(interval);
  }
  const spent = `${tries} ${tries === 1 ? "try" : "tries"} in ${Math.round(secondsSince(host, started))} s`;
  throw new AgentError("network-check-failed", `${place}: ${subject} is not reached after ${spent}: ${fault}`);
}

function secondsSince(host: Host, started: number): number {
  return (host.now().getTime() - started) / 1000;
}

interface Attempt {
  /** For people, without user information and query of a URL. */
  subject: string;
  attempt: () => Promise<void>;
}

function attemptOf(host: Host, check: NetworkCheck, surroundings: CheckSurroundings, timeout: number): Attempt {
  if (check.http !== undefined) {
    const url = check.http;
    return { subject: shownUrl(url), attempt: () => reachServer(host, url, surroundings, timeout) };
  }
  if (check.tcp !== undefined) {
    const { name, port } = endpoint(check.tcp);
    return { subject: check.tcp, attempt: () => host.connect(name, port, { timeout }) };
  }
  const name = check.dns ?? "";
  return { subject: name, attempt: async () => void (await host.lookup(name, { timeout })) };
}

async function reachServer(
  host: Host,
  url: string,
  { proxy, certificates = {}, noProxy }: CheckSurroundings,
  timeout: number,
): Promise<void> {
  const through = proxyFor(proxyVariables(proxy, noProxy), url);
  const options = { timeout, ...(through === undefined ? {} : { proxy: through }) };
  // Given by reference they come from Vault, which is reached later.
  const ca = Object.values(certificates)
    .filter((text) => !isReference(text))
    .join("\n");
  const { status } = await host.fetch(url, options).catch((error: unknown) => {
    // `ca` replaces the authorities of the system: a server that one of these vouches for needs the first try.
    if (ca === "" || !url.startsWith("https:") || !(error instanceof HostError)) throw error;
    return host.fetch(url, { ...options, ca });
  });
  if (status < serverErrors) return;
  throw new HostError("fetch-failed", shownUrl(url), `${shownUrl(url)} answers with status ${status}`);
}

function shownUrl(url: string): string {
  if (!URL.canParse(url)) return "the URL";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

/** `HOST:PORT`, where an IPv6 address stands in brackets. */
function endpoint(text: string): { name: string; port: number } {
  const colon = text.lastIndexOf(":");
  return { name: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}
