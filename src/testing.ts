import { fileURLToPath } from "node:url";
import { readCloudInit } from "./agent/cloud-init.ts";
import type {
  BootConfiguration,
  CloudInit,
  Configuration,
  Contribution,
  Provided,
  RunnableParams,
  RunResult,
  Stage,
  Store,
  SystemSettings,
} from "./agent/contribution.ts";
import { currentRegistry, registered, withRegistry } from "./agent/registry.ts";
import { Runner, type RunnerOptions } from "./agent/runner.ts";
import { isStorePath, Stores, storeName, storePath } from "./agent/store.ts";
import { formatEntries, storedOwed, storedValue } from "./agent/store-format.ts";
import { AgentError } from "./config/agent-error.ts";
import { createHost } from "./host/create-host.ts";
import type { Host } from "./host/host.ts";
import { type CannedFile, type RecordingOptions, recordingHost, type Step } from "./host/recording-host.ts";
import type { VaultClient } from "./kit/references/vault-client.ts";
import { createLog } from "./log/log.ts";
import type { LogEvent, Logger } from "./log/logger.ts";
import { Redactor } from "./log/redactor.ts";

export type { CannedCommand, Step } from "./host/recording-host.ts";
export { recordingHost };

/** What a contribution is run with in a test. */
export interface ContributionTest {
  /** Default `run`. */
  stage?: Stage;
  /** The complete configuration; for the boot stage its boot part. */
  conf: Configuration | BootConfiguration;
  system?: SystemSettings;
  /** Files that the machine has, by path. Default: none. */
  files?: RecordingOptions["files"];
  /** What commands answer. A query that is not among them is a command that the machine does not have. */
  commands?: RecordingOptions["commands"];
  /** What servers answer. */
  responses?: RecordingOptions["responses"];
  /** Replaces what is read from `files` (os-release, cloud-init's instance data). */
  init?: Partial<CloudInit>;
  /** What earlier contributions provided. */
  provided?: Partial<Provided>;
  /** Short for `provided: { vault }`. */
  vault?: VaultClient;
  /** What earlier runs stored and owe, and whether some of it was lost. Default: nothing. */
  store?: StoredState;
  /** Folder of the contribution's templates, such as `new URL("../kanod/templates/", import.meta.url)`. */
  templates?: URL;
}

/** Durable state, see {@link Store}. */
export interface StoredState {
  values?: Readonly<Record<string, unknown>>;
  /** The data of what is owed, by key. */
  owed?: Readonly<Record<string, unknown>>;
  damaged?: boolean;
}

/** What a contribution did. */
export interface ContributionRun {
  state: RunResult["state"];
  /** What it threw, when it failed. */
  error?: unknown;
  /** Content of the files that it wrote, by path. */
  files: Record<string, string>;
  /** What the next run finds stored and owed. */
  store: { values: Record<string, unknown>; owed: Record<string, unknown> };
  /** Everything that it did, in order, secrets masked; without what it stored. */
  steps: readonly Step[];
  log: readonly LogEvent[];
  /** What it gave to later contributions. */
  provided: Parameters<RunnableParams["provide"]>[0];
}

/**
 * Runs one registered contribution against a recorded machine, in which nothing happens. Import the contribution's file
 * first, which registers it.
 *
 * @throws AgentError `no-contribution` when none of this name is registered
 */
export async function runContribution(name: string, test: ContributionTest): Promise<ContributionRun> {
  const stage = test.stage ?? "run";
  const contribution = registered(stage).find((candidate) => candidate.name === name);
  if (contribution === undefined) {
    const known = registered(stage).map((candidate) => `"${candidate.name}"`);
    throw new AgentError(
      "no-contribution",
      `no contribution "${name}" in the ${stage} stage, only ${known.join(", ")}`,
    );
  }
  const events: LogEvent[] = [];
  const sinks = [{ level: "debug" as const, write: (event: LogEvent) => void events.push(event) }];
  const log = createLog({ sinks, redactor: new Redactor(), now: () => new Date() });
  const { commands, responses } = test;
  const files = { ...test.files, ...storeFiles(contribution, test.store) };
  const host = recordingHost({ files, ...definedOnly({ commands, responses }), log });
  const templates = test.templates === undefined ? {} : { template: templatesOf(test.templates, log) };
  const registry = { ...currentRegistry(), ...templates };
  return withRegistry(registry, () => runRecorded(contribution, test, host, log, events));
}

