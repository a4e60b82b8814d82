import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { temporaryFolder } from "../support/cli.ts";
import { targetTree } from "../support/compiled-agent.ts";

/**
 * The package as a stranger gets it: packed, installed from the registry's packages into an empty folder, and used on an
 * element that has nothing to do with this repository. Needs the registry that npm is configured for.
 */
const repository = fileURLToPath(new URL("../..", import.meta.url));

vi.setConfig({ testTimeout: 180_000 });

const files = {
  "package.json": '{ "private": true, "type": "module" }\n',
  "my-element/package.json": '{ "private": true }\n',
  "my-element/tiny-case/package.json": '{ "name": "tiny-case", "version": "1.0.0", "types": "index.d.ts" }\n',
  "my-element/tiny-case/index.js": "exports.upper = (text) => text.toUpperCase();\n",
  "my-element/tiny-case/index.d.ts": "export declare function upper(text: string): string;\n",
  "my-element/schema.yaml": `properties:
  motto:
    type: string
    description: What the machine stands for.
`,
  "my-element/kanod/my-element.ts": `import { register } from "kanod-configure";
import { upper } from "tiny-case";

register("motto", 100, async ({ conf, host }) => {
  await host.writeFile("/etc/motto", \`\${upper(conf.motto ?? "none")}\\n\`);
});
`,
  "library.ts": `import { collectContributions, compileAgent, elementOfFolder, mergeSchemas } from "kanod-configure/build";
import { runContribution } from "kanod-configure/testing";

console.log([collectContributions, compileAgent, elementOfFolder, mergeSchemas, runContribution].map((each) => typeof each).join());
`,
};

let folder: string;
const npm = (cwd: string, ...args: string[]) => execa("npm", [...args, "--no-audit", "--no-fund"], { cwd });
/** Runs a program of the installed package. */
const run = (name: string, ...args: string[]) =>
  execa(join(folder, "node_modules/.bin", name), args, { cwd: folder, preferLocal: true, reject: false });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kanod-package-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  // It was built before the tests began: to build it again would pull it from under their feet.
  await npm(repository, "pack", "--ignore-scripts", "--pack-destination", folder);
  const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };
  await npm(folder, "install", "--prefer-offline", `./kanod-configure-${version}.tgz`);
  await npm(join(folder, "my-element"), "install", "./tiny-case");
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("it has what it needs, and no tests but those of the element that is the tutorial", () => {
  const shipped = join(folder, "node_modules/kanod-configure");
  const files = readdirSync(shipped, { recursive: true, encoding: "utf8" }).filter(
    (path) => !/node_modules/.test(path),
  );
  expect(files).toEqual(
    expect.arrayContaining(["LICENSE", "README.md", "CHANGELOG.md", "dist/man/man8/kanod-runcmd.8"]),
  );
  const tests = files.filter((path) => path.endsWith(".test.ts"));
  expect(tests).toEqual(["packaging/modules/demo/elements/kanod-greeter/test/greeter.test.ts"]);
});

test("all its programs run", async () => {
  for (const name of ["kanod-configure", "kanod-bootcmd", "kanod-runcmd", "kanod-image-builder"]) {
    const { exitCode, stdout } = await run(name, "--version");
    expect([name, exitCode, stdout]).toEqual([name, 0, expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
  }
});

/** Another package manager, and the oldest Node with the npm that came with it, each in a folder of its own. */
describe("installed otherwise", () => {
  /** The packed package. */
  const tarball = (): string => join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "");
  const emptyProject = (): string => {
    const project = temporaryFolder();
    writeFileSync(join(project, "package.json"), '{ "private": true }\n');
    return project;
  };

  test("by pnpm, all its programs are themselves", async () => {
    const project = emptyProject();
    const pnpm = join(repository, "node_modules/.bin/pnpm");
    await execa(pnpm, ["add", "--store-dir", join(project, "store"), tarball()], { cwd: project });
    for (const name of ["kanod-configure", "kanod-bootcmd", "kanod-runcmd", "kanod-image-builder"]) {
      const options = { cwd: project, reject: false } as const;
      const { exitCode, stderr } = await execa(join(project, "node_modules/.bin", name), ["--no-such-option"], options);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`(${name} --help tells more)`)]);
    }
  });

  test("on Node 20.12, without a warning", async () => {
    const tools = emptyProject();
    await npm(tools, "install", "--prefer-offline", `node-linux-${process.arch}@20.12.0`, "npm@10.5.0");
    const node = join(tools, `node_modules/node-linux-${process.arch}/bin/node`);
    const options = { cwd: emptyProject(), env: { PATH: `${dirname(node)}:${process.env["PATH"]}` }, reject: false };
    const argv = [join(tools, "node_modules/npm/bin/npm-cli.js"), "install", tarball(), "--no-audit", "--no-fund"];
    const { exitCode, stderr } = await execa(node, argv, options);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const { stdout } = await execa(join(options.cwd, "node_modules/.bin/kanod-configure"), ["--version"], options);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

test("it compiles an element that uses an npm package, and the agent runs", async () => {
  const { exitCode, stderr } = await run("kanod-configure", "compile", "--element", "my-element", "-o", "agent");
  expect([exitCode, stderr]).toEqual([0, ""]);
  const root = targetTree("name: machine-1\nmotto: be kind\n");
  await execa(join(folder, "agent/kanod-runcmd"), ["--root", root]);
  expect(readFileSync(join(root, "etc/motto"), "utf8")).toBe("BE KIND\n");
});

test("it checks the element against its own types", async () => {
  const path = join(folder, "my-element/kanod/my-element.ts");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace("conf.motto", "conf.moto"));
  const { exitCode, stderr } = await run("kanod-configure", "compile", "--element", "my-element", "-o", "other");
  writeFileSync(path, text);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("my-element/kanod/my-element.ts:5:52: error[type-error]");
  expect(existsSync(join(folder, "other"))).toBe(false);
});

test("its libraries can be imported, and have types", async () => {
  for (const resolution of [["nodenext"], ["preserve", "--moduleResolution", "bundler"]]) {
    const options = ["--noEmit", "--strict", "--module", ...resolution, "--types", "node", "library.ts"];
    const checked = await run("tsc", ...options);
    expect([checked.exitCode, checked.stdout]).toEqual([0, ""]);
  }
  const { stdout } = await run("node", "library.ts");
  expect(stdout).toBe("function,function,function,function,function");
});

test("what is missing after a build that did not end is said", async () => {
  rmSync(join(folder, "node_modules/kanod-configure/dist/agent.cjs"));
  const { exitCode, stderr } = await run("kanod-configure", "compile", "--element", "my-element", "-o", "other");
  expect(exitCode).toBe(1);
  expect(stderr).toContain("error[not-built]");
});
