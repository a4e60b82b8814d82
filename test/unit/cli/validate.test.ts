import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { register, registerBoot } from "../../../src/agent/registry.ts";
import { buildSide } from "../../../src/cli/build-side.ts";
import type { CliIo } from "../../../src/cli/io.ts";
import { main } from "../../../src/cli/main.ts";
import { temporaryFolder, testIo } from "../../support/cli.ts";
import { testImage } from "../../support/image.ts";

const image = testImage({
  properties: {
    greeting: { type: "string", examples: ["hello"] },
    password: { type: "string", "x-kanod-secret": true },
    network: { type: "object" },
  },
  boot: { disk: { type: "string" } },
  modules: [{ element: "fixtures", file: "kanod/fixtures.ts", load: registerFixtures }],
});

type Finding = { severity: "error" | "warning"; code: string; pointer: string; message: string };

async function registerFixtures(): Promise<void> {
  const unkind = ({ conf }: { conf: { greeting?: string } }): Finding[] => {
    if (conf.greeting === "throw") throw new Error("no greeting");
    const finding = { code: "unkind", pointer: "/greeting", message: "this is no greeting" };
    if (conf.greeting === "away!") return [{ severity: "error", ...finding }];
    return conf.greeting === "oh" ? [{ severity: "warning", ...finding }] : [];
  };
  register("greeter", 100, () => {}, { check: unkind as never });
  const lost = ({ conf }: { conf: { disk?: string } }): Finding[] =>
    conf.disk === "lost"
      ? [{ severity: "error", code: "no-disk", pointer: "/disk", message: "there is no such disk" }]
      : [];
  registerBoot("disk", 7, () => {}, { check: lost as never });
}

