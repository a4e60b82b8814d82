import type { CloudInit, Contribution } from "../../src/agent/contribution.ts";
import { Runner, type RunnerOptions } from "../../src/agent/runner.ts";
import { type DurableStore, Stores, storeName } from "../../src/agent/store.ts";
import type { Host } from "../../src/host/host.ts";
import { recordingHost } from "../../src/host/recording-host.ts";
import { createLog } from "../../src/log/log.ts";
import type { LogEvent, Logger } from "../../src/log/logger.ts";
import { Redactor } from "../../src/log/redactor.ts";

/** A log whose events can be looked at. */
export function memoryLog(): { log: Logger; events: LogEvent[] } {
  const events: LogEvent[] = [];
  const sinks = [{ level: "debug" as const, write: (event: LogEvent) => void events.push(event) }];
  return { log: createLog({ sinks, redactor: new Redactor(), now: () => new Date() }), events };
}

/** A contribution as the registry holds it. */
export function contribution(
  name: string,
  code: Contribution["code"],
  given: Partial<Contribution> = {},
): Contribution {
  return { stage: "run", name, priority: 100, element: "test", file: "kanod/test.ts", code, options: {}, ...given };
}

/** A store as a new run finds it on `host`. */
export function storeOn(host: Host, log: Logger = memoryLog().log): DurableStore {
  return new Stores({ known: [], onStored: () => {} }).open("test", host, log);
}

export const noCloudInit: CloudInit = {
  instanceData: {},
  instanceId: undefined,
  distro: { id: "linux", like: [], version: "", name: "Linux" },
  module: async () => {},
};

/** A runner of the given contributions on an empty recorded machine. */
export function runner(contributions: readonly Contribution[], given: Partial<RunnerOptions> = {}): Runner {
  const host = recordingHost({});
  const stores = new Stores({ known: [], onStored: () => {} });
  return new Runner({
    contributions,
    conf: { name: "test" },
    system: {},
    init: () => noCloudInit,
    host: () => host,
    store: (of, log, on = host) => stores.open(storeName(of), on, log),
    log: memoryLog().log,
    signal: new AbortController().signal,
    skip: () => undefined,
    onChange: async () => {},
    onSuccess: async () => {},
    ...given,
  });
}
