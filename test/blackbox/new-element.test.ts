import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/cli.ts";

const program = new URL("../../dist/bin/kanod-configure.js", import.meta.url).pathname;
const tsc = new URL("../../node_modules/.bin/tsc", import.meta.url).pathname;

/** A folder to work in, and what runs command lines in it as a user with the package on PATH does. */
function workplace(): { folder: string; sh(line: string): { exitCode: number | null; out: string; err: string } } {
  const folder = temporaryFolder();
  const bin = temporaryFolder();
  symlinkSync(program, join(bin, "kanod-configure"));
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, NODE_OPTIONS: "", NODE_TEST_CONTEXT: undefined };
  const sh = (line: string) => {
    const { status, stdout, stderr } = spawnSync("sh", ["-c", line], { cwd: folder, env, encoding: "utf8" });
    return { exitCode: status, out: stdout, err: stderr };
  };
  return { folder, sh };
}

describe("a new element works as it is", () => {
  test.each<[string, string[]]>([
    ["kanod-hello", []],
    ["say-hello-again", ["'my elements/say'", "--language", "js"]],
    ["kanod-hello", ["--boot"]],
  ])(
    "%s %j: all that is printed is run",
    (name, args) => {
      const { folder, sh } = workplace();
      const made = sh(`kanod-configure new-element ${name} ${args.join(" ")}`);
      expect([made.exitCode, made.err]).toEqual([0, ""]);
      const commands = made.out.split("\n").filter((line) => line.startsWith("    "));
      expect(commands).toHaveLength(6);
      for (const command of commands) {
        const { exitCode, out, err } = sh(command);
        expect({ command, exitCode, err }).toMatchObject({ command, exitCode: 0 });
        if (command.includes("npm test")) expect(out).toMatch(/pass 2\n[\s\S]*fail 0\n/);
        if (command.includes("validate")) expect(out).toBe("1 file checked: no problems\n");
        if (command.includes("plan")) expect(out).toContain("+Hello");
      }
      const key = name === "kanod-hello" ? "hello" : "say_hello_again";
      const element = name === "kanod-hello" ? name : "my elements/say";
      expect(readFileSync(join(folder, element, "build/tree/etc", key), "utf8")).toBe("Hello\n");
    },
    120_000,
  );

  test("and editors know what its configuration has, once it was compiled", () => {
    const { folder, sh } = workplace();
    sh("kanod-configure new-element kanod-hello");
    expect(sh("kanod-configure compile --element kanod-hello -o kanod-hello/build/agent --runtime system").err).toBe(
      "",
    );
    const check = () => sh(`${tsc} --pretty false -p kanod-hello`);
    expect(check()).toMatchObject({ exitCode: 0, out: "" });
    const source = join(folder, "kanod-hello/kanod/kanod-hello.ts");
    writeFileSync(source, readFileSync(source, "utf8").replace("hello.text", "hello.txt"));
    expect(check().out).toMatch(/^kanod-hello\/kanod\/kanod-hello\.ts\(\d+,\d+\): error TS\d+: .*'txt'.*\n$/);
  }, 60_000);

  test("and looks like one of ours", () => {
    const { folder, sh } = workplace();
    sh("kanod-configure new-element kanod-hello");
    const files = readdirSync(join(folder, "kanod-hello"), { recursive: true, encoding: "utf8" }).filter(
      (path) => !path.startsWith("node_modules"),
    );
    expect(files.sort()).toEqual([
      ".gitignore",
      "README.md",
      "element-deps",
      "example.yaml",
      "kanod",
      "kanod/kanod-hello.ts",
      "package.json",
      "schema.yaml",
      "test",
      "test/kanod-hello.test.ts",
      "tsconfig.json",
    ]);
    expect(readFileSync(join(folder, "kanod-hello/README.md"), "utf8")).toContain("# kanod-hello\n");
  });

  test("and its README shows a valid configuration", () => {
    for (const boot of ["", "--boot"]) {
      const { folder, sh } = workplace();
      sh(`kanod-configure new-element kanod-hello here ${boot}`);
      sh("kanod-configure compile --element here -o agent --runtime system");
      const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(folder, "here/README.md"), "utf8")) ?? [];
      const agent = join(folder, "agent/kanod-configure");
      expect(execFileSync(agent, ["validate", "-"], { input: yaml, encoding: "utf8" })).toContain("no problems");
    }
  }, 60_000);
});

describe("a new element is refused", () => {
  test("in a folder that has something in it", () => {
    const { folder, sh } = workplace();
    mkdirSync(join(folder, "kanod-hello"));
    writeFileSync(join(folder, "kanod-hello/mine"), "");
    writeFileSync(join(folder, "file"), "");
    for (const command of ["new-element kanod-hello", "new-element kanod-hello file"]) {
      const { exitCode, err } = sh(`kanod-configure ${command}`);
      expect([exitCode, err.includes("[not-empty]")]).toEqual([1, true]);
    }
    const below = sh("kanod-configure new-element kanod-hello file/below");
    expect([below.exitCode, below.err.includes("[cannot-write]")]).toEqual([1, true]);
    const inKernel = sh("timeout -k 1 60 kanod-configure new-element kanod-hello /proc/new/element");
    expect([inKernel.exitCode, inKernel.err.includes("[cannot-write]")]).toEqual([1, true]);
    expect(sh("kanod-configure new-element kanod-hello ''").exitCode).toBe(2);
    expect(readdirSync(join(folder, "kanod-hello"))).toEqual(["mine"]);
    mkdirSync(join(folder, "empty"));
    expect(sh("kanod-configure new-element kanod-hello empty").exitCode).toBe(0);
  });

  test.each(["Hello", "hello_world", "-hello", "1hello", "hello-", "''", "a/b", "kanod-name", "kanod-network"])(
    "with the name %s",
    (name) => {
      const { folder, sh } = workplace();
      expect(sh(`kanod-configure new-element -- ${name}`).exitCode).toBe(2);
      expect(existsSync(join(folder, name))).toBe(false);
    },
  );

  test("without a name, or in another language", () => {
    const { sh } = workplace();
    expect(sh("kanod-configure new-element").exitCode).toBe(2);
    expect(sh("kanod-configure new-element kanod-hello --language python").exitCode).toBe(2);
  });
});