/** A folder with these files. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function validate(
  workingDirectory: string,
  args: readonly string[],
  given: Partial<CliIo> & { stdin?: string } = {},
) {
  const { io, out, err } = testIo(["kanod-configure", "validate", ...args], { workingDirectory, ...given });
  return { exitCode: await main(io, image, buildSide), out: out(), err: err() };
}

describe("what the contributions find", () => {
  const codes = async (text: string): Promise<string[]> => {
    const { out } = await validate(folderOf({ "a.yaml": text }), ["--format", "json", "a.yaml"]);
    return JSON.parse(out).files[0].problems.map(({ code }: Finding) => code);
  };

  test("is not hidden by what the schema finds in other sections", async () => {
    expect(await codes("name: a\ngreeting: away!\nnetwork: 5\nbogus: 1\n")).toEqual([
      "unkind",
      "wrong-type",
      "unknown-key",
    ]);
    expect(await codes("greeting: away!\nboot: {disk: lost}\n")).toEqual(["missing-key", "unkind", "no-disk"]);
  });

  test("is left out for what the schema refuses", async () => {
    expect(await codes("name: a\nboot: {disk: lost, bogus: 1}\n")).toEqual(["unknown-key"]);
    expect(await codes("name: a\ngreeting: throw\nnetwork: 5\n")).toEqual(["wrong-type"]);
  });
});

describe("a file", () => {
  test("that is valid", async () => {
    const folder = folderOf({ "a.yaml": "name: a\n" });
    expect(await validate(folder, ["a.yaml"])).toEqual({ exitCode: 0, out: "1 file checked: no problems\n", err: "" });
  });

  test("with an error is shown as a compiler does it", async () => {
    const folder = folderOf({ "a.yaml": "name: a\ngreting: hello\n" });
    const { exitCode, out } = await validate(folder, ["a.yaml"]);
    expect(exitCode).toBe(1);
    expect(out).toBe(
      "a.yaml:2:1: error[unknown-key]: unknown key `greting`\n" +
        "2 | greting: hello\n  | ^^^^^^^\n  = hint: did you mean `greeting`?\n\n1 file checked: 1 error\n" +
        "kanod-configure explain CODE explains the code in square brackets\n",
    );
  });

  test("with colours where they are wanted", async () => {
    const folder = folderOf({ "a.yaml": "nam: a\n" });
    expect((await validate(folder, ["a.yaml"], { color: true })).out).toContain("\u001b[1;31merror");
  });

  test("that a contribution's check refuses", async () => {
    const folder = folderOf({ "a.yaml": "name: a\ngreeting: away!\n", "b.yaml": "name: a\nboot: {disk: lost}\n" });
    const { exitCode, out } = await validate(folder, ["a.yaml", "b.yaml"]);
    expect(exitCode).toBe(1);
    expect(out).toContain("a.yaml:2:11: error[unkind]");
    expect(out).toContain("b.yaml:2:14: error[no-disk]");
  });

  test("whose check fails itself says so", async () => {
    const folder = folderOf({ "a.yaml": "name: a\ngreeting: throw\n" });
    const { exitCode, out } = await validate(folder, ["a.yaml"]);
    expect(exitCode).toBe(1);
    expect(out).toContain('error[check-failed]: the check of contribution "greeter" failed: Error: no greeting');
  });

  test("with warnings only fails where --strict asks for it", async () => {
    const folder = folderOf({ "a.yaml": "name: a\ngreeting: oh\n" });
    expect((await validate(folder, ["a.yaml"])).exitCode).toBe(0);
    const { exitCode, out } = await validate(folder, ["--strict", "a.yaml"]);
    expect(exitCode).toBe(1);
    expect(out).toContain("1 file checked: 1 warning");
  });

  test("shows no secret", async () => {
    const folder = folderOf({
      "a.yaml": "name: a\npassword: [sesame]\n",
      "b.yaml": "name: a\npassword: 'sesame\n",
      "c.yaml": `#cloud-config\nbootcmd:\n- a: b\nwrite_files:\n- path: /etc/kanod-configure/configuration.yaml\n  content: "name: a\\npassword: [sesame]"\n`,
      "d.yaml": "apiVersion: v1\nkind: Secret\nstringData:\n  password: 'sesame\n",
    });
    for (const format of ["text", "json", "sarif", "github"]) {
      const { exitCode, out, err } = await validate(folder, ["--format", format, "."]);
      expect(exitCode).toBe(1);
      expect(out + err).not.toContain("sesame");
    }
  });

  test("from standard input", async () => {
    const { exitCode, out } = await validate("/", ["-"], { stdin: "name: [a]\n" });
    expect(exitCode).toBe(1);
    expect(out).toContain("<stdin>:1:7: error[wrong-type]");
  });

  test("with --boot is a boot document", async () => {
    const folder = folderOf({ "a.yaml": "disk: sda\n", "b.yaml": "name: a\n" });
    expect((await validate(folder, ["--boot", "a.yaml"])).exitCode).toBe(0);
    expect((await validate(folder, ["--boot", "b.yaml"])).out).toContain("b.yaml:1:1: error[unknown-key]");
    expect((await validate(folder, ["--boot", "-"], { stdin: "" })).exitCode).toBe(0);
  });

  test("of a module of the image builder", async () => {
    const folder = folderOf({ "m/config.yaml": "recipes:\n- elements: vm\n" });
    const { exitCode, out } = await validate(folder, ["m"]);
    expect(exitCode).toBe(1);
    expect(out).toContain("m/config.yaml:2:13: error[wrong-type]");
  });

  test("of a kind that this program cannot check has a note", async () => {
    const folder = folderOf({ "m/config.yaml": "recipes:\n- elements: vm\n" });
    const { io, out } = testIo(["kanod-configure", "validate", "m"], { workingDirectory: folder });
    expect(await main(io, image)).toBe(0);
    expect(out()).toContain("note[not-checked]");
  });
});

describe("--schema", () => {
  const schema = "$schema: http://json-schema.org/draft-07/schema#\ntype: object\nadditionalProperties: false\n";

  test("replaces the schema of this program, and its checks", async () => {
    const folder = folderOf({
      "s.yaml": `${schema}properties: {greeting: {const: away!}}\n`,
      "a.yaml": "greeting: away!\n",
      "b.yaml": "name: b\n",
    });
    expect((await validate(folder, ["--schema", "s.yaml", "a.yaml"])).exitCode).toBe(0);
    expect((await validate(folder, ["--schema", "s.yaml", "b.yaml"])).out).toContain("b.yaml:1:1: error[unknown-key]");
  });

  test("knows whether a network configuration can be checked", async () => {
    const folder = folderOf({ "s.yaml": schema, "n.yaml": "network: {version: 2}\n" });
    expect((await validate(folder, ["--schema", "s.yaml", "n.yaml"])).out).toContain("note[not-checked]");
  });

  test.each<[string, string, string]>([
    ["is missing", "", "no such file"],
    ["is no YAML", "a: [", "yaml-syntax"],
    ["is no schema", "type: 5", "bad-schema"],
    ["is a number", "5", "bad-schema"],
    ["points to nothing", "properties: {a: {$ref: '#/definitions/b'}}", "dangling-ref"],
  ])("that %s is exit code 3", async (_, text, expected) => {
    const folder = folderOf({ "a.yaml": "name: a\n", ...(text === "" ? {} : { "s.yaml": text }) });
    const { exitCode, err } = await validate(folder, ["--schema", "s.yaml", "a.yaml"]);
    expect(exitCode).toBe(3);
    expect(err).toContain(expected);
  });
});

describe("a folder", () => {
  test("is walked for YAML and user-data", async () => {
    const folder = folderOf({
      "b/a.yml": "name: [a]\n",
      "a.yaml": "name: [a]\n",
      "user-data": "#cloud-config\nbootcmd:\n- a: b\n",
      "x/user_data.txt": "#cloud-config\nbootcmd:\n- a: b\n",
      "c.json": "{",
      "d.txt": "{",
      ".hidden/a.yaml": "name: [a]\n",
      "node_modules/a.yaml": "name: [a]\n",
    });
    const { exitCode, out } = await validate(folder, ["--format", "json", "."]);
    expect(exitCode).toBe(1);
    const { files } = JSON.parse(out) as { files: { file: string }[] };
    expect(files.map(({ file }) => file)).toEqual(["a.yaml", "b/a.yml", "user-data", "x/user_data.txt"]);
  });

  test("may hold YAML of other programs", async () => {
    const folder = folderOf({
      "workflow.yaml": "name: CI\non: push\njobs: {}\n",
      "compose.yml": "services: {}\nvolumes: {}\n",
      "list.yaml": "- a\n",
      "tags.yaml": "a: !vault secret\n",
      "chart.yaml": "{{- if .Values.a }}\na: {{ .Values.b }}\n{{- end }}\n",
      "object.yaml": "apiVersion: v1\nkind: ConfigMap\n",
      "autoinstall.yaml": "runcmd: [ls]\nidentity: {}\n",
      "a.yaml": "name: a\n",
    });
    expect(await validate(folder, ["."])).toEqual({
      exitCode: 0,
      out: "8 files checked (7 of other programs): no problems\n",
      err: "",
    });
  });

  test("with YAML that is broken fails", async () => {
    const folder = folderOf({ "a.yaml": "name: a\n", "b.yaml": "a: [\n" });
    const { exitCode, out } = await validate(folder, ["."]);
    expect(exitCode).toBe(1);
    expect(out).toContain("b.yaml:1:4: error[yaml-syntax]");
  });

  test.each<[string, string, string]>([
    ["a template", "a: [{{ b }}\nc: [\n", "2:4: note[not-checked]"],
    ["what other programs allow", "a: 1\na: 2\n", "2:1: note[not-checked]"],
    ["a program about user-data", "", ""],
  ])("with %s of another program does not fail", async (_, text, expected) => {
    const name = text === "" ? "user_data.py" : "b.yaml";
    const folder = folderOf({ "a.yaml": "name: a\n", [name]: text === "" ? "a: [" : text });
    const { exitCode, out } = await validate(folder, ["."]);
    expect(exitCode).toBe(0);
    expect([...out.matchAll(/\w+(?:\.py|\.yaml):(\d+:\d+: \w+\[[a-z-]+\])/g)].map((match) => match[1])).toEqual(
      expected === "" ? [] : [expected],
    );
  });

  test.each<[string[], string[]]>([
    [["*.yml"], ["a.yaml", "d/a.yaml", "d/e/a.yaml"]],
    [["d"], ["a.yaml", "b.yml"]],
    [["d/"], ["a.yaml", "b.yml"]],
    [
      ["e", "b.yml"],
      ["a.yaml", "d/a.yaml"],
    ],
    [["/a.yaml"], ["b.yml", "d/a.yaml", "d/b.yml", "d/e/a.yaml"]],
    [["d/*.yaml"], ["a.yaml", "b.yml", "d/b.yml", "d/e/a.yaml"]],
    [["**/e/**"], ["a.yaml", "b.yml", "d/a.yaml", "d/b.yml"]],
    [["**/a.yaml"], ["b.yml", "d/b.yml"]],
    [["?.y{a,x}ml"], ["b.yml", "d/b.yml"]],
    [["[!a].*"], ["a.yaml", "d/a.yaml", "d/e/a.yaml"]],
  ])("without what --exclude %j matches", async (patterns, expected) => {
    const names = ["a.yaml", "b.yml", "d/a.yaml", "d/b.yml", "d/e/a.yaml"];
    const folder = folderOf(Object.fromEntries(names.map((name) => [name, "name: a\n"])));
    const { out } = await validate(folder, [
      "--format",
      "json",
      ...patterns.flatMap((each) => ["--exclude", each]),
      ".",
    ]);
    expect((JSON.parse(out) as { files: { file: string }[] }).files.map(({ file }) => file)).toEqual(expected);
  });

  test("with links that lead in a circle has an end", async () => {
    const folder = folderOf({ "a/a.yaml": "name: a\n" });
    symlinkSync("..", join(folder, "a/up"));
    symlinkSync("a/a.yaml", join(folder, "link.yaml"));
    symlinkSync("b.yaml", join(folder, "a/b.yaml"));
    symlinkSync("nothing.yaml", join(folder, "c.yaml"));
    const { exitCode, out, err } = await validate(folder, ["."]);
    expect(exitCode).toBe(3);
    expect(out).toBe("4 files checked (2 unreadable): no problems\n");
    expect(err).toContain("a/b.yaml: it is a link that leads to itself [unreadable]");
    expect(err).toContain("c.yaml: it is a link to nothing [unreadable]");
  });

  test("that a link leads to has links that lead out of it", async () => {
    const folder = folderOf({ "real/a.yaml": "name: a\n", "real/below/b.yaml": "" });
    symlinkSync("../a.yaml", join(folder, "real/below/c.yaml"));
    symlinkSync("real/below", join(folder, "link"));
    expect(await validate(folder, ["link/c.yaml"])).toMatchObject({ exitCode: 0, err: "" });
  });

  test("is not what a shell makes of `<(command)`, and the message says what to do instead", async () => {
    const folder = folderOf({});
    symlinkSync("pipe:[4711]", join(folder, "63"));
    const { exitCode, err } = await validate(folder, ["63"]);
    expect(exitCode).toBe(3);
    expect(err).toContain("63: it is a pipe: name - and give it to standard input [unreadable]");
  });

  test("without YAML is exit code 3", async () => {
    const { exitCode, err } = await validate(folderOf({ "a.txt": "" }), ["."]);
    expect(exitCode).toBe(3);
    expect(err).toContain(".: there is no YAML file in this folder [unreadable]");
  });

  test("that takes long shows progress on a terminal", async () => {
    const folder = folderOf(
      Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`${index}.yaml`, "name: a\n"])),
    );
    const { bigint } = process.hrtime;
    let clock = 0n;
    process.hrtime.bigint = () => (clock += 100_000_000n);
    try {
      const { err } = await validate(folder, ["."], { interactive: true });
      expect(err).toContain("\r\u001b[K20 files checked …");
      expect(err.endsWith("\r\u001b[K")).toBe(true);
      expect((await validate(folder, ["."])).err).toBe("");
    } finally {
      process.hrtime.bigint = bigint;
    }
  });
});

