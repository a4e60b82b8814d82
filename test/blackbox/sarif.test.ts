/** What `validate --format sarif` prints, against the types of SARIF 2.1.0 and what its text demands besides. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Log, PhysicalLocation } from "sarif";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/cli.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const program = join(repository, "dist/bin/kanod-configure.js");

const files: Readonly<Record<string, string>> = {
  "good.yaml": "name: a\n",
  "a b/ü%#?.yaml": "name: a\ngreting: b # 𝄞\n",
  "empty.yaml": "",
  "user-data": "#cloud-config\nruncmd: [kanod-runcmd abc]\n",
  "manifest.yaml": `apiVersion: v1\nkind: Secret\ndata: {a: ${btoa("#cloud-config\nruncmd: [kanod-runcmd --bogus]\n")}}\n`,
  "broken.yaml": "a: [\n",
};

function report(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "a b"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  symlinkSync("nowhere", join(folder, "link.yaml"));
  const operands = [".", "empty.yaml", join(folder, "missing.yaml"), join(folder, "user-data")];
  const { status, stdout } = spawnSync(process.execPath, [program, "validate", "--format", "sarif", ...operands], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(status).toBe(3);
  return stdout;
}

test("it is a log of SARIF 2.1.0", () => {
  const text = report();
  const folder = temporaryFolder();
  writeFileSync(join(folder, "log.ts"), `import type { Log } from "sarif";\nexport const log: Log = ${text};\n`);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: "preserve",
    types: ["sarif"],
    typeRoots: [join(repository, "node_modules/@types")],
    paths: { sarif: [join(repository, "node_modules/@types/sarif/index.d.ts")] },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["log.ts"] }));
  const check = () => execFileSync(join(repository, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
  expect(check()).toBe("");
  writeFileSync(
    join(folder, "log.ts"),
    `import type { Log } from "sarif";\nexport const log: Log = ${text.replace("ruleId", "rule")};\n`,
  );
  expect(check).toThrow();

  const [run, ...others] = (JSON.parse(text) as Log).runs;
  expect(others).toEqual([]);
  const results = run?.results ?? [];
  const rules = run?.tool.driver.rules?.map(({ id }) => id) ?? [];
  expect(new Set(rules).size).toBe(rules.length);
  expect(new Set(results.map(({ ruleId }) => ruleId))).toEqual(new Set(rules));
  // 3.49.9 to 3.49.14: GitHub shows these texts with each alert.
  for (const { shortDescription, fullDescription, help, helpUri } of run?.tool.driver.rules ?? []) {
    expect(shortDescription?.text).toMatch(/\.$/);
    expect(fullDescription?.text).toContain(shortDescription?.text);
    expect(help?.markdown).toContain("**What to do:**");
    expect(URL.canParse(helpUri ?? "")).toBe(true);
  }
  expect(URL.canParse(run?.tool.driver.informationUri ?? "")).toBe(true);
  const places = results.flatMap(({ locations }) => locations ?? []).map(({ physicalLocation }) => physicalLocation);
  expect(places).toHaveLength(results.length);
  expect(new Set(places.map(fileOf))).toEqual(
    new Set([...Object.keys(files).filter((name) => name !== "good.yaml"), expect.stringMatching(/^\/.*\/user-data$/)]),
  );
  // 3.30.5 to 3.30.8: both count from 1.
  for (const { region } of places as PhysicalLocation[]) {
    expect(region?.startLine).toBeGreaterThanOrEqual(1);
    expect(region?.startColumn).toBeGreaterThanOrEqual(1);
    expect(region?.endColumn).toBeGreaterThanOrEqual(region?.startColumn ?? Number.NaN);
  }
  const unreadable = run?.invocations?.flatMap((each) => each.toolExecutionNotifications ?? []) ?? [];
  expect(unreadable.map(({ locations }) => fileOf(locations?.[0]?.physicalLocation))).toEqual([
    "link.yaml",
    expect.stringMatching(/^\/.*\/missing\.yaml$/),
  ]);
});

/** The file that a place names: 3.4.3, RFC 3986. */
function fileOf(place: PhysicalLocation | undefined): string {
  const uri = place?.artifactLocation?.uri ?? "";
  if (uri.startsWith("file://")) return fileURLToPath(uri);
  return fileURLToPath(new URL(uri, "file:///root/")).replace(/^\/root\//, "");
}