async function runRecorded(
  contribution: Contribution,
  test: ContributionTest,
  host: ReturnType<typeof recordingHost>,
  log: Logger,
  events: LogEvent[],
): Promise<ContributionRun> {
  const provided: ContributionRun["provided"] = {};
  const code: Contribution["code"] = (params) => {
    const provide: typeof params.provide = (values) => void Object.assign(provided, values);
    return contribution.code({ ...params, provide });
  };
  const cloudInit = await readCloudInit(host, log);
  const stores = new Stores({ known: [], onStored: () => {} });
  const storeOf: RunnerOptions["store"] = (of, its, on = host) => stores.open(storeName(of), on, its);
  const runner = new Runner({
    contributions: [{ ...contribution, code }],
    conf: test.conf as Configuration,
    system: test.system ?? {},
    provided: { ...test.provided, ...definedOnly({ vault: test.vault }) },
    init: (its) => ({ ...cloudInit(its), ...test.init }),
    host: () => host,
    store: storeOf,
    log,
    signal: new AbortController().signal,
    skip: () => undefined,
    onChange: async () => {},
    onSuccess: async () => {},
  });
  const { result, failures } = await runner.run();
  const files = await writtenFiles(host);
  const error = failures[0] === undefined ? {} : { error: failures[0].error };
  const store = await storedIn(storeOf(contribution, log));
  const steps = host.steps.filter((step) => !("path" in step && isStorePath(step.path)));
  return { state: result.state, ...error, files, store, steps, log: events, provided };
}

function storeFiles(contribution: Contribution, stored: StoredState = {}): Record<string, CannedFile> {
  const path = storePath(storeName(contribution));
  const values = Object.entries(stored.values ?? {}).map(([key, value]) => [key, storedValue(key, value)] as const);
  const owed = Object.entries(stored.owed ?? {}).map(([key, data]) => [key, storedOwed(key, data)] as const);
  const text = formatEntries({ header: { version: 1 }, values: new Map(values), owed: new Map(owed), others: [] });
  return {
    ...(values.length + owed.length === 0 ? {} : { [path]: { content: text, mode: 0o600 } }),
    ...(stored.damaged === true ? { [`${path}.damaged-20260101T000000Z`]: { content: "", mode: 0o600 } } : {}),
  };
}

async function storedIn(store: Store): Promise<ContributionRun["store"]> {
  const values: Record<string, unknown> = {};
  for (const key of await store.keys()) values[key] = await store.get(key);
  return { values, owed: Object.fromEntries((await store.owed()).map(({ key, data }) => [key, data])) };
}

/** The content that a file has at the end, for each that was written and is still there. */
async function writtenFiles(host: ReturnType<typeof recordingHost>): Promise<Record<string, string>> {
  const paths = new Set(host.steps.flatMap((step) => (step.kind === "write" ? [step.path] : [])));
  const entries: [string, string][] = [];
  for (const path of paths) {
    if (isStorePath(path)) continue;
    const content = await host.readFile(path);
    if (content !== undefined) entries.push([path, content]);
  }
  return Object.fromEntries(entries);
}

function templatesOf(folder: URL, log: Logger): (name: string) => Promise<string | undefined> {
  const outside: Host = createHost({ log, environment: {} });
  return (name) => outside.readFile(fileURLToPath(new URL(name, folder)));
}

/** Without the properties that are undefined, which `exactOptionalPropertyTypes` tells from absent ones. */
function definedOnly<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
