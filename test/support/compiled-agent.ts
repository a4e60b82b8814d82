import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, onTestFinished } from "vitest";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** The file of a program of the package, as `npm run build` leaves it. */
export function packageProgram(name: string): string {
  return join(repository, "dist/bin", `${name}.js`);
}

export const programFile: string = packageProgram("kanod-configure");

/** The folder of an element of test/fixtures. */
export function fixtureElement(name: string): string {
  return join(repository, "test/fixtures/elements", name);
}

/** Compiles elements with the built program; the folder with the agent goes away after the tests of the file. */
export function compiledAgent(elements: readonly string[], options: readonly string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), "kanod-agent-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const args = [programFile, "compile", ...elements.flatMap((element) => ["--element", element]), ...options];
  execFileSync(process.execPath, [...args, "-o", join(folder, "agent")], { stdio: ["ignore", "ignore", "inherit"] });
  return join(folder, "agent");
}

/** Writes an element of the given files; it goes away after the tests of the file. */
export function writtenElement(name: string, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "kanod-element-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  for (const [file, content] of Object.entries(files)) {
    const path = join(folder, name, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return join(folder, name);
}

/** A target tree with a configuration, which goes away with the test. */
export function targetTree(configuration?: string): string {
  const root = mkdtempSync(join(tmpdir(), "kanod-tree-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, "etc/kanod-configure"), { recursive: true });
  if (configuration !== undefined) writeFileSync(join(root, "etc/kanod-configure/configuration.yaml"), configuration);
  return root;
}

export interface Ended {
  exitCode: number | null;
  out: string;
  err: string;
}

/** Runs a program to its end, within a minute. */
export function runProgram(
  file: string,
  args: readonly string[],
  options: { input?: string | Uint8Array; env?: Record<string, string> } = {},
): Ended {
  const env = { ...process.env, ...options.env };
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    input: options.input ?? "",
    env,
    encoding: "utf8",
    timeout: 60_000,
  });
  if (error !== undefined) throw error;
  return { exitCode: status, out: stdout, err: stderr };
}

/** Starts a program that the test has to end, or to wait for. */
export function startProgram(file: string, args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const ended = new Promise<Ended>((resolve) => child.on("close", (exitCode) => resolve({ exitCode, out, err })));
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, ended };
}
