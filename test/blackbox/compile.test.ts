import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { temporaryFolder } from "../support/cli.ts";
import { fixtureElement, programFile, targetTree } from "../support/compiled-agent.ts";

// A build takes five seconds on a machine that has nothing else to do, and several run at a time.
vi.setConfig({ testTimeout: 180_000 });

const repository = fileURLToPath(new URL("../..", import.meta.url));
const wellElements = ["uses-template", "uses-package", "plain-javascript", "boot-marker"];
const configuration = "name: machine-1\nbanner: { title: Welcome, lines: [one] }\n";

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "kanod-compile-"));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Compiles; the output, and what was said on standard error. */
async function compile(
  elements: readonly string[],
  options: readonly string[],
  given: { env?: Record<string, string>; cwd?: string; node?: string } = {},
): Promise<{ output: string; stderr: string }> {
  const output = mkdtempSync(join(scratch, "out-"));
  const args = ["compile", ...elements.flatMap((element) => ["--element", element]), "-o", output, ...options];
  const { node = process.execPath, ...rest } = given;
  const { stderr } = await execa(node, [programFile, ...args], { ...rest, timeout: 100_000 });
  return { output, stderr };
}

/** Runs the agent on an empty tree, and checks what the contributions left there. */
async function expectToWork(output: string, env: Record<string, string> = {}): Promise<void> {
  const root = targetTree(configuration);
  const text = (path: string): string => readFileSync(join(root, path), "utf8");
  await execa(join(output, "kanod-runcmd"), ["--root", root], { env });
  expect(text("/etc/banner")).toBe("*** Welcome ***\n* one\n");
  expect(text("/etc/shout")).toBe("DEAR MACHINE-1!\n");
  expect(text("/etc/plain-javascript")).toBe("machine-1\n");
  await execa(join(output, "kanod-bootcmd"), ["--root", root], { env, input: "marker: booted\n" });
  expect(text("/etc/boot-marker")).toBe("booted\n");
}

function hashes(folder: string): Record<string, string> {
  const hash = (name: string): string =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return Object.fromEntries(
    names.filter((name) => statSync(join(folder, name)).isFile()).map((name) => [name, hash(name)]),
  );
}

