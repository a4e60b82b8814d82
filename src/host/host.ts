import type { Facts } from "./facts/facts.ts";

/**
 * The one door to the machine. Contributions, services and the agent change the machine only through a `Host`; which
 * form they hold (real, rooted or recording) they cannot tell.
 */
export interface Host {
  /** The text of a file (UTF-8), or undefined where there is none. A folder, or a file that may not be read, throws. */
  readFile(path: string): Promise<string | undefined>;
  /** The bytes of a file, see {@link readFile}. */
  readBytes(path: string): Promise<Uint8Array | undefined>;
  /** What stands at the path itself (a link is not followed), or undefined where nothing does. */
  stat(path: string): Promise<FileStatus | undefined>;
  /** Sorted names in a folder, or undefined where there is none. */
  list(path: string): Promise<string[] | undefined>;
  /**
   * Replaces a file's content atomically (temporary file, fsync, rename, fsync of the folder); missing parent folders
   * are made (0755). A link is written through, as by a shell's redirection. Mode and owner of what is replaced are
   * kept unless given; a new file has mode 0644. Nothing is touched when content, mode and owner are already right.
   */
  writeFile(path: string, content: string | Uint8Array, options?: WriteOptions): Promise<Change>;
  /** Makes a folder and its missing parents (0755). A given mode and owner are put right also where it exists. */
  makeDirectory(path: string, options?: Ownership): Promise<Change>;
  /** Makes a symbolic link at `path`, replacing atomically a file or link that stands there. */
  symlink(target: string, path: string): Promise<Change>;
  /** Removes a file, a link (not what it points to) or a folder with all in it. False where there was nothing. */
  remove(path: string): Promise<boolean>;
  /** Runs a command that changes nothing. A plan runs it too. @throws CommandError, {@link HostError} */
  query(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Runs a command that may change the machine. A plan records it. @throws CommandError, {@link HostError} */
  run(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** One HTTP request (no redirect is followed). @throws HostError with code `fetch-failed` or `fetch-timeout` */
  fetch(url: string, options?: FetchOptions): Promise<FetchResponse>;
  /**
   * Opens a TCP connection and closes it again. `host` is a name or an address, `port` 1 to 65535. A plan records it and
   * takes it for a success. @throws HostError with code `connect-failed` or `connect-timeout`
   */
  connect(host: string, port: number, options?: NetworkOptions): Promise<void>;
  /**
   * The addresses of a name as programs of this machine see them: getaddrinfo(3), which obeys nsswitch.conf and hosts(5)
   * and reads resolv.conf(5) afresh. Never empty, but in a plan, which records the look-up and does not make it.
   * @throws HostError with code `lookup-failed` or `lookup-timeout`
   */
  lookup(name: string, options?: NetworkOptions): Promise<string[]>;
  /**
   * The hardware: system, firmware, processors, memory, disks, network interfaces. Undefined on a target tree, which may
   * be for any machine.
   */
  facts(): Promise<Facts | undefined>;
  /** Sets, or with undefined unsets, a variable in the environment of the commands that are run from now on. */
  setEnvironment(name: string, value: string | undefined): void;
  /** Waits. `seconds` >= 0. */
  sleep(seconds: number): Promise<void>;
  now(): Date;
}

/** What a call did to a path. */
export type Change = "created" | "changed" | "same";

export interface FileStatus {
  kind: "file" | "directory" | "symlink" | "other";
  /** Permission bits, such as 0o644. */
  mode: number;
  uid: number;
  gid: number;
  /** In bytes. */
  size: number;
  /** What a link points to, as written in it. */
  target?: string;
}

export interface Ownership {
  /** Permission bits, such as 0o600. */
  mode?: number;
  owner?: { uid: number; gid: number };
}

export interface WriteOptions extends Ownership {
  /** The content is a secret: plans and logs mask it. Without a `mode` the file gets 0600. */
  secret?: boolean;
  /** `false`: without fsync, for what must survive that the agent is killed, but not a power failure. Default `true`. */
  durable?: boolean;
}

/**
 * What a command does on a target tree (`--root`): `chroot` runs it in there, `skip` leaves it out and says so, a
 * function gives the argv that works on the tree from outside (`root` is the tree's path on the host).
 */
export type OnTree = "chroot" | "skip" | ((root: string) => readonly string[]);

export interface CommandOptions {
  /** Standard input; without it the command gets an empty one. */
  input?: string | Uint8Array;
  /** Exit codes that are no failure. Default: only 0. */
  okExitCodes?: readonly number[];
  /** In seconds, default 120. When it is over the whole process group is ended. */
  timeout?: number;
  /** Input and output hold secrets: they are neither logged nor put into an error. Secrets never belong in argv. */
  secret?: boolean;
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>;
  /** Default `skip`. */
  onTree?: OnTree;
  /** Why it is run, for plan and log: "make the new certificates known". */
  why?: string;
}

export interface CommandResult {
  exitCode: number;
  /** At most 16 MiB, without the trailing newline. */
  stdout: string;
  stderr: string;
  /** It was not run: left out on a target tree, or recorded in a plan. The rest is then empty, exit code 0. */
  skipped: boolean;
}

export interface FetchOptions {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  /** For the whole exchange, in seconds, default 30. */
  timeout?: number;
  /** Certificate authorities (PEM) to check the server against instead of the system's. */
  ca?: string;
  /** URL of a proxy to go through, with its credentials. Without it the environment is not asked: there is none. */
  proxy?: string;
  /** An answer longer than this is refused. In bytes, default 16 MiB. */
  maxBytes?: number;
  /** A GET or HEAD that only looks may be made in a plan too. Default false. */
  query?: boolean;
}

export interface NetworkOptions {
  /** In seconds, default 10. */
  timeout?: number;
}

export interface FetchResponse {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: string;
  /** The request was not made: a plan recorded it. The rest is then status 200 and an empty body. */
  skipped?: boolean;
}
