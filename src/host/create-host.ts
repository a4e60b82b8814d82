import type { Logger } from "../log/logger.ts";
import { stopwatch } from "../log/stopwatch.ts";
import { certificateAuthorities } from "./certificate-authorities.ts";
import { type CommandContext, runCommand } from "./command.ts";
import { Environment } from "./environment.ts";
import { Files } from "./files.ts";
import type { Change, Host } from "./host.ts";
import { httpFetch, lookUp, tcpConnect } from "./network.ts";
import { printable, urlSubject } from "./printable.ts";
import { rememberRoot } from "./root-of.ts";
import { Tree } from "./tree.ts";
import { sleepFor } from "./waiting.ts";

export interface HostOptions {
  /** Path of a target tree on the machine. Without it, or with `/`, the host is the machine itself. */
  root?: string;
  log: Logger;
  /** Aborted when the run is interrupted: commands are ended, requests and waiting stop. */
  signal?: AbortSignal;
  /** What commands inherit, see {@link Environment}. Hosts that are given the same object share what is set in it. */
  environment?: Environment | Readonly<Record<string, string | undefined>>;
}

/** The machine, or a target tree on it. @throws HostError where the tree is missing or no folder */
export function createHost(options: HostOptions): Host {
  const { log, signal } = options;
  const tree = new Tree(options.root);
  const files = new Files(tree);
  const { environment: given } = options;
  const environment = given instanceof Environment ? given : new Environment(given);
  const root = tree.isMachine ? undefined : tree.root;
  const commands: CommandContext = { root, environment, log, signal };
  const network = { signal, authorities: () => certificateAuthorities(files) };
  const logged = (change: Change, what: string, path: string): Change => {
    const message = `${change === "same" ? "left as it was" : change} ${what}${printable(path)}`;
    if (change === "same") log.debug(message, { event: change, path });
    else log.info(message, { event: change, path });
    return change;
  };
  const host: Host = {
    readFile: async (path) => files.read(path)?.toString("utf8"),
    readBytes: async (path) => files.read(path),
    stat: async (path) => files.stat(path),
    list: async (path) => files.list(path),
    writeFile: async (path, content, how) => logged(files.write(path, content, how), "", path),
    makeDirectory: async (path, how) => logged(files.makeDirectory(path, how), "folder ", path),
    symlink: async (target, path) => logged(files.symlink(target, path), "link ", path),
    remove: async (path) => {
      const removed = files.remove(path);
      if (removed) log.info(`removed ${printable(path)}`, { event: "removed", path });
      return removed;
    },
    query: (argv, how) => runCommand(commands, argv, how),
    run: (argv, how) => runCommand(commands, argv, how),
    fetch: async (url, how) => {
      const elapsed = stopwatch();
      const response = await httpFetch(network, url, how);
      log.info(`fetched ${urlSubject(url)}: status ${response.status}`, { event: "finished", duration: elapsed() });
      return response;
    },
    connect: (host, port, how) => tcpConnect(signal, host, port, how),
    lookup: (name, how) => lookUp(signal, name, how),
    setEnvironment: (name, value) => environment.set(name, value),
    sleep: (seconds) => sleepFor(seconds, signal),
    now: () => new Date(),
  };
  if (root !== undefined) rememberRoot(host, root);
  return host;
}