describe("an agent with Node in it", () => {
  let built: { output: string; stderr: string };
  beforeAll(async () => {
    built = await compile(wellElements.map(fixtureElement), []);
  });

  test("has the documented files and nothing else", () => {
    const names = [
      "THIRD-PARTY-NOTICES",
      "kanod-bootcmd",
      "kanod-configure",
      "kanod-configure.types",
      "kanod-runcmd",
      "manifest.json",
      "schema.yaml",
    ];
    expect(readdirSync(built.output).sort()).toEqual(names);
    expect(statSync(join(built.output, "kanod-configure")).mode & 0o777).toBe(0o755);
  });

  test("comes with the licences of what is in it: our packages, the elements' and Node", () => {
    const notices = readFileSync(join(built.output, "THIRD-PARTY-NOTICES"), "utf8").split(/\n\n-{80}\n\n/);
    const inIt = ["kanod-configure", "yaml", "tiny-shout", "tiny-mark", `node-linux-${process.arch}`];
    for (const name of inIt) expect(notices.filter((notice) => notice.startsWith(`${name} `))).toHaveLength(1);
    expect(notices.find((notice) => notice.startsWith("yaml "))).toMatch(/^yaml \S+ \(ISC\)\n\nCopyright Eemeli Aro/);
    expect(notices.find((notice) => notice.startsWith("node-linux"))).toContain("- OpenSSL");
  });

  test("does what its contributions say, without another Node and whatever NODE_OPTIONS is", async () => {
    await expectToWork(built.output, { NODE_OPTIONS: "--no-such-option", PATH: "/usr/bin:/bin" });
  });

  test("uses the code that was compiled in advance: V8 does not refuse it", async () => {
    const { stderr } = await execa(join(built.output, "kanod-configure"), ["--version"]);
    expect(stderr).toBe("");
  });

  test("has the merged schema in it and beside it", async () => {
    const beside = parse(readFileSync(join(built.output, "schema.yaml"), "utf8")) as { properties: object };
    expect(Object.keys(beside.properties)).toEqual(expect.arrayContaining(["name", "boot", "banner"]));
    const { stdout } = await execa(join(built.output, "kanod-configure"), ["schema", "--format", "json"]);
    expect(JSON.parse(stdout)).toEqual(beside);
  });

  test("says in its manifest what went into it, with no time and no path", () => {
    const text = readFileSync(join(built.output, "manifest.json"), "utf8");
    const manifest = JSON.parse(text) as Record<string, unknown>;
    const sha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
    expect(manifest).toEqual({
      version: 1,
      agent: JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version,
      runtime: { kind: "embedded", node: process.versions.node, arch: process.arch, stripped: expect.any(Boolean) },
      elements: wellElements.map((name) => expect.objectContaining({ name, contributions: [expect.anything()] })),
      schemaSha256: sha256(join(built.output, "schema.yaml")),
    });
    expect(manifest["elements"]).toContainEqual({
      name: "boot-marker",
      schema: sha256(join(fixtureElement("boot-marker"), "schema.yaml")),
      contributions: [
        { file: "kanod/boot-marker.ts", sha256: sha256(join(fixtureElement("boot-marker"), "kanod/boot-marker.ts")) },
      ],
    });
  });

  test("is the same, byte for byte, when it is built elsewhere, where no cache can be written", async () => {
    const elsewhere = join(temporaryFolder(), "another folder/with depth");
    mkdirSync(join(elsewhere, "tmp"), { recursive: true });
    for (const name of wellElements) cpSync(fixtureElement(name), join(elsewhere, name), { recursive: true });
    const home = { HOME: "/dev/null", XDG_CACHE_HOME: "/dev/null" };
    const env = { ...home, TMPDIR: join(elsewhere, "tmp"), TZ: "Asia/Tokyo", LANG: "C" };
    const again = await compile(wellElements, [], { env, cwd: elsewhere });
    expect(hashes(again.output)).toEqual(hashes(built.output));
    expect(readdirSync(join(elsewhere, "tmp"))).toEqual([]);
  });

  test("is larger, and says so, where nothing can strip it", async () => {
    const env = { PATH: temporaryFolder(), XDG_CACHE_HOME: temporaryFolder() };
    const { output, stderr } = await compile([fixtureElement("plain-javascript")], [], { env });
    expect(stderr).toContain("note: no tool was found that strips executables");
    const { runtime } = JSON.parse(readFileSync(join(output, "manifest.json"), "utf8")) as { runtime: object };
    expect(runtime).toMatchObject({ stripped: false });
    await execa(join(output, "kanod-configure"), ["contributions"]);
  });
});

describe("an agent for the image's own Node", () => {
  let output: string;
  beforeAll(async () => {
    ({ output } = await compile(wellElements.map(fixtureElement), ["--runtime", "system"]));
  });

  test("does what its contributions say", async () => {
    const names = [
      "THIRD-PARTY-NOTICES",
      "kanod-bootcmd",
      "kanod-configure",
      "kanod-configure.cjs",
      "kanod-configure.types",
      "kanod-runcmd",
      "manifest.json",
    ];
    expect(readdirSync(output).sort()).toEqual([...names, "schema.yaml"]);
    await expectToWork(output, { NODE_OPTIONS: "--no-such-option" });
  });

  const other = otherNode();
  test.skipIf(other === undefined)("works on an older Node (skipped where PATH has none)", async () => {
    await expectToWork(output, { PATH: `${other}${delimiter}${process.env["PATH"]}` });
    // The older one can also build it, and gets the same bytes.
    const again = await compile(wellElements.map(fixtureElement), ["--runtime", "system"], {
      node: join(other ?? "", "node"),
    });
    expect(hashes(again.output)).toEqual(hashes(output));
  });
});

test("modules that are not bundled run where they lie", async () => {
  const { output } = await compile(wellElements.map(fixtureElement), ["--no-bundle"]);
  const own = join(output, "kanod-configure.files/elements/uses-package/element/kanod/uses-package.js");
  expect(readFileSync(own, "utf8")).toContain('register("uses-package", 90');
  await expectToWork(output);
});

