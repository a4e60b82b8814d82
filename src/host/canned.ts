import { badExitCode, shownStderr } from "./command.ts";
import { HostError } from "./errors.ts";
import type { CommandOptions, CommandResult, FetchResponse } from "./host.ts";
import { urlSubject } from "./shown-command.ts";

/** What a command answers on a recording host. */
export interface CannedCommand {
  /** The very words, or a test of them. */
  argv: readonly string[] | ((argv: readonly string[]) => boolean);
  /** `argv` are only the first words. */
  prefix?: boolean;
  stdout?: string;
  stderr?: string;
  /** Default 0. */
  exitCode?: number;
  /** How often it answers, before a later one does. Default: always. */
  times?: number;
}

/** What a server answers on a recording host. */
export interface CannedResponse {
  /** The very URL, or a test of it. */
  url: string | RegExp;
  /** Default: any. */
  method?: string;
  /** Default 200. */
  status?: number;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** The request fails with this code instead. */
  failure?: "fetch-failed" | "fetch-timeout";
  /** How often it answers, before a later one does. Default: always. */
  times?: number;
}

/** Answers in order: the first that matches, and has not answered often enough, is taken. */
export class Canned<T extends { times?: number }> {
  readonly #left: { item: T; times: number }[];

  constructor(items: readonly T[] = []) {
    this.#left = items.map((item) => ({ item, times: item.times ?? Number.POSITIVE_INFINITY }));
  }

  take(matches: (item: T) => boolean): T | undefined {
    const found = this.#left.find(({ item, times }) => times > 0 && matches(item));
    if (found !== undefined) found.times--;
    return found?.item;
  }
}

export function matchesCommand({ argv: wanted, prefix }: CannedCommand, argv: readonly string[]): boolean {
  if (typeof wanted === "function") return wanted(argv);
  const hasLength = prefix ? wanted.length <= argv.length : wanted.length === argv.length;
  return hasLength && wanted.every((word, index) => word === argv[index]);
}

export function matchesRequest({ url: wanted, method }: CannedResponse, url: string, actualMethod: string): boolean {
  if (method !== undefined && method !== actualMethod) return false;
  return typeof wanted === "string" ? wanted === url : wanted.test(url);
}

/** @throws CommandError as the real host does */
export function commandResult(canned: CannedCommand, argv: readonly string[], options: CommandOptions): CommandResult {
  const { exitCode = 0, stdout = "", stderr = "" } = canned;
  if (!(options.okExitCodes ?? [0]).includes(exitCode)) {
    throw badExitCode(argv, exitCode, shownStderr(stderr, options));
  }
  return { exitCode, stdout: withoutNewline(stdout), stderr: withoutNewline(stderr), skipped: false };
}

/** @throws HostError as the real host does */
export function response(canned: CannedResponse, url: string): FetchResponse {
  const subject = urlSubject(url);
  if (canned.failure !== undefined) throw new HostError(canned.failure, subject, `cannot fetch ${subject}`);
  const headers = Object.entries(canned.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  return { status: canned.status ?? 200, headers: Object.fromEntries(headers), body: canned.body ?? "" };
}

function withoutNewline(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}
