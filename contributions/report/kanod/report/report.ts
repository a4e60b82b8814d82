import type { ContributionRecord, FetchOptions, Host, RunResult } from "kanod-configure";
import { AgentError, distrustCode, HostError } from "kanod-configure";
import type { Inventory } from "./inventory.ts";

/** What is sent at the end of a run: contributions/report/report.schema.yaml describes it. */
export interface RunReport {
  version: 1;
  /** Host name of the machine. */
  name: string;
  instanceId?: string;
  result: RunResult["state"];
  /** ISO 8601, UTC. */
  started?: string;
  finished: string;
  /** In seconds, from the first contribution to the report. */
  duration?: number;
  /** The contribution that failed first. */
  failed?: { name: string; element: string; code: string };
  contributions: {
    name: string;
    element: string;
    priority: number;
    state: ContributionRecord["state"];
    /** In seconds. */
    duration?: number;
    /** Stable code of what went wrong. */
    error?: string;
  }[];
  /** SHA-256 of the files, in hexadecimal. */
  sha256: { agent?: string; schema?: string };
  inventory: Inventory;
}

/**
 * The report of a run. Of errors it has the codes: a message may come from a program that quotes what it was given, and
 * a report leaves the machine.
 */
export function runReport(
  machine: { name: string; instanceId: string | undefined },
  result: RunResult,
  now: Date,
  facts: Pick<RunReport, "sha256" | "inventory">,
): RunReport {
  const { contributions } = result;
  const started = contributions.find((record) => record.started !== undefined)?.started;
  const failed = contributions.find(({ state }) => state === "failed");
  return {
    version: 1,
    name: machine.name,
    ...(machine.instanceId === undefined ? {} : { instanceId: machine.instanceId }),
    result: result.state,
    ...(started === undefined ? {} : { started, duration: secondsBetween(started, now) }),
    finished: now.toISOString(),
    ...(failed === undefined
      ? {}
      : { failed: { name: failed.name, element: failed.element, code: failed.error?.code ?? "exception" } }),
    contributions: contributions.map(({ name, element, priority, state, duration, error }) => ({
      name,
      element,
      priority,
      state,
      ...(duration === undefined ? {} : { duration }),
      ...(error === undefined ? {} : { error: error.code }),
    })),
    ...facts,
  };
}

function secondsBetween(started: string, now: Date): number {
  return Math.max(0, now.getTime() - Date.parse(started)) / 1000;
}

const agentPath = "/usr/local/bin/kanod-configure";
const schemaPath = "/etc/kanod-configure/schema.yaml";

/** The hashes by which an image's agent and schema are known; of what is not there, none. */
export async function readHashes(host: Host): Promise<RunReport["sha256"]> {
  const hash = async (path: string): Promise<string | undefined> => {
    if ((await host.stat(path)) === undefined) return undefined;
    const { stdout } = await host.query(["sha256sum", path], { onTree: "chroot" });
    return /^\\?([0-9a-f]{64})\s/.exec(stdout)?.[1];
  };
  const agent = await hash(agentPath);
  const schema = await hash(schemaPath);
  return { ...(agent === undefined ? {} : { agent }), ...(schema === undefined ? {} : { schema }) };
}

/** In seconds: what is waited between tries. With 15 s for each try all of them together take less than 3 minutes. */
const pauses = [1, 2, 4, 8, 16, 32];
const tryTimeout = 15;

/**
 * Posts a report as JSON. A server that cannot be reached, is busy or fails is tried again; one that refuses, or that is
 * not trusted, is not.
 *
 * @throws AgentError `report-refused`; HostError when the server was not reached
 */
export async function sendReport(
  host: Host,
  url: string,
  report: RunReport,
  options: Pick<FetchOptions, "ca" | "proxy"> & { token?: string },
): Promise<void> {
  const { token, ...connection } = options;
  const request: FetchOptions = {
    ...connection,
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(report),
    timeout: tryTimeout,
  };
  for (const pause of [...pauses, undefined]) {
    const problem = await tryOnce(host, url, request);
    if (problem === undefined) return;
    if (pause === undefined || !problem.again) throw problem.error;
    await host.sleep(pause);
  }
}

async function tryOnce(
  host: Host,
  url: string,
  request: FetchOptions,
): Promise<{ error: AgentError; again: boolean } | undefined> {
  try {
    const { status } = await host.fetch(url, request);
    if (status >= 200 && status < 300) return undefined;
    const error = new AgentError("report-refused", `the server of the report answered with status ${status}`);
    return { error, again: status === 408 || status === 429 || status >= 500 };
  } catch (error) {
    if (error instanceof HostError) return { error, again: distrustCode(error) === undefined };
    throw error;
  }
}
