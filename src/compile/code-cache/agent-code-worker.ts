// biome-ignore lint/style/noRestrictedImports: this file is a process of its own, which hands back a file
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
// biome-ignore lint/style/noRestrictedImports: as above
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { Script, type ScriptOptions } from "node:vm";
import type { CodeRequest } from "./agent-code.ts";

/**
 * Runs a program once for agent-code.ts, as the executable would, and keeps what V8 compiled for it. In a process of its
 * own, because the agent is the only one in its process and ends it, and the flags of V8 belong to a process. Its argument
 * is a file with a {@link CodeRequest}.
 */

type Modules = Readonly<Record<string, unknown>>;

const request = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as CodeRequest;
const scripts = new Map<string, Script>();
const asked = new Set<string>();

/**
 * What is turned off while the program runs. `flush-bytecode`: code that was not called for a while would be thrown away.
 * `sparkplug`: this compiler works beside the program and marks the functions that it has in hand, so that the code would
 * not be the same in every run.
 */
const flags = ["flush-bytecode", "sparkplug"];
const changeFlags = (prefix: "--" | "--no-"): void => {
  for (const flag of flags) setFlagsFromString(prefix + flag);
};

/** V8 refuses code that was made under other flags than it is used under. */
function underOwnFlags<T>(use: () => T): T {
  changeFlags("--");
  const result = use();
  changeFlags("--no-");
  return result;
}

const getRawAsset = (name: string): Buffer => readFileSync(request.assets[name] ?? "");

/** What the program makes of its assets. */
class RememberedScript {
  readonly #name: string;
  readonly #script: Script;

  constructor(text: string, options: ScriptOptions) {
    this.#name = options.filename ?? "";
    this.#script = underOwnFlags(() => new Script(text, options));
    scripts.set(this.#name, this.#script);
  }

  runInThisContext(): unknown {
    const value = this.#script.runInThisContext() as (...given: unknown[]) => Modules;
    return this.#name === request.asked?.asset ? (...given: unknown[]) => remembered(value(...given)) : value;
  }
}

function remembered(modules: Modules): Modules {
  return new Proxy(modules, {
    get: (_, number) => {
      if (Object.hasOwn(modules, number)) asked.add(String(number));
      return modules[String(number)];
    },
  });
}

/** A script that the run did not need: it keeps the code that it had. */
function unused(text: string, code: string): Script {
  const cachedData = request.assets[code] === undefined ? {} : { cachedData: getRawAsset(code) };
  return new Script(getRawAsset(text).toString(), { filename: text, ...cachedData });
}

const given: Modules = { "node:sea": { getRawAsset }, "node:vm": { Script: RememberedScript } };
const require = createRequire(import.meta.url);

changeFlags("--no-");
process.argv = ["node", ...request.argv];
process.on("exit", () => {
  for (const { text, code, file } of request.kept) {
    const made = underOwnFlags(() => (scripts.get(text) ?? unused(text, code)).createCachedData());
    writeFileSync(file, made);
  }
  if (request.asked !== undefined) writeFileSync(request.asked.file, JSON.stringify([...asked]));
});
new Function("require", "__dirname", readFileSync(request.program, "utf8"))(
  (name: string) => given[name] ?? require(name),
  "/",
);
