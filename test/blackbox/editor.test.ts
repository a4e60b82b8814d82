/** The schema in an editor: yaml-language-server, which editors run, over the Language Server Protocol. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { programFile } from "../support/compiled-agent.ts";

const serverFile = createRequire(import.meta.url).resolve("yaml-language-server/bin/yaml-language-server");

/** What a client of the protocol needs here: requests with their answers, and the server's notifications. */
class LanguageServer {
  readonly #process: ChildProcess;
  readonly #answers = new Map<number, (result: unknown) => void>();
  readonly #diagnostics = new Map<string, (found: Diagnostic[]) => void>();
  #received = Buffer.alloc(0);
  #next = 1;

  constructor() {
    this.#process = spawn(process.execPath, [serverFile, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
    this.#process.stdout?.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      for (let message = this.#take(); message !== undefined; message = this.#take()) this.#handle(message);
    });
  }

  request<T>(method: string, params: object): Promise<T> {
    const id = this.#next++;
    this.#send({ id, method, params });
    return new Promise((resolve) => this.#answers.set(id, resolve as (result: unknown) => void));
  }

  notify(method: string, params: object): void {
    this.#send({ method, params });
  }

  /** The next diagnostics of a document. */
  diagnostics(uri: string): Promise<Diagnostic[]> {
    return new Promise((resolve) => this.#diagnostics.set(uri, resolve));
  }

  async end(): Promise<void> {
    this.#process.kill();
    await once(this.#process, "exit");
  }

  #send(message: object): void {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#process.stdin?.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  #take(): Message | undefined {
    const head = this.#received.indexOf("\r\n\r\n");
    const [, length] = /Content-Length: (\d+)/.exec(this.#received.subarray(0, Math.max(head, 0)).toString()) ?? [];
    const end = head + 4 + Number(length);
    if (length === undefined || this.#received.length < end) return undefined;
    const message = JSON.parse(this.#received.subarray(head + 4, end).toString()) as Message;
    this.#received = this.#received.subarray(end);
    return message;
  }

  #handle({ id, method, params, result }: Message): void {
    if (method === "textDocument/publishDiagnostics") {
      this.#diagnostics.get(params?.uri ?? "")?.(params?.diagnostics ?? []);
    } else if (method !== undefined && id !== undefined) {
      // A question of the server, such as for settings: there are none.
      this.#send({ id, result: method === "workspace/configuration" ? [{}, {}, {}, {}, {}] : null });
    } else if (id !== undefined) {
      this.#answers.get(id)?.(result);
    }
  }
}

interface Message {
  id?: number;
  method?: string;
  params?: { uri?: string; diagnostics?: Diagnostic[] };
  result?: unknown;
}

interface Diagnostic {
  message: string;
  range: { start: { line: number; character: number } };
}

let folder = "";
let server: LanguageServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kanod-editor-"));
  const schema = execFileSync(programFile, ["schema", "--format", "json"], { maxBuffer: 2 ** 26 });
  writeFileSync(join(folder, "kanod-schema.json"), schema);
  server = new LanguageServer();
  const capabilities = { textDocument: { hover: { contentFormat: ["markdown"] } } };
  await server.request("initialize", { processId: null, rootUri: pathToFileURL(folder).href, capabilities });
  server.notify("initialized", {});
});
afterAll(async () => {
  await server.end();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens a document with the comment that docs/offline.md tells of; the first line of `lines` is line 1. */
async function open(name: string, lines: readonly string[]): Promise<{ uri: string; found: Diagnostic[] }> {
  const uri = pathToFileURL(join(folder, name)).href;
  const text = ["# yaml-language-server: $schema=kanod-schema.json", ...lines, ""].join("\n");
  const found = server.diagnostics(uri);
  server.notify("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text } });
  return { uri, found: await found };
}

async function completion(uri: string, line: number, character: number): Promise<string[]> {
  const textDocument = { uri };
  const { items } = await server.request<{ items: { label: string }[] }>("textDocument/completion", {
    textDocument,
    position: { line, character },
  });
  return items.map(({ label }) => label);
}

test("mistakes are marked where they are", async () => {
  const { found } = await open("wrong.yaml", ["name: node1", "network:", "  version: 3", "ntpp: {}"]);
  const places = found.map(({ message, range: { start } }) => `${start.line}:${start.character} ${message}`);
  expect(places).toEqual([
    expect.stringMatching(/^3:11 Value is not accepted/),
    expect.stringMatching(/^4:0 Property ntpp is not allowed/),
  ]);
});

test("a configuration that is right has none", async () => {
  const { found } = await open("right.yaml", [
    "name: node1",
    "network:",
    "  version: 2",
    "  ethernets:",
    "    eth0: {dhcp4: true}",
    "ntp: {servers: [ntp.example.org]}",
    "boot: {kernel: {add: [quiet]}}",
  ]);
  expect(found).toEqual([]);
});

test("keys and values are completed", async () => {
  const { uri } = await open("started.yaml", ["name: node1", "nt"]);
  expect(await completion(uri, 2, 2)).toEqual(expect.arrayContaining(["ntp", "network_checks", "vault"]));
  const deep = ["name: node1", "network:", "  version: 2", "  ethernets:", "    eth0:", "      dhc"];
  const { uri: nested } = await open("nested.yaml", deep);
  expect(await completion(nested, 6, 9)).toEqual(expect.arrayContaining(["dhcp4", "dhcp6", "addresses"]));
  const { uri: choice } = await open("choice.yaml", ["name: node1", "boot:", "  partitions:", "    - filesystem: "]);
  expect(await completion(choice, 4, 18)).toEqual(["ext4", "xfs", "btrfs", "vfat", "swap", "none"]);
});

test("a key is explained", async () => {
  const { uri } = await open("hovered.yaml", ["name: node1", "vault:", "  url: https://vault.example.org"]);
  const { contents } = await server.request<{ contents: { value: string } }>("textDocument/hover", {
    textDocument: { uri },
    position: { line: 1, character: 1 },
  });
  expect(contents.value.replace(/\s+/g, " ")).toContain("Host name of the machine");
});
