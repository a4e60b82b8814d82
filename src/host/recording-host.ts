import { printable } from "../config/shown.ts";
import type { LogFields, Logger } from "../log/logger.ts";
import { mask } from "../log/redactor.ts";
import {
  Canned,
  type CannedCommand,
  type CannedResponse,
  commandResult,
  matchesCommand,
  matchesRequest,
  response,
} from "./canned.ts";
import { commandOnTree, notInstalled, requireCommand, skippedResult } from "./command.ts";
import { requireVariable } from "./environment.ts";
import { HostError } from "./errors.ts";
import type { Facts } from "./facts/facts.ts";
import { refusal } from "./file-error.ts";
import type {
  Change,
  CommandOptions,
  CommandResult,
  FetchOptions,
  FetchResponse,
  FileStatus,
  Host,
  NetworkOptions,
  Ownership,
  WriteOptions,
} from "./host.ts";
import { Overlay } from "./overlay.ts";
import { endsWithName } from "./path.ts";
import { rootOf } from "./root-of.ts";
import { printableCommand, urlSubject } from "./shown-command.ts";
import type { Step } from "./step.ts";
import { rounded } from "./waiting.ts";

export type { CannedCommand, CannedResponse } from "./canned.ts";
export type { Step } from "./step.ts";

export interface RecordingOptions {
  /** What reads and queries fall through to. Without it: an empty tree, where no command is installed. */
  base?: Host;
  /** What the machine has besides, by path. A text stands for a file of mode 0644. */
  files?: Readonly<Record<string, string | CannedFile>>;
  /** What commands answer; the first that matches counts. Other queries go to the base, other runs do nothing. */
  commands?: readonly CannedCommand[];
  /** What servers answer; the first that matches counts. */
  responses?: readonly CannedResponse[];
  /** Throws, or returns false, where nobody listens. Without it every connection succeeds. */
  connections?: (host: string, port: number) => boolean;
  /** The addresses of names; undefined for one that there is not. Without it every look-up gives an empty list. */
  addresses?: (name: string) => readonly string[] | undefined;
  /** The hardware. Without it: that of the base. */
  facts?: Facts;
  now?: () => Date;
  log?: Logger;
}

export type CannedFile =
  | { content: string; mode?: number; owner?: { uid: number; gid: number } }
  | { link: string }
  | { directory: true; mode?: number; owner?: { uid: number; gid: number } };

export type RecordingHost = Host & { readonly steps: readonly Step[] };

/**
 * A host that changes nothing: what it is asked to do becomes {@link Step}s, and later reads see it as if it were done.
 * It stands behind `plan`, `--dry-run` and the tests of contributions. Waiting takes no time, but its clock goes on.
 */
export function recordingHost(options: RecordingOptions = {}): RecordingHost {
  return new Recording(options);
}

class Recording implements Host {
  readonly steps: Step[] = [];
  readonly #options: RecordingOptions;
  readonly #overlay: Overlay;
  readonly #root: string | undefined;
  readonly #commands: Canned<CannedCommand>;
  readonly #responses: Canned<CannedResponse>;
  #slept = 0;
  /** Operations are done one after the other, as on a machine. */
  #last: Promise<unknown>;

  constructor(options: RecordingOptions) {
    this.#options = options;
    this.#overlay = new Overlay(options.base);
    this.#commands = new Canned(options.commands);
    this.#responses = new Canned(options.responses);
    this.#root = options.base === undefined ? undefined : rootOf(options.base);
    this.#last = this.#placeFiles(options.files ?? {});
    // Whoever uses the host first gets the error.
    this.#last.catch(() => {});
  }

  async readFile(path: string): Promise<string | undefined> {
    return (await this.readBytes(path))?.toString("utf8");
  }

