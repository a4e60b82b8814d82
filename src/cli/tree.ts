import { resolve } from "node:path";
import { createHost } from "../host/create-host.ts";
import type { Host } from "../host/host.ts";
import { createLog, formatText } from "../log/log.ts";
import type { Logger } from "../log/logger.ts";
import { Redactor } from "../log/redactor.ts";
import { usageError } from "./command-line.ts";
import type { CliIo } from "./io.ts";

/** The host of a command that only looks at a machine or a tree; its warnings go to standard error. */
export function quietHost(io: CliIo, root: string | undefined): { host: Host; log: Logger } {
  const write = (event: Parameters<typeof formatText>[0]): void => io.err(`${formatText(event)}\n`);
  const log = createLog({ sinks: [{ level: "warn", write }], redactor: new Redactor(), now: () => new Date() });
  const { environment, ownProgram } = io;
  return { host: createHost({ ...rootFolder(io, root), log, environment: { ...environment }, ownProgram }), log };
}

/** The absolute path of `--root`; nothing for the machine itself. */
export function rootFolder(io: CliIo, root: string | undefined): { root?: string } {
  if (root === undefined) return {};
  if (root === "") throw usageError("bad-root", "--root needs a folder");
  return { root: resolve(io.workingDirectory, root) };
}

/** The machine itself, for files that options name. */
export function outsideHost(io: CliIo): Host {
  return quietHost(io, undefined).host;
}

/** @throws AgentError `bad-root` when `--root` is no folder */
export async function checkRoot(io: CliIo, root: string | undefined): Promise<void> {
  if (root === undefined) return;
  const names = await outsideHost(io)
    .list(root)
    .catch(() => undefined);
  if (names === undefined) throw usageError("bad-root", `--root ${root}: no such folder`);
}