describe("bad input", () => {
  test("that cannot be read is exit code 3, whatever else is found", async () => {
    const folder = folderOf({ "a.yaml": "nam: a\n" });
    const { exitCode, out, err } = await validate(folder, ["a.yaml", "b.yaml"]);
    expect(exitCode).toBe(3);
    expect(err).toBe("kanod-configure: b.yaml: there is no such file [unreadable]\n");
    expect(out).toContain("2 files checked (1 unreadable): 2 errors");
    const json = JSON.parse((await validate(folder, ["--format", "json", "b.yaml"])).out);
    expect(json.files[0].problems).toMatchObject([{ severity: "error", code: "unreadable" }]);
  });

  test("that is no file", async () => {
    expect((await validate("/", ["/dev/null"])).exitCode).toBe(3);
  });

  test("that is too large is refused without being read", async () => {
    const folder = folderOf({ "a.yaml": "name: a\n", "d/b.yaml": "" });
    truncateSync(join(folder, "a.yaml"), 3 * 1024 ** 3);
    truncateSync(join(folder, "d/b.yaml"), 3 * 1024 ** 3);
    const { exitCode, out } = await validate(folder, ["a.yaml"]);
    expect([exitCode, out]).toEqual([
      1,
      expect.stringContaining("error[input-too-large]: the file is larger than 16 MiB"),
    ]);
    expect((await validate(folder, ["d"])).out).toContain("note[input-too-large]");
  });

  test.each<[string, string | Uint8Array, string]>([
    ["binary", Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff]), "not-utf8"],
    ["nested 10,000 deep", `name: ${"[".repeat(10_000)}`, "too-deep"],
    ["an alias bomb", `name: a\n${bomb()}`, "alias-bomb"],
    ["broken gzip", Buffer.from([0x1f, 0x8b, 8, 0, 0]), "bad-encoding"],
    ["an alias to itself", "a: &a [*a]\n", "circular-alias"],
    ["with control characters", "name: a\u0007\n", "control-character"],
  ])("%s is an error with its place", async (_, content, code) => {
    const { exitCode, out } = await validate(folderOf({ "a.yaml": content }), ["a.yaml"]);
    expect(exitCode).toBe(1);
    expect(out).toContain(`error[${code}]`);
  });

  test.each<[string, string[], string]>([
    ["no file", [], "missing required argument"],
    ["an unknown format", ["--format", "xml", "a"], "text, json, sarif, github"],
    ["an unknown option", ["--strct", "a"], "--strict"],
    ["no file at all", [], "kanod-configure validate --help"],
  ])("%s is a usage error", async (_, args, expected) => {
    const { exitCode, err } = await validate("/", args);
    expect(exitCode).toBe(2);
    expect(err).toContain(expected);
  });

  test("in a file that only others may read", async () => {
    const folder = folderOf({ "a.yaml": "name: a\n" });
    chmodSync(join(folder, "a.yaml"), 0);
    // Root may read it all the same.
    expect((await validate(folder, ["a.yaml"])).exitCode).toBe(process.getuid?.() === 0 ? 0 : 3);
  });
});

