/** What stands in packaging/ci, run as the services run it, with the package as `npx` finds it in a project. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { temporaryFolder } from "../support/cli.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(repository, "packaging/ci");
const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };

/** A project that has the package installed, and these files. */
function project(files: Readonly<Record<string, string>>): string {
  const path = temporaryFolder();
  mkdirSync(join(path, "node_modules/.bin"), { recursive: true });
  symlinkSync(repository, join(path, "node_modules/kanod-configure"));
  symlinkSync(join(repository, "dist/bin/kanod-configure.js"), join(path, "node_modules/.bin/kanod-configure"));
  const manifest = { private: true, dependencies: { "kanod-configure": version } };
  for (const [name, text] of Object.entries({ "package.json": JSON.stringify(manifest), ...files })) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

function run(cwd: string, file: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const path = `${join(cwd, "node_modules/.bin")}:${process.env["PATH"]}`;
  const { status, stdout, stderr } = spawnSync(file, args, {
    cwd,
    env: { ...process.env, PATH: path, npm_config_offline: "true", ...env },
    encoding: "utf8",
  });
  return { exitCode: status, out: stdout, err: stderr };
}

const files = {
  "machines/good.yaml": "name: node1\n",
  "machines/warned.yaml": "name: node1\nvault: {url: 'http://vault.example.org', role: r, role_id: a, secret_id: b}\n",
  "broken/bad.yaml": "name: node1\nnetwrk: {}\n",
};

describe("the action of GitHub", () => {
  interface Action {
    inputs: Record<string, { default: string }>;
    runs: { using: string; steps: { run: string; shell: string; env: Record<string, string> }[] };
  }
  const action = parse(readFileSync(join(folder, "github/action.yml"), "utf8")) as Action;

  /** Runs the steps of a composite action with inputs, as the runner does. */
  function runAction(cwd: string, given: Readonly<Record<string, string>>) {
    const inputs = (name: string): string => given[name] ?? action.inputs[name]?.default ?? `no input ${name}`;
    const [step, ...others] = action.runs.steps;
    expect([action.runs.using, step?.shell, others]).toEqual(["composite", "bash", []]);
    const environment = Object.entries(step?.env ?? {}).map(([name, value]) => [
      name,
      value.replace(/\$\{\{ inputs\.(\w+) \}\}/g, (_, input: string) => inputs(input)),
    ]);
    // https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax, "shell".
    return run(cwd, "bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", step?.run ?? ""], {
      GITHUB_ACTION_PATH: join(folder, "github"),
      ...Object.fromEntries(environment),
    });
  }

  test("annotates what is wrong, and fails", () => {
    const cwd = project(files);
    const { exitCode, out } = runAction(cwd, { version, sarif: "kanod.sarif" });
    expect(out).toMatch(/^::error file=broken\/bad\.yaml,line=2,col=1,endColumn=7,title=unknown-key::/m);
    expect(exitCode).toBe(1);
    const { runs } = JSON.parse(readFileSync(join(cwd, "kanod.sarif"), "utf8"));
    expect(runs[0].results.map(({ ruleId }: { ruleId: string }) => ruleId)).toContain("unknown-key");
  });

  test("takes all its inputs", () => {
    const cwd = project({ ...files, "s.yaml": "type: object\nproperties: {netwrk: {type: object}, name: {}}\n" });
    const good = { version, files: "machines/good.yaml\n" };
    expect(runAction(cwd, good)).toMatchObject({ exitCode: 0 });
    expect(runAction(cwd, { version, exclude: "broken\n" })).toMatchObject({ exitCode: 0 });
    const strict = runAction(cwd, { version, files: "machines", strict: "true" });
    expect([strict.exitCode, strict.out.includes("::warning file=machines/warned.yaml")]).toEqual([1, true]);
    expect(runAction(cwd, { version, files: "broken", schema: "s.yaml" })).toMatchObject({ exitCode: 0 });
    expect(runAction(cwd, { version, files: "no such folder" })).toMatchObject({ exitCode: 3 });
    const unusable = { version, files: "machines", schema: "missing.yaml", sarif: "empty.sarif" };
    expect(runAction(cwd, unusable)).toMatchObject({ exitCode: 3 });
    expect(existsSync(join(cwd, "empty.sarif"))).toBe(false);
  });
});

