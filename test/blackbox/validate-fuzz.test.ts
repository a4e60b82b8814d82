/** `validate` on broken inputs: it says what is wrong with them, soon, and never ends in an uncaught error. */
import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Problem } from "../../src/config/problem.ts";
import { corpusFiles } from "../support/corpus.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
/** A hundred thousand are run before a release: see test/README.md. */
const runs = Number(process.env["KANOD_FUZZ_RUNS"] ?? 500);
/** In milliseconds. */
const longest = 5000;

const load = (file: string): Promise<unknown> => import(join(repository, "dist", file));
const program = createRequire(import.meta.url)(join(repository, "dist/program.cjs")) as (agent: unknown) => {
  image: import("../../src/agent/image.ts").CompiledImage;
};
const { image } = program(await load("index.js"));
const { createCheckers, knownKeysOf, rulesOfImage } = (await load(
  "cli/checkers.js",
)) as typeof import("../../src/cli/checkers.ts");
const { imageCheck, moduleCheck } = (await load(
  "image/document-checks.js",
)) as typeof import("../../src/image/document-checks.ts");
const { inspectFile } = (await load(
  "user-data/read/inspect.js",
)) as typeof import("../../src/user-data/read/inspect.ts");
const { checkFile } = (await load("user-data/read/check.js")) as typeof import("../../src/user-data/read/check.ts");
const { textReport } = (await load("report/text-report.js")) as typeof import("../../src/report/text-report.ts");
const { sarifReport } = (await load("report/sarif.js")) as typeof import("../../src/report/sarif.ts");
const { githubReport } = (await load("report/github.js")) as typeof import("../../src/report/github.ts");

const rules = await rulesOfImage(image);
const checkers = createCheckers(rules);
checkers.check.module = await moduleCheck();
checkers.check.image = await imageCheck();
const known = knownKeysOf(rules);

/** What `validate` takes a file for that shows no kind of its own: the user named it, with --boot, or a folder above it. */
const namedAs = ["configuration", "boot", undefined] as const;
const names = ["f.yaml", "f.yaml.j2", "config.yaml", "user-data.tftpl"] as const;

/** All that `validate` does with a file but reading it, within the time that it may take. */
function look(
  content: string | Uint8Array,
  otherwise: (typeof namedAs)[number],
  name: (typeof names)[number] = "f.yaml",
): void {
  const begin = performance.now();
  const bytes = Buffer.from(content);
  const checked = checkFile(inspectFile(bytes, name, { known, name, otherwise }), checkers);
  const lines = checked.text.split("\n").length;
  const isWhole = ({ code, message, source }: Problem): boolean =>
    /^[a-z0-9-]+$/.test(code) && /\S/.test(message) && source !== undefined && source.line <= lines;
  expect(checked.problems.filter((problem) => !isWhole(problem))).toEqual([]);
  for (const report of [textReport({ color: true }), githubReport(), sarifReport("0.0.0")]) report.file(checked);
  expect(performance.now() - begin).toBeLessThan(longest);
}

const base64 = (content: string | Uint8Array): string => Buffer.from(content).toString("base64");
const indented = (text: string): string => text.replace(/^(?=.)/gm, "      ");

/** User-data and manifests around a configuration, in the forms in which it is found. */
function wrappings(text: string): string[] {
  const cloudConfig = `#cloud-config
write_files:
  - path: /etc/kanod-configure/configuration.yaml
    permissions: "0600"
    content: |
${indented(text)}
bootcmd:
  - |
      kanod-bootcmd <<'EOF'
${indented(text)}
      EOF
runcmd: [kanod-runcmd]
`;
  const packed = cloudConfig.replace(
    /content: .*?\nbootcmd/s,
    `encoding: gz+b64\n    content: ${base64(gzipSync(text))}\nbootcmd`,
  );
  const secret = `apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  value: ${base64(cloudConfig)}\n`;
  const template = `apiVersion: bootstrap.cluster.x-k8s.io/v1beta1
kind: KubeadmConfigTemplate
metadata: {name: a}
spec:
  template:
    spec:
      files:
        - path: /etc/kanod-configure/configuration.yaml
          permissions: "0600"
          content: |
${indented(indented(text))}
      preKubeadmCommands: [kanod-runcmd]
`;
  const parts = `Content-Type: multipart/mixed; boundary="b"\nMIME-Version: 1.0\n\n--b\nContent-Type: text/cloud-config\n\n${cloudConfig}\n--b--\n`;
  const script = `#!/bin/sh\ncat > /etc/kanod-configure/configuration.yaml <<EOF\n${text}\nEOF\nkanod-runcmd 50 --log-level debug\n`;
  const list = `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: a}\n  stringData: {b: ${JSON.stringify(text)}}
- apiVersion: bootstrap.cluster.x-k8s.io/v1beta1
  kind: KubeadmConfig
  spec:
    files:
    - path: /etc/kanod-configure/configuration.yaml
      contentFrom: {secret: {name: a, key: b}}
    - {path: /a, content: ${JSON.stringify(script)}}
    - {path: /a, append: true, content: x}
    preKubeadmCommands: [mv /a /etc/kanod-configure/configuration.yaml, kanod-runcmd]
`;
  return [cloudConfig, `## template: jinja\n${cloudConfig}`, packed, secret, template, parts, script, list];
}