  readBytes(path: string): Promise<Buffer | undefined> {
    return this.#inTurn(async () => {
      const place = await this.#overlay.resolve("read", path, { follow: true });
      const status = place === undefined ? undefined : await this.#overlay.status(place);
      if (place === undefined || status === undefined) return undefined;
      if (status.kind !== "file") throw refusal("not-a-file", "read", path, `it is a ${status.kind}`);
      return (await this.#overlay.file(place))?.content;
    });
  }

  stat(path: string): Promise<FileStatus | undefined> {
    return this.#inTurn(async () => {
      const place = await this.#overlay.resolve("look at", path, { follow: false });
      return place === undefined ? undefined : this.#overlay.status(place);
    });
  }

  list(path: string): Promise<string[] | undefined> {
    return this.#inTurn(async () => {
      const place = await this.#overlay.resolve("list", path, { follow: true });
      const status = place === undefined ? undefined : await this.#overlay.status(place);
      if (place === undefined || status === undefined) return undefined;
      if (status.kind !== "directory") throw refusal("not-a-folder", "list", path, `it is a ${status.kind}`);
      return this.#overlay.names(place);
    });
  }

  writeFile(path: string, content: string | Uint8Array, options: WriteOptions = {}): Promise<Change> {
    return this.#inTurn(() => this.#write(path, Buffer.from(content), options, true));
  }

  makeDirectory(path: string, options: Ownership = {}): Promise<Change> {
    return this.#inTurn(() => this.#makeFolder(path, options, true));
  }

  symlink(target: string, path: string): Promise<Change> {
    return this.#inTurn(() => this.#link(target, path, true));
  }

  remove(path: string): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!endsWithName(path)) throw refusal("bad-path", "remove", path, "it does not end with a name");
      const place = await this.#overlay.resolve("remove", path, { follow: false });
      if (place === undefined || (await this.#overlay.status(place)) === undefined) return false;
      this.#overlay.remove(place);
      this.#record({ kind: "remove", path }, `would remove ${path}`, { path });
      return true;
    });
  }

  query(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.#inTurn(async () => {
      requireCommand(argv);
      const canned = this.#commands.take((command) => matchesCommand(command, argv));
      if (canned !== undefined) return commandResult(canned, argv, options);
      if (this.#options.base !== undefined) return this.#options.base.query(argv, options);
      throw notInstalled(argv);
    });
  }

  run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.#inTurn(async () => {
      requireCommand(argv);
      const actual = this.#root === undefined ? argv : commandOnTree(this.#root, argv, options.onTree);
      const secret = options.secret === true;
      const { input, why } = options;
      const shown = input === undefined ? undefined : secret ? mask : textOf(Buffer.from(input));
      const step = { argv: actual ?? argv, why, input: shown, secret, skipped: actual === undefined };
      this.#record({ kind: "run", ...step }, `would run ${printableCommand(step.argv)}`, { argv: step.argv });
      const canned = this.#commands.take((command) => matchesCommand(command, argv));
      return canned === undefined ? skippedResult : commandResult(canned, argv, options);
    });
  }

  fetch(url: string, options: FetchOptions = {}): Promise<FetchResponse> {
    return this.#inTurn(async () => {
      const method = options.method ?? "GET";
      const subject = urlSubject(url);
      this.#record({ kind: "fetch", method, url: subject }, `would fetch ${subject}`);
      const canned = this.#responses.take((candidate) => matchesRequest(candidate, url, method));
      if (canned !== undefined) return response(canned, url);
      if (options.query && this.#options.base !== undefined) return this.#options.base.fetch(url, options);
      return { status: 200, headers: {}, body: "", skipped: true };
    });
  }

  connect(host: string, port: number, _options?: NetworkOptions): Promise<void> {
    return this.#inTurn(async () => {
      this.#record({ kind: "connect", host, port }, `would connect to ${host} port ${port}`);
      if (this.#options.connections?.(host, port) !== false) return;
      throw new HostError("connect-failed", `${host}:${port}`, `cannot connect to ${host}:${port}`);
    });
  }

  lookup(name: string, _options?: NetworkOptions): Promise<string[]> {
    return this.#inTurn(async () => {
      this.#record({ kind: "lookup", name }, `would look up ${name}`);
      const { addresses } = this.#options;
      if (addresses === undefined) return [];
      const found = addresses(name);
      if (found !== undefined) return [...found];
      throw new HostError("lookup-failed", name, `cannot look up ${name}`);
    });
  }

  async facts(): Promise<Facts | undefined> {
    return this.#options.facts ?? this.#options.base?.facts();
  }

  setEnvironment(name: string, value: string | undefined): void {
    requireVariable(name, value);
    const shown = value?.replace(/(:\/\/)[^/@\s]+@/g, `$1${mask}@`);
    this.#record({ kind: "environment", name, value: shown }, `would set ${name} for commands`);
  }

  async sleep(seconds: number): Promise<void> {
    this.#slept += seconds;
    this.#record({ kind: "sleep", seconds }, `would wait ${rounded(seconds)} s`);
  }

  now(): Date {
    const now = this.#options.now?.() ?? this.#options.base?.now() ?? new Date();
    return new Date(now.getTime() + this.#slept * 1000);
  }

  async #write(path: string, bytes: Buffer, options: WriteOptions, recorded: boolean): Promise<Change> {
    const place = await this.#overlay.resolve("write", path, { follow: true, make: true });
    const status = place === undefined ? undefined : await this.#overlay.status(place);
    if (place === undefined || (status !== undefined && status.kind !== "file")) {
      throw refusal("not-a-file", "write", path, `it is a ${status?.kind ?? "directory"}`);
    }
    const before = await this.#overlay.file(place);
    const mode = options.mode ?? (options.secret ? 0o600 : (before?.mode ?? 0o644));
    const owner = options.owner ?? before?.owner ?? { uid: 0, gid: 0 };
    const isRight = before?.mode === mode && before.owner.uid === owner.uid && before.owner.gid === owner.gid;
    if (isRight && before.content.equals(bytes)) return "same";
    const secret = options.secret === true;
    this.#overlay.setFile(place, { content: bytes, mode, owner, secret: secret || (mode & 0o004) === 0 });
    const change = before === undefined ? "created" : "changed";
    if (!recorded) return change;
    const content = secret ? mask : textOf(bytes);
    const previous = before === undefined ? undefined : secret || before.secret ? mask : textOf(before.content);
    const step = { path, change, content, previous, mode, owner, secret } as const;
    this.#record({ kind: "write", ...step }, `would write ${path}`, { path });
    return change;
  }

  async #makeFolder(path: string, options: Ownership, recorded: boolean): Promise<Change> {
    const action = "make the folder";
    const place = (await this.#overlay.resolve(action, path, { follow: true, make: true })) ?? "/";
    const status = await this.#overlay.status(place);
    if (status !== undefined && status.kind !== "directory") {
      throw refusal("not-a-folder", action, path, `it is a ${status.kind}`);
    }
    const change = await this.#overlay.setFolder(place, options);
    const after = await this.#overlay.status(place);
    if (!recorded || change === "same" || after === undefined) return change;
    const step = { path, change, mode: after.mode, owner: { uid: after.uid, gid: after.gid } };
    this.#record({ kind: "directory", ...step }, `would make the folder ${path}`, { path });
    return change;
  }

  async #link(target: string, path: string, recorded: boolean): Promise<Change> {
    const action = "make the link";
    if (target === "" || target.includes("\0")) throw refusal("bad-path", action, path, "its target is no path");
    const place = (await this.#overlay.resolve(action, path, { follow: false, make: true })) ?? "/";
    const status = await this.#overlay.status(place);
    if (status?.kind === "directory") throw refusal("not-a-file", action, path, "it is a directory");
    if (status?.target === target) return "same";
    this.#overlay.setLink(place, target);
    const change = status === undefined ? "created" : "changed";
    if (recorded) this.#record({ kind: "symlink", path, change, target }, `would make the link ${path}`, { path });
    return change;
  }

  async #placeFiles(files: Readonly<Record<string, string | CannedFile>>): Promise<void> {
    for (const [path, file] of Object.entries(files)) {
      if (typeof file === "string") await this.#write(path, Buffer.from(file), { mode: 0o644 }, false);
      else if ("content" in file) await this.#write(path, Buffer.from(file.content), file, false);
      else if ("link" in file) await this.#link(file.link, path, false);
      else await this.#makeFolder(path, file, false);
    }
  }

  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(operation);
    this.#last = Promise.allSettled([turn]);
    return turn;
  }

  #record(step: Step, message: string, fields: LogFields = {}): void {
    this.steps.push(step);
    this.#options.log?.debug(printable(message), { event: "planned", ...fields });
  }
}

/** Text as it is; of other content only how much there is. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : `(${bytes.length} bytes that are no text)`;
}