describe("the job of GitLab", () => {
  const { "kanod-validate": job } = parse(readFileSync(join(folder, "gitlab.yml"), "utf8")) as {
    "kanod-validate": { script: string[]; variables: Record<string, string>; artifacts: { paths: string[] } };
  };

  /** The runner joins the lines of a script to one, which ends with the first that fails. */
  function runJob(cwd: string, variables: Readonly<Record<string, string>>) {
    return run(cwd, "sh", ["-e", "-c", job.script.join("\n")], {
      ...job.variables,
      KANOD_VERSION: version,
      ...variables,
    });
  }

  test("shows what is wrong, keeps it, and fails", () => {
    const cwd = project(files);
    const { exitCode, out } = runJob(cwd, {});
    expect([exitCode, out.includes("broken/bad.yaml:2:1: error[unknown-key]")]).toEqual([1, true]);
    const [kept = ""] = job.artifacts.paths;
    expect(JSON.parse(readFileSync(join(cwd, kept), "utf8")).files).toHaveLength(3);
  });

  test("takes all its variables", () => {
    const cwd = project({ ...files, "s.yaml": "type: object\nproperties: {netwrk: {type: object}, name: {}}\n" });
    expect(runJob(cwd, { KANOD_FILES: "machines/good.yaml machines/warned.yaml" }).exitCode).toBe(0);
    expect(runJob(cwd, { KANOD_FILES: "machines", KANOD_OPTIONS: "--strict" }).exitCode).toBe(1);
    expect(runJob(cwd, { KANOD_FILES: "broken", KANOD_SCHEMA: "s.yaml" }).exitCode).toBe(0);
    expect(runJob(cwd, { KANOD_OPTIONS: "--exclude 'broken/**' --strict --exclude 'machines/w*'" }).exitCode).toBe(0);
  });
});

describe("the hook of git", () => {
  function repositoryWithHook(): { cwd: string; git(...args: string[]): ReturnType<typeof run> } {
    const cwd = project({ ".gitignore": "node_modules\n" });
    const identity = {
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@b",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@b",
    };
    const git = (...args: string[]) => run(cwd, "git", args, { ...identity, GIT_CONFIG_GLOBAL: "/dev/null" });
    git("init", "--quiet");
    copyFileSync(join(folder, "pre-commit"), join(cwd, ".git/hooks/pre-commit"));
    return { cwd, git };
  }

  test("refuses what is wrong, and nothing else", () => {
    const { cwd, git } = repositoryWithHook();
    const commit = (name: string, text: string) => {
      mkdirSync(join(cwd, name, ".."), { recursive: true });
      writeFileSync(join(cwd, name), text);
      git("add", ".");
      const { exitCode, out, err } = git("commit", "--quiet", "-m", "change");
      return [exitCode, /\[([a-z-]+)\]/.exec(out + err)?.[1]];
    };
    expect(commit("README", "no YAML\n")).toEqual([0, undefined]);
    expect(commit("notes on user-data.md", "no YAML: [\n")).toEqual([0, undefined]);
    expect(commit("my-user-data-notes", "no YAML: [\n")).toEqual([0, undefined]);
    expect(commit("user_data.py", "no YAML: [\n")).toEqual([0, undefined]);
    expect(commit(".github/flow.yaml", "on: push\n")).toEqual([0, undefined]);
    expect(commit("machines/a b.yaml", "name: node1\n")).toEqual([0, undefined]);
    expect(commit("other.yaml", "services: {}\n")).toEqual([0, undefined]);
    expect(commit("machines/a b.yaml", "name: node1\nnetwork: {version: 2, ethernet: {}}\n")).toEqual([
      1,
      "unknown-key",
    ]);
    // What is committed counts, not what is in the folder.
    writeFileSync(join(cwd, "machines/a b.yaml"), "name: node1\n");
    expect(git("commit", "--quiet", "-m", "change").exitCode).toBe(1);
    git("add", ".");
    writeFileSync(join(cwd, "machines/a b.yaml"), "broken: [\n");
    git("add", ".gitignore");
    expect(git("commit", "--quiet", "--allow-empty", "-m", "change").exitCode).toBe(0);
  });
});
