import { printable } from "../config/shown.ts";
import type { Logger } from "../log/logger.ts";
import { certificateAuthorities } from "./certificate-authorities.ts";
import { type CommandContext, runCommand } from "./command.ts";
import { Environment } from "./environment.ts";
import { askForHardware } from "./facts/ask-for-hardware.ts";
import { Files } from "./files.ts";
import type { Host } from "./host.ts";
import { httpFetch, lookUp, tcpConnect } from "./network.ts";
import { logChange, logTimed } from "./operation-log.ts";
import { rememberRoot } from "./root-of.ts";
import { urlSubject } from "./shown-command.ts";
import { Tree } from "./tree.ts";
import { rounded, sleepFor } from "./waiting.ts";

export interface HostOptions {
  /** Path of a target tree on the machine. Without it, or with `/`, the host is the machine itself. */
  root?: string;
  log: Logger;
  /** Aborted when the run is interrupted: commands are ended, requests and waiting stop. */
  signal?: AbortSignal;
  /** What commands inherit, see {@link Environment}. Hosts that are given the same object share what is set in it. */
  environment?: Environment | Readonly<Record<string, string | undefined>>;
  /** The argv that starts this program, which `facts()` asks for what the kernel does not tell. Without it: not asked. */
  ownProgram?: readonly string[] | undefined;
  /** Called when `run` started a program; what it returns is called when that has ended. */
  onRun?: ((pid: number) => () => void) | undefined;
}

/** The machine, or a target tree on it. @throws HostError where the tree is missing or no folder */
export function createHost({ log, signal, ...options }: HostOptions): Host {
  return createHosts(options)(log, signal);
}

/** What makes hosts of one machine or tree, each with its log and signal. @throws HostError as {@link createHost} */
export function createHosts(
  options: Omit<HostOptions, "log" | "signal">,
): (log: Logger, signal: AbortSignal | undefined) => Host {
  const { root, environment, ownProgram, onRun } = options;
  const tree = new Tree(root);
  const files = new Files(tree);
  const shared = environment instanceof Environment ? environment : new Environment(environment);
  return (log, signal) => hostOf({ tree, files, environment: shared, ownProgram, onRun }, log, signal);
}

interface Machine {
  tree: Tree;
  files: Files;
  environment: Environment;
  ownProgram: readonly string[] | undefined;
  onRun: HostOptions["onRun"];
}

function hostOf(machine: Machine, log: Logger, signal: AbortSignal | undefined): Host {
  const { tree, files, environment, ownProgram, onRun } = machine;
  const root = tree.isMachine ? undefined : tree.root;
  const commands: CommandContext = { root, environment, log, signal };
  const network = { signal, authorities: () => certificateAuthorities(files, tree.isMachine) };
  const host: Host = {
    readFile: async (path) => files.read(path)?.toString("utf8"),
    readBytes: async (path) => files.read(path),
    stat: async (path) => files.stat(path),
    list: async (path) => files.list(path),
    writeFile: async (path, content, how) => logChange(log, files.write(path, content, how), "", path),
    makeDirectory: async (path, how) => logChange(log, files.makeDirectory(path, how), "folder ", path),
    symlink: async (target, path) => logChange(log, files.symlink(target, path), "link ", path),
    remove: async (path) => {
      const removed = files.remove(path);
      if (removed) log.info(`removed ${printable(path)}`, { event: "removed", path });
      return removed;
    },
    query: (argv, how) => runCommand(commands, argv, how),
    run: (argv, how) => runCommand({ ...commands, onStart: onRun }, argv, how),
    fetch: (url, how) =>
      logTimed(log, httpFetch(network, url, how), ({ status }) => `fetched ${urlSubject(url)}: status ${status}`),
    connect: (name, port, how) =>
      logTimed(log, tcpConnect(signal, name, port, how), () => `connected to ${printable(name)} port ${port}`),
    lookup: (name, how) =>
      logTimed(log, lookUp(signal, name, how), (found) => `looked up ${printable(name)}: ${found.join(", ")}`),
    facts: async () => {
      if (!tree.isMachine) return undefined;
      const { readFacts } = await import(/* webpackMode: "eager" */ "./facts/read-facts.ts");
      return readFacts(host, ownProgram && (await askForHardware(host, ownProgram)));
    },
    setEnvironment: (name, value) => environment.set(name, value),
    sleep: (seconds) => {
      log.debug(`waits ${rounded(seconds)} s`, { event: "started" });
      return sleepFor(seconds, signal);
    },
    now: () => new Date(),
  };
  if (root !== undefined) rememberRoot(host, root);
  return host;
}
