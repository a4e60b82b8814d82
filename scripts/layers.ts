/**
 * The layers of the source tree, and the lint rules that enforce them. `npm run layers` writes `biome.layers.json` from
 * this table; `npm run check` compares it.
 */
import { writeFileSync } from "node:fs";

/** Which layers of `src` the code of a layer may import. All may import themselves. */
const mayKnow = {
  config: [],
  jinja: [],
  log: ["config"],
  host: ["log", "config"],
  agent: ["log", "config", "host"],
  kit: ["log", "config", "jinja", "host", "agent"],
  "user-data": ["config"],
  report: ["config"],
  compile: ["config", "jinja", "user-data", "report"],
  image: ["config", "jinja", "user-data", "report", "compile"],
} as const satisfies Record<string, readonly string[]>;

/** Everything below `src` that is not an entry point. `cli` may import all of them; nothing may import `cli`. */
const layers = [...Object.keys(mayKnow), "cli"];

/** Modules that reach for files, processes or sockets, also without the prefix `node:`. */
const machineModules = [
  ...["fs", "fs/promises", "child_process", "net", "dgram", "tls", "http", "https", "dns", "dns/promises"],
  "worker_threads",
].flatMap((name) => [`node:${name}`, name]);
const throughHost = "Only src/host may reach for the machine: use the Host interface.";
const processOnly = "Only src/cli and src/log may know the process.";
/** Layers that may use the machine's modules, or the process and the console. */
const ownsMachine = new Set(["host"]);
const ownsProcess = new Set(["log", "cli"]);

interface Restriction {
  includes: readonly string[];
  /** Import paths that are refused, and why. */
  patterns: readonly { group: readonly string[]; message: string }[];
  machine: boolean;
  /** Why `process` and `console` are refused; undefined where they may be used. */
  process?: { process: string; console: string } | undefined;
}

function restrictions(): Restriction[] {
  const ofLayers = layers.map((layer): Restriction => {
    const known: readonly string[] = mayKnow[layer as keyof typeof mayKnow] ?? layers;
    const refused = layers.filter((other) => other !== layer && !known.includes(other));
    const message = `src/${layer} may import only: ${known.join(", ") || "nothing else of src"} (scripts/layers.ts).`;
    const elements = ["**/contributions/**", "**/packaging/**"];
    const group = [...refused.map((other) => `**/${other}/**`), ...elements];
    return {
      includes: [`src/${layer}/**`],
      patterns: [{ group, message }],
      machine: !ownsMachine.has(layer),
      process: ownsProcess.has(layer)
        ? undefined
        : { process: processOnly, console: "Write to the log, or return text to src/cli." },
    };
  });
  const message = "A contribution imports its own files and kanod-configure: what elements share is in src/kit.";
  const ofElements: Restriction = {
    includes: ["contributions/*/kanod/**", "packaging/**/kanod/**"],
    patterns: [{ group: ["**/kanod/**", "**/src/**"], message }],
    machine: true,
    process: { process: "A contribution knows the machine only through its parameters.", console: "Use params.log." },
  };
  return [...ofLayers, ofElements];
}

function override({ includes, patterns, machine, process }: Restriction): object {
  const paths = {
    ...(machine ? Object.fromEntries([...machineModules, "execa"].map((name) => [name, throughHost])) : {}),
    ...(process === undefined ? {} : { "node:process": process.process, process: process.process }),
  };
  const style = {
    noRestrictedImports: { level: "error", options: { patterns, paths } },
    ...(process === undefined ? {} : { noRestrictedGlobals: { level: "error", options: { deniedGlobals: process } } }),
  };
  return { includes, linter: { rules: { style } } };
}

/** `compile` and `image` have one door to files and processes. */
const door = {
  includes: ["src/compile/workspace.ts"],
  linter: { rules: { style: { noRestrictedImports: "off" } } },
};

const text = `${JSON.stringify({ overrides: [...restrictions().map(override), door] })}\n`;
if (process.argv[2] === "-") process.stdout.write(text);
else writeFileSync(new URL("../biome.layers.json", import.meta.url), text);