test("a build that fails leaves an earlier agent as it was", async () => {
  const { output } = await compile([fixtureElement("plain-javascript")], ["--runtime", "system"]);
  const before = hashes(output);
  const args = ["compile", "--element", fixtureElement("bad-throw"), "-o", output, "--runtime", "system"];
  const { exitCode } = await execa(process.execPath, [programFile, ...args], { reject: false });
  expect(exitCode).toBe(1);
  expect(hashes(output)).toEqual(before);
});

test("builds of the same output and cache at the same time do not disturb each other", async () => {
  const env = { XDG_CACHE_HOME: temporaryFolder() };
  const output = temporaryFolder();
  const args = [programFile, "compile", "--element", fixtureElement("plain-javascript"), "-o", output];
  await Promise.all([1, 2].map(() => execa(process.execPath, args, { env })));
  const { stdout } = await execa(join(output, "kanod-configure"), ["contributions"]);
  expect(stdout).toContain("plain-javascript");
});

test.each([50, 300, 1000])("a build that is interrupted after %d ms leaves nothing behind", async (after) => {
  const [output, work] = [join(temporaryFolder(), "out"), temporaryFolder()];
  const args = [programFile, "compile", "--element", fixtureElement("plain-javascript"), "-o", output];
  const building = execa(process.execPath, args, { env: { TMPDIR: work }, reject: false });
  while (!readdirSync(work).some((name) => name.startsWith("kanod-configure-"))) await setTimeout(20);
  await setTimeout(after);
  building.kill("SIGTERM");
  const { exitCode, stderr } = await building;
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("the build was interrupted [interrupted]")]);
  expect(existsSync(output)).toBe(false);
  expect(readdirSync(work)).toEqual([]);
});

test("without --element the elements are those of diskimage-builder, of which most have nothing for us", async () => {
  const folders = { vm: fixtureElement("bad-empty"), "plain-js": fixtureElement("plain-javascript") };
  const env = { IMAGE_ELEMENT_YAML: JSON.stringify(folders) };
  const { output } = await compile([], ["--runtime", "system"], { env });
  const { stdout } = await execa(join(output, "kanod-configure"), ["contributions", "--format", "json"]);
  expect(JSON.parse(stdout)).toEqual([expect.objectContaining({ name: "plain-javascript", element: "plain-js" })]);
});

test("CommonJS, JSON, helpers, top-level await and declarations work as authors expect", async () => {
  const { output } = await compile([fixtureElement("odd-modules")], ["--runtime", "system"]);
  const root = targetTree("name: machine-1\n");
  await execa(join(output, "kanod-runcmd"), ["--root", root]);
  const texts = ["common", "json", "untyped"].map((name) => readFileSync(join(root, name), "utf8"));
  expect(texts).toEqual(["from CommonJS", "from JSON", "register is a function"]);
});

/** The folder of another Node on PATH than the one that runs the tests. */
function otherNode(): string | undefined {
  return (process.env["PATH"] ?? "").split(delimiter).find((folder) => {
    try {
      const version = execFileSync(join(folder, "node"), ["--version"], { encoding: "utf8", stdio: "pipe" });
      return Number(/^v(\d+)/.exec(version)?.[1]) >= 20 && version.trim() !== process.version;
    } catch {
      return false;
    }
  });
}

test("of node-vault only the client gets into the agent, and nothing of the transport that it is used without", async () => {
  const { output } = await compile([join(repository, "contributions/vault")], ["--runtime", "system"]);
  const notices = readFileSync(join(output, "THIRD-PARTY-NOTICES"), "utf8");
  const names = [...notices.matchAll(/^(\S+) \d+\.\d+\.\d+ \(/gm)].map(([, name]) => name);
  expect(names).toContain("node-vault");
  for (const name of ["axios", "follow-redirects", "form-data", "debug", "mustache", "tv4"]) {
    expect(names).not.toContain(name);
    expect(existsSync(join(repository, "node_modules", name))).toBe(true);
  }
});