function bomb(): string {
  const levels = Array.from(
    { length: 9 },
    (_, level) =>
      `l${level}: &l${level} [${Array(9)
        .fill(level === 0 ? "x" : `*l${level - 1}`)
        .join(", ")}]`,
  );
  return `${levels.join("\n")}\n`;
}

describe("the formats for programs", () => {
  const files = { "dir, with:signs/a b.yaml": 'name: a\ngreting: "50%"\ngreeting: hi\n', "c.yaml": "name: c\n" };

  test("json is documented, and has all", async () => {
    const { out } = await validate(folderOf(files), ["--format", "json", "c.yaml", "dir, with:signs"]);
    expect(JSON.parse(out)).toEqual({
      version: 1,
      files: [
        { file: "c.yaml", documents: [{ kind: "configuration", pointer: "", line: 1 }], problems: [] },
        {
          file: "dir, with:signs/a b.yaml",
          documents: [{ kind: "configuration", pointer: "", line: 1 }],
          problems: [
            {
              severity: "error",
              code: "unknown-key",
              pointer: "/greting",
              message: "unknown key `greting`",
              hint: "did you mean `greeting`?",
              source: { file: "dir, with:signs/a b.yaml", line: 2, column: 1, endColumn: 8 },
            },
          ],
        },
      ],
    });
  });

  test("github is workflow commands", async () => {
    const { out } = await validate(folderOf(files), ["--format", "github", "."]);
    expect(out).toBe(
      "::error file=dir%2C with%3Asigns/a b.yaml,line=2,col=1,endColumn=8,title=unknown-key::" +
        "unknown key `greting`%0Adid you mean `greeting`?\n2 files checked: 1 error\n",
    );
  });

  test("sarif has results, rules and what could not be read", async () => {
    const { exitCode, out } = await validate(folderOf(files), ["--format", "sarif", ".", "/nowhere"]);
    expect(exitCode).toBe(3);
    const { version, runs } = JSON.parse(out);
    expect(version).toBe("2.1.0");
    expect(runs).toMatchObject([
      {
        tool: { driver: { name: "kanod-configure", version: "0.0.0-test", rules: [{ id: "unknown-key" }] } },
        columnKind: "unicodeCodePoints",
        results: [
          {
            ruleId: "unknown-key",
            level: "error",
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: "dir%2C%20with%3Asigns/a%20b.yaml" },
                  region: { startLine: 2, startColumn: 1, endColumn: 8 },
                },
                logicalLocations: [{ fullyQualifiedName: "/greting" }],
              },
            ],
          },
        ],
        invocations: [{ executionSuccessful: false, toolExecutionNotifications: [{ level: "error" }] }],
      },
    ]);
  });

  test.each(["json", "sarif"])("%s without problems is whole, too", async (format) => {
    const { exitCode, out } = await validate(folderOf({ "a.yaml": "name: a\n" }), ["--format", format, "a.yaml"]);
    expect(exitCode).toBe(0);
    expect(() => JSON.parse(out)).not.toThrow();
  });
});