const examples = globSync("{contributions,packaging}/**/{example,config}.yaml", {
  cwd: repository,
  exclude: (path) => path === "node_modules",
})
  .sort()
  .map((file) => readFileSync(join(repository, file), "utf8"));
const originals = [
  ...examples.flatMap((text) => [text, ...wrappings(text)]),
  ...corpusFiles("**/*.{yaml,json}").map(({ text }) => text),
].filter((text) => text.length < 20_000);

const signs = "ab01 \n\t-?:,[]{}#&*!|>'\"%@`~.<=\\/_$\r\ufeffü😀\ud800\u0000\u0007";
const words = `<<: |*a|&a |!!binary |!!merge |!!str |---
|...
|- |
  |>-
|%YAML 1.1
|__proto__: |constructor: |toString: |{{ ds.meta_data.x }}|\${X:=y}|{% if %}|#cloud-config
|#cloud-config-archive
|Content-Type: |encoding: gz+b64|0x10|1e999|9007199254740993|@vault:kv1:a:b|kanod-bootcmd <<EOF
|kanod-runcmd|name: |%{ if }|cat > /etc/kanod-configure/configuration.yaml|tee |--config `;
const piece = fc.constantFrom(...signs, ...words.split("|"));
const mutation = fc.record({
  at: fc.nat(20_000),
  length: fc.nat(60),
  kind: fc.constantFrom("cut", "double", "insert", "move"),
  piece,
});
type Mutation = { at: number; length: number; kind: string; piece: string };

function mutated(original: string, mutations: readonly Mutation[]): string {
  let text = original;
  for (const { at, length, kind, piece: inserted } of mutations) {
    const start = at % (text.length + 1);
    const middle = text.slice(start, start + length);
    const rest = text.slice(0, start) + text.slice(start + length);
    if (kind === "cut") text = rest;
    else if (kind === "double") text = text.slice(0, start) + middle + text.slice(start);
    else if (kind === "insert") text = text.slice(0, start) + inserted + text.slice(start);
    else text = rest.slice(0, rest.length / 2) + middle + rest.slice(rest.length / 2);
  }
  return text;
}

test("what is not broken is looked at without an error", () => {
  expect(originals.length).toBeGreaterThan(100);
  for (const text of originals) look(text, "configuration");
});

test(`${runs} broken inputs`, { timeout: 120_000 + runs * 100 }, () => {
  const broken = fc
    .tuple(fc.constantFrom(...originals), fc.array(mutation, { minLength: 1, maxLength: 6 }))
    .map(([text, mutations]) => mutated(text, mutations));
  const input = fc.oneof(
    { weight: 12, arbitrary: broken },
    { weight: 2, arbitrary: broken.map((text) => wrappings(text)[0] ?? "") },
    { weight: 2, arbitrary: broken.map((text) => wrappings(text)[3] ?? "") },
    { weight: 1, arbitrary: broken.map((text) => wrappings(text)[6] ?? "") },
    { weight: 1, arbitrary: broken.map((text) => wrappings(text)[7] ?? "") },
    { weight: 1, arbitrary: broken.map((text) => gzipSync(text)) },
    { weight: 2, arbitrary: fc.array(piece, { maxLength: 60 }).map((parts) => parts.join("")) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  );
  fc.assert(fc.property(input, fc.constantFrom(...namedAs), fc.constantFrom(...names), look), { numRuns: runs });
});
