import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { check, documentsIn, problemsIn } from "../../../support/embedded.ts";

const base64 = (text: string | Buffer): string => Buffer.from(text).toString("base64");

/** A cloud-config that writes and applies a configuration; the entry of write_files has these lines more. */
const userData = (...lines: string[]): string =>
  [
    "#cloud-config",
    "write_files:",
    "  - path: /etc/kanod-configure/configuration.yaml",
    '    permissions: "0600"',
    ...lines,
    "runcmd:",
    "  - kanod-runcmd",
    "",
  ].join("\n");

const withContent = (...lines: string[]): string => userData("    content: |", ...lines.map((line) => `      ${line}`));

describe("a configuration within cloud-config", () => {
  test("that is right has no problems", () => {
    const text = withContent("name: node1", "greeting: hello");
    expect(problemsIn(text)).toEqual([]);
    expect(documentsIn(text)).toEqual(["cloud-config", "configuration /write_files/0/content"]);
  });

  test.each<[string, string, string[]]>([
    ["a block", withContent("name: node1", "greting: hello"), ["7:7 unknown-key"]],
    ["its YAML", withContent("name: node1", "greeting: 'hello"), ["7:17 yaml-syntax"]],
    ["double quotes", userData('    content: "name: node1\\ngreting: hello\\n"'), ["5:28 unknown-key"]],
    ["single quotes", userData("    content: '{name: node1, greting: hello}'"), ["5:29 unknown-key"]],
    ["plain text", userData("    content: name", "      node"), ["5:14 not-a-mapping"]],
    ["nothing", userData("    content: ''"), ["5:15 missing-key"]],
    ["a folded block", userData("    content: >", "      {name: node1,", "      greting: hello}"), ["7:7 unknown-key"]],
  ])("is found in %s, and its problems have their places there", (_, text, expected) => {
    expect(problemsIn(text)).toEqual(expected);
  });

  const broken = "name: node1\ngreting: hello\n";
  test.each<[string, string, string]>([
    ["base64", "b64", base64(broken)],
    ["base64 in lines", "base64", `${base64(broken).slice(0, 8)}\n${base64(broken).slice(8)}`],
    ["gzip and base64", "gz+b64", base64(gzipSync(broken))],
    ["gzip and base64 by their long names", "gzip+base64", base64(gzipSync(broken))],
  ])("in %s is told by the place of the text and the place within", (_, encoding, content) => {
    const lines = content.split("\n").map((line) => `      ${line}`);
    const { problems, maskedLines } = check(userData(`    encoding: ${encoding}`, "    content: |", ...lines));
    expect(problems.map(({ code, source }) => [code, source?.line, source?.column])).toEqual([["unknown-key", 7, 7]]);
    expect(problems[0]?.message).toContain("line 2, column 1 of the decoded text");
    expect([...maskedLines]).toContain(7);
  });

  test("in the binary form of YAML is unpacked", () => {
    expect(problemsIn(userData(`    content: !!binary ${base64(broken)}`))).toEqual(["5:23 unknown-key"]);
    const packed = base64(gzipSync(broken));
    for (const encoding of ["gzip", "gz"]) {
      expect(problemsIn(userData(`    encoding: ${encoding}`, `    content: !!binary ${packed}`))).toEqual([
        "6:23 unknown-key",
      ]);
    }
  });

  test("that does not fit its encoding is an error", () => {
    expect(problemsIn(userData("    encoding: b64", "    content: 'name: node1'"))).toEqual(["6:14 bad-encoding"]);
    expect(problemsIn(userData("    encoding: gz+b64", `    content: ${base64(broken)}`))).toEqual([
      "6:14 bad-encoding",
    ]);
    const unpadded = base64("name: node12").replace(/=+$/, "") + base64("a").replace(/=+$/, "");
    expect(problemsIn(userData("    encoding: b64", `    content: ${unpadded}`))).toEqual(["6:14 bad-encoding"]);
    const binary = base64(Buffer.from([0xff, 0xfe, 0]));
    expect(problemsIn(userData("    encoding: b64", `    content: ${binary}`))).toEqual(["6:14 bad-encoding"]);
  });

  test("with an encoding that cloud-init does not know is plain text", () => {
    expect(problemsIn(userData("    encoding: bas64", "    content: 'name: node1'"))).toEqual([
      "5:15 unknown-encoding",
    ]);
  });

  test.each(["text/plain", "''", "Base64"])("with the encoding %s that cloud-init knows has no problem", (encoding) => {
    const content = encoding === "Base64" ? base64("name: node1") : "'name: node1'";
    expect(problemsIn(userData(`    encoding: ${encoding}`, `    content: ${content}`))).toEqual([]);
  });

  test("without a text is an error", () => {
    expect(problemsIn(userData("    content:", "      name: node1"))).toEqual(["6:7 no-content"]);
    expect(problemsIn(userData())).toEqual(["3:11 no-content"]);
  });

  test("from elsewhere is said not to be checked", () => {
    expect(problemsIn(userData("    source: {uri: http://192.0.2.1/x}"))).toEqual(["5:5 not-checked"]);
  });

  test("does not show the lines of secrets", () => {
    const { maskedLines } = check(withContent("name: node1", "password: [a]"));
    expect([...maskedLines]).toEqual([7]);
  });

  test("and system.yaml are checked each by its own schema", () => {
    const text = withContent("name: node1").replace(
      "runcmd:",
      "  - path: /etc/kanod-configure/system.yaml\n    content: 'network: {renderer: magic}'\nruncmd:",
    );
    expect(problemsIn(text)).toEqual(["8:35 not-in-enum"]);
  });
});

describe("permissions of the configuration", () => {
  const withPermissions = (line: string): string =>
    withContent("name: node1").replace('    permissions: "0600"\n', line === "" ? "" : `    ${line}\n`);

  test.each(['"0600"', "'0600'", '"600"', '"0o600"', "0600", "0o600", "'0400'", '"{{ x }}"'])(
    "%s are right",
    (written) => {
      expect(problemsIn(withPermissions(`permissions: ${written}`))).toEqual([]);
    },
  );

  test.each<[string, string]>([
    ['permissions: "0644"', "4:18 readable-by-others"],
    ["permissions: 0640", "4:18 readable-by-others"],
    ["", "3:11 readable-by-others"],
    ["permissions:", "3:11 readable-by-others"],
    ["permissions: 600", "4:18 bad-permissions"],
    ['permissions: "u=rw"', "4:18 bad-permissions"],
    ['permissions: "0800"', "4:18 bad-permissions"],
    ["permissions: [6]", "4:18 bad-permissions"],
  ])("%s are reported", (line, expected) => {
    expect(problemsIn(withPermissions(line))).toEqual([expected]);
  });

  test("without quotes are explained as the decimal number that they are", () => {
    expect(check(withPermissions("permissions: 600")).problems[0]?.message).toContain("01130");
  });
});

describe("what is around a configuration", () => {
  const files =
    "write_files:\n- {path: /etc/kanod-configure/configuration.yaml, permissions: '0600', content: 'name: a'}\n";

  test.each<[string, string, string[]]>([
    ["no call", `#cloud-config\n${files}`, ["3:10 missing-runcmd"]],
    ["commands but no call", `#cloud-config\n${files}runcmd: [ls]\n`, ["3:10 missing-runcmd"]],
    ["a call by its path", `#cloud-config\n${files}runcmd: [/usr/local/bin/kanod-runcmd 50]\n`, []],
    ["a call as words", `#cloud-config\n${files}runcmd: [[kanod-runcmd, 50]]\n`, []],
    ["a call in a shell", `#cloud-config\n${files}runcmd: [[sh, -c, 'set -e; kanod-runcmd']]\n`, []],
    ["a call under conditions", `#cloud-config\n${files}runcmd: ["if true; then sudo -E kanod-runcmd; fi"]\n`, []],
    ["a call with a deadline", `#cloud-config\n${files}runcmd: [timeout 600 kanod-runcmd]\n`, []],
    ["a call of something else", `#cloud-config\n${files}runcmd: [echo kanod-runcmd]\n`, ["3:10 missing-runcmd"]],
    [
      "a call in a script that is written",
      `#cloud-config\n${files}- {path: /go, content: "#!/bin/sh\\nkanod-runcmd"}\nruncmd: [/go]\n`,
      [],
    ],
    ["a call in bootcmd", `#cloud-config\nbootcmd: [kanod-runcmd]\n${files}`, ["2:11 wrong-stage"]],
    [
      "a call of bootcmd in runcmd",
      `#cloud-config\n${files}runcmd: [kanod-bootcmd, kanod-runcmd]\n`,
      ["4:10 wrong-stage"],
    ],
    ["a call without configuration", "#cloud-config\nruncmd: [kanod-runcmd]\n", ["2:10 missing-configuration"]],
    [
      "a call with a configuration of its own",
      "#cloud-config\nruncmd:\n- |\n  kanod-runcmd --config - <<E\n  nme: a\n  E\n",
      ["5:3 missing-key", "5:3 unknown-key"],
    ],
  ])("%s", (_, text, expected) => {
    expect(problemsIn(text)).toEqual(expected);
  });

  test("is called by our images where the user-data has no commands that take the place of theirs", () => {
    const said = (text: string): string | undefined => check(text).problems[0]?.message;
    expect(said(`#cloud-config\n${files}`)).toMatch(/only an image that does it itself applies/);
    for (const commands of ["[ls]", "[]", ""]) {
      expect(said(`#cloud-config\n${files}runcmd: ${commands}\n`)).toMatch(/will not be applied/);
    }
  });

  test.each<[string, string[]]>([
    ["kanod-runcmd 50 --resume", []],
    ["kanod-runcmd abc", ["4:23 bad-arguments"]],
    ["kanod-runcmd 50 60", ["4:26 bad-arguments"]],
    ["kanod-runcmd --log-level debug --bogus", ["4:41 bad-arguments"]],
    ["kanod-runcmd --log-level loud", ["4:35 bad-arguments"]],
    ["kanod-runcmd --log-level", ["4:23 bad-arguments"]],
    ["kanod-runcmd --dry-run", ["4:23 call-without-effect"]],
    ["kanod-runcmd --help", ["4:23 call-without-effect"]],
    ["kanod-runcmd $PRIORITY", []],
  ])("the arguments of %s are those of the program", (command, expected) => {
    expect(problemsIn(`#cloud-config\n${files}runcmd: [${command}]\n`)).toEqual(expected);
    const words = command.split(" ").join(", ");
    const asWords = problemsIn(`#cloud-config\n${files}runcmd: [[${words}]]\n`);
    if (!command.includes("$")) expect(asWords).toHaveLength(expected.length);
    expect(problemsIn(`#cloud-config\nbootcmd: [kanod-bootcmd 50 < /dev/null]\n`)).toContain("2:25 bad-arguments");
  });

  test("a near option is suggested", () => {
    const { problems } = check(`#cloud-config\n${files}runcmd: [kanod-runcmd --dry-rnu]\n`);
    expect(problems.map(({ code, hint }) => [code, hint?.includes("--dry-run")])).toEqual([["bad-arguments", true]]);
  });

  test.each<[string, string, string[]]>([
    ["in a command", "#cloud-config\nruncmd:\n- |\n  BODY\n- kanod-runcmd\n", ["6:3 unknown-key"]],
    [
      "in a command, and not applied",
      "#cloud-config\nruncmd:\n- |\n  BODY\n",
      ["4:9 missing-runcmd", "6:3 unknown-key"],
    ],
    ["in a script", "#!/bin/sh\nBODY\nkanod-runcmd\n", ["4:1 unknown-key"]],
    [
      "in a script that is written",
      "#cloud-config\nwrite_files:\n- path: /go\n  content: |\n    #!/usr/bin/env bash\n    BODY\n    kanod-runcmd a\nruncmd: [/go]\n",
      ["8:5 unknown-key", "10:18 bad-arguments"],
    ],
    ["in a list of words", `#cloud-config\nruncmd:\n- [sh, -c, "BODY"]\n- kanod-runcmd\n`, ["3:77 unknown-key"]],
  ])("a configuration that is written %s is checked", (_, text, expected) => {
    const lines = [`cat > /etc/kanod-configure/configuration.yaml <<'EOF'`, "name: a", "greting: b", "EOF"];
    const indent = /^( *)BODY/m.exec(text)?.[1] ?? "";
    const body = text.includes('"BODY"') ? lines.join("\\n") : lines.join(`\n${indent}`);
    expect(problemsIn(text.replace("BODY", () => body))).toEqual(expected);
  });

  test("a configuration that is written in pieces is known only on the machine", () => {
    const path = "/etc/kanod-configure/configuration.yaml";
    expect(
      problemsIn(`#cloud-config\nruncmd:\n- "echo name: a > ${path}"\n- "echo b: c >> ${path}"\n- kanod-runcmd\n`),
    ).toEqual(["3:19 not-checked"]);
  });

  test.each(["mv", "install -m 0600", "sudo cp -f"])(
    "a configuration that is put in its place with %s is checked",
    (command) => {
      const entry = "write_files:\n- {path: /etc/kanod-configure/conf.yaml, permissions: '0600', content: 'nme: a'}\n";
      const move = `${command} /etc/kanod-configure/conf.yaml /etc/kanod-configure/configuration.yaml`;
      const text = `#cloud-config\n${entry}runcmd: [${move}, kanod-runcmd]\n`;
      expect(problemsIn(text)).toEqual(["3:73 missing-key", "3:73 unknown-key"]);
    },
  );

  test("a configuration that is added to is known only on the machine", () => {
    const more = "- {path: /etc/kanod-configure/configuration.yaml, append: true, content: 'greting: b'}\n";
    expect(problemsIn(`#cloud-config\n${files}${more}runcmd: [kanod-runcmd]\n`)).toEqual([
      "3:10 not-checked",
      "4:10 readable-by-others",
    ]);
  });

  test("copies of each other are known only on the machine", () => {
    const path = "/etc/kanod-configure/configuration.yaml";
    expect(problemsIn(`#cloud-config\nruncmd: [cp /a ${path}, cp ${path} /a, kanod-runcmd]\n`)).toEqual([
      "2:16 not-checked",
    ]);
  });

  test("a boot document that a script writes before is read", () => {
    const text = "#cloud-config\nbootcmd:\n- |\n  echo 'dsk: a' > /run/kanod-configure.yaml\n";
    expect(problemsIn(`${text}  kanod-bootcmd < /run/kanod-configure.yaml\n`)).toEqual(["4:9 unknown-key"]);
  });

  test("templates that cloud-init does not fill in", () => {
    const text = "#cloud-config\npackages:\n{{- range .Packages }}\n- {{ . }}\n{{- end }}\nruncmd: [kanod-runcmd a]\n";
    expect(problemsIn(text)).toEqual(["3:1 unfilled-template", "6:10 missing-configuration", "6:23 bad-arguments"]);
    expect(problemsIn(text.replace("#cloud", "## template: jinja\n#cloud"))).toEqual([
      "5:3 bad-template",
      "7:10 missing-configuration",
      "7:23 bad-arguments",
    ]);
    const terraform = `#cloud-config\n${files.replace("name: a", "name: {n}").replace("{n}", "$$$&")}%{ if b ~}\n- [x]\n%{ endif ~}\nruncmd: [kanod-runcmd]\n`;
    expect(problemsIn(terraform)).toEqual(["3:88 template", "4:1 unfilled-template"]);
    expect(problemsIn("#cloud-config\na: [\n").map((each) => each.replace(/.* /, ""))).toEqual(["yaml-syntax"]);
  });

  test.each<[string, string[]]>([
    ["/etc/kanod-configure/config.yaml", ["3:10 wrong-path"]],
    ["/etc/kanod-configure/configuration.yml", ["3:10 wrong-path"]],
    ["/etc/kanod/configuration.yaml", ["3:10 wrong-path"]],
    ["etc/kanod-configure/configuration.yaml", []],
    ["/etc//kanod-configure/./configuration.yaml", []],
    ["/etc/other/configuration.yaml", ["5:3 missing-configuration"]],
  ])("the path %s", (path, expected) => {
    const entry = `write_files:\n- {path: ${path}, permissions: '0600', content: 'name: a'}\n`;
    expect(problemsIn(`#cloud-config\n${entry}runcmd:\n- kanod-runcmd\n`)).toEqual(expected);
  });

  test("a path that is given to the call is right", () => {
    const entry = "write_files:\n- {path: /run/my.yaml, permissions: '0600', content: 'nme: a'}\n";
    for (const option of ["--config /run/my.yaml", "--config=/run/my.yaml"]) {
      expect(problemsIn(`#cloud-config\n${entry}runcmd: [kanod-runcmd ${option}]\n`)).toEqual([
        "3:55 missing-key",
        "3:55 unknown-key",
      ]);
    }
  });

  test.each<[string, string]>([
    ["a mapping in bootcmd", "#cloud-config\nbootcmd:\n- echo a: b\n- kanod-bootcmd\n"],
    ["a number in runcmd", "#cloud-config\nruncmd:\n- 5\n- kanod-bootcmd\n"],
    ["a list in a list", "#cloud-config\nbootcmd:\n- [[a]]\n"],
  ])("%s makes cloud-init skip all commands", (_, text) => {
    expect(problemsIn(text).filter((each) => each.startsWith("3:"))).toEqual([
      expect.stringContaining("command-not-text"),
    ]);
  });

  test.each<[string, string]>([
    ["an empty command", "#cloud-config\nbootcmd:\n- # later\n- ls\n"],
    ["a word that is no text", "#cloud-config\nruncmd:\n- [echo, true, 1.5]\n"],
  ])("%s is nothing to report", (_, text) => {
    expect(problemsIn(text)).toEqual([]);
  });

  test("commands that are no list are not run", () => {
    expect(problemsIn("#cloud-config\nbootcmd: kanod-bootcmd\n")).toEqual(["2:10 commands-not-a-list"]);
    expect(problemsIn("#cloud-config\nbootcmd:\n")).toEqual([]);
  });

  test("a boot part that nobody reads is reported", () => {
    const text = withContent("name: node1", "boot: {disk: sda}");
    expect(problemsIn(text)).toEqual(["3:11 missing-bootcmd"]);
    expect(problemsIn(`${text}bootcmd: [kanod-bootcmd]\n`)).toEqual([]);
    const unit = "  - {path: /etc/systemd/system/a.service, content: 'ExecStart=/usr/local/bin/kanod-bootcmd'}\n";
    expect(problemsIn(text.replace("runcmd:\n", `${unit}runcmd:\n`))).toEqual([]);
    expect(problemsIn(withContent("name: node1", "boot: {}"))).toEqual([]);
  });
});

describe("a boot document", () => {
  const command = (...lines: string[]): string => ["#cloud-config", "bootcmd:", ...lines, ""].join("\n");

  test.each<[string, string, string[]]>([
    [
      "in a here-document",
      command("- |", "  kanod-bootcmd <<'EOF'", "  disk: sda", "  sise: 5", "  EOF"),
      ["6:3 unknown-key"],
    ],
    [
      "that is indented with tabs",
      command("- |", "  kanod-bootcmd <<-EOF", "  \tdisk: 5", "  \tEOF"),
      ["5:10 wrong-type"],
    ],
    [
      "in a here-document of cat",
      command("- |", "  cat <<EOF | kanod-bootcmd", "  sise: 5", "  EOF"),
      ["5:3 unknown-key"],
    ],
    [
      "behind a pipe at the end of a line",
      command("- |", "  cat <<EOF |", "  sise: 5", "  EOF", "  kanod-bootcmd"),
      ["5:3 unknown-key"],
    ],
    ["of echo in a text that YAML cuts", command("- echo '{sise: 5}' | kanod-bootcmd"), ["3:3 command-not-text"]],
    ["of echo in double quotes", command(`- "echo '{sise: 5}' | /usr/local/bin/kanod-bootcmd"`), ["3:11 unknown-key"]],
    ["of echo in several words", command('- "echo {sise: 5} | kanod-bootcmd"'), ["3:9 unknown-key"]],
    ["of printf in quotes", command("- \"printf 'disk: sda\\\\nsise: 5\\\\n' | kanod-bootcmd\""), ["3:24 unknown-key"]],
    ["of printf %s", command("- |", "  printf '%s\\n' 'sise: 5' | kanod-bootcmd"), ["4:18 unknown-key"]],
    ["of a here-string", command("- |", "  bash -c \"kanod-bootcmd <<< 'sise: 5'\""), ["4:31 unknown-key"]],
    ["in base64", command("- |", `  echo ${base64("sise: 5\n")} | base64 -d | kanod-bootcmd`), ["4:8 unknown-key"]],
    [
      "in gzip",
      command("- |", `  echo ${base64(gzipSync("sise: 5\n"))} | base64 --decode | gunzip | kanod-bootcmd`),
      ["4:8 unknown-key"],
    ],
    [
      "in a script that a shell reads",
      command("- |", "  bash -e <<'X'", "  kanod-bootcmd <<E", "  sise: 5", "  E", "  X"),
      ["6:3 unknown-key"],
    ],
    [
      "once for each instance",
      command("- |", "  cloud-init-per once a kanod-bootcmd <<< 'sise: 5'"),
      ["4:44 not-for-sh", "4:44 unknown-key"],
    ],
    [
      "of a here-string with escapes",
      command("- |", "  kanod-bootcmd <<< $'size: 5\\nsise: 5'"),
      ["4:23 not-for-sh", "4:32 unknown-key"],
    ],
    ["of echo with escapes", command("- |", "  echo -e 'size: 5\\nsise: 5' | kanod-bootcmd"), ["4:32 not-checked"]],
    ["in broken base64", command("- |", "  echo aGVsb | base64 -d | kanod-bootcmd"), ["4:8 bad-encoding"]],
    ["of a program", command("- curl http://192.0.2.1/ | kanod-bootcmd"), ["3:28 not-checked"]],
    ["of a file of the image", command("- kanod-bootcmd < /etc/boot.yaml"), ["3:3 not-checked"]],
    ["that is empty", command("- kanod-bootcmd"), []],
    [
      "that does not end",
      command("- |", "  kanod-bootcmd <<EOF", "  size: 5", "   EOF"),
      ["4:3 here-document-end", "5:9 wrong-type"],
    ],
  ])("%s", (_, text, expected) => {
    expect(problemsIn(text)).toEqual(expected);
  });

  test("in a file that is written too late", () => {
    const text = [
      "#cloud-config",
      "bootcmd: ['kanod-bootcmd < /run/boot.yaml']",
      "write_files: [{path: /run/boot.yaml, content: 'sise: 5'}]",
    ].join("\n");
    expect(problemsIn(text)).toEqual(["2:12 written-too-late", "3:48 unknown-key"]);
  });

  test("is found with its pointer", () => {
    expect(documentsIn(command("- ls", "- |", "  kanod-bootcmd <<E", "  size: 5", "  E"))).toEqual([
      "cloud-config",
      "boot /bootcmd/1",
    ]);
  });
});

describe("the form of user-data", () => {
  const inner = withContent("name: node1", "greting: hello");
  const message = (body: string, ...headers: string[]): string =>
    [
      "MIME-Version: 1.0",
      'Content-Type: multipart/mixed; boundary="=="',
      "",
      "preamble",
      "--==",
      ...headers,
      "",
      body,
      "--==",
      "Content-Type: text/x-shellscript",
      "",
      "#!/bin/sh",
      "kanod-bootcmd <<E",
      "sise: 5",
      "E",
      "--==--",
      "",
    ].join("\n");

  test("in gzip is unpacked", () => {
    const { problems } = check(gzipSync(inner));
    expect(problems.map(({ code, source }) => [code, source?.line])).toEqual([["unknown-key", 1]]);
    expect(problems[0]?.message).toContain("line 7, column 7 of the decoded text");
  });

  test("that is packed for ever is refused", () => {
    let packed: Uint8Array = Buffer.from(inner);
    for (let level = 0; level < 9; level++) packed = gzipSync(packed);
    expect(problemsIn(packed)).toEqual(["1:1 bad-encoding"]);
  });

  test("in several parts is read in all of them", () => {
    const text = message(inner, "Content-Type: text/cloud-config");
    expect(problemsIn(text)).toEqual(["14:7 unknown-key", "23:1 unknown-key"]);
    expect(documentsIn(text)).toEqual(["cloud-config", "configuration /write_files/0/content", "boot"]);
    expect(problemsIn(text.replaceAll("\n", "\r\n"))).toEqual(["14:7 unknown-key", "23:1 unknown-key"]);
  });

  test("in parts in base64 and quoted-printable is decoded", () => {
    const headers = ["Content-Type: text/cloud-config", "Content-Transfer-Encoding: base64"];
    const packed = base64(inner).replace(/.{76}/g, "$&\n");
    expect(problemsIn(message(packed, ...headers))).toEqual(["9:1 unknown-key", expect.stringMatching("unknown-key")]);
    const printable = inner.replaceAll("=", "=3D").replace("greting", "gr=65ting");
    expect(problemsIn(message(printable, "Content-Transfer-Encoding: Quoted-Printable"))[0]).toBe("8:1 unknown-key");
    expect(problemsIn(message("%%%", ...headers))).toEqual(["9:1 bad-encoding", "15:1 unknown-key"]);
  });

  test("in parts is what their types say", () => {
    const headless = inner.replace("#cloud-config\n", "");
    const first = (body: string, ...headers: string[]): string | undefined => problemsIn(message(body, ...headers))[0];
    expect(first(headless, 'Content-Type: text/cloud-config; charset="utf-8"')).toBe("13:7 unknown-key");
    expect(first(headless, "Content-Type: text/plain")).toBe("8:1 missing-header");
    expect(first(inner, "Content-Type: text/x-shellscript")).toBe("14:7 unknown-key");
    expect(first("kanod-bootcmd <<E\nsise: 1\nE", "Content-Type: text/x-shellscript-per-boot")).toBe("9:1 unknown-key");
    expect(first(inner, "Content-Type: application/octet-stream")).toBe("8:1 not-checked");
  });

  test("in a part that is packed with gzip is unpacked", () => {
    const headers = ["Content-Type: application/x-gzip", "Content-Transfer-Encoding: base64"];
    const { problems } = check(message(base64(gzipSync(inner)), ...headers));
    expect(problems.map(({ code, source }) => [code, source?.line])).toEqual([
      ["unknown-key", 9],
      ["unknown-key", 15],
    ]);
    expect(problems[0]?.message).toContain("line 7, column 7 of the decoded text");
    expect(problemsIn(message(base64(inner), ...headers))[0]).toBe("9:1 bad-encoding");
  });

  test("in bytes that cloud-init does not look into is no reason to complain", () => {
    const headers = ["Content-Type: application/octet-stream", "Content-Transfer-Encoding: base64"];
    expect(problemsIn(message(base64(Buffer.from([0xff, 0xfe])), ...headers))).toEqual([
      "9:1 not-checked",
      "15:1 unknown-key",
    ]);
  });

  test("in parts without a boundary is refused", () => {
    expect(problemsIn("MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n--x\n")).toEqual(["1:1 bad-encoding"]);
  });

  test("as an archive is read in all its entries", () => {
    const text = `#cloud-config-archive\n- type: text/cloud-config\n  content: |\n${inner.replace(/^(?=.)/gm, "    ")}- |\n  #!/bin/sh\n  kanod-bootcmd <<E\n  sise: 5\n  E\n`;
    expect(problemsIn(text)).toEqual(["10:11 unknown-key", "16:3 unknown-key"]);
  });

  test("as an archive has entries that are cloud-config unless they say otherwise", () => {
    const entry = inner.replace("#cloud-config\n", "").replace(/^(?=.)/gm, "    ");
    expect(problemsIn(`#cloud-config-archive\n- content: |\n${entry}`)).toEqual(["8:11 unknown-key"]);
    expect(problemsIn(`#cloud-config-archive\n- type: text/plain\n  content: |\n${entry}`)).toEqual([
      "4:5 missing-header",
      "9:11 unknown-key",
    ]);
  });

  test("that includes others may have the missing call there", () => {
    const part =
      "#cloud-config\nwrite_files: [{path: /etc/kanod-configure/configuration.yaml, permissions: '0600', content: 'name: a'}]\n";
    const text = `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n${part}\n--b\n\n#include\nhttp://192.0.2.1/\n--b--\n`;
    expect(problemsIn(text)).toEqual([]);
    expect(problemsIn(text.replace("#include", "# include"))).toEqual([expect.stringContaining("missing-runcmd")]);
  });

  test.each(["# cloud-config", "#cloud_config", ""])("with the first line %j is nothing to cloud-init", (first) => {
    expect(problemsIn(inner.replace("#cloud-config", first))[0]).toMatch(/^1:1 missing-header|^2:1 missing-header/);
  });

  test("may have archives within each other, which are not followed for ever", () => {
    let text = inner;
    for (let level = 0; level < 12; level++) text = `#cloud-config-archive\n- ${JSON.stringify(text)}\n`;
    expect(problemsIn(text)).toEqual([expect.stringMatching(/^2:\d+ nested-too-deep$/)]);
  });

  test("that is YAML of another form is no reason to fail", () => {
    for (const text of [
      "#cloud-config\n",
      "#cloud-config\nwrite_files: 5\n",
      "#cloud-config\nwrite_files: [5, {path: 5}]\n",
    ]) {
      expect(problemsIn(text)).toEqual([]);
    }
    expect(problemsIn("#cloud-config\n[]\n")).toEqual(["1:1 refused-by-cloud-init"]);
    expect(problemsIn("#cloud-config\na: [\n")).toEqual([expect.stringContaining("yaml-syntax")]);
  });
});

describe("the YAML of user-data is read as cloud-init's PyYAML does", () => {
  test.each<[string, string, string]>([
    ["a tab before a value", "permissions:\t'0600'", "4:17 refused-by-cloud-init"],
    ["a tab before a comment", "owner: root:root\t# x", "4:21 refused-by-cloud-init"],
    ["a tag that it does not know", "owner: !str root", "4:17 refused-by-cloud-init"],
    ["a date that is none", "x: 2027-13-45", "4:8 refused-by-cloud-init"],
    ["an anchor that is there twice", "x: [&a 1, &a 2]", "4:15 refused-by-cloud-init"],
    ["a lone `=`", "x: =", "4:8 refused-by-cloud-init"],
    ["a `?` in a flow collection", "x: [a?b]", "4:10 refused-by-cloud-init"],
    ["a line break of Unicode", "x: a\u2028y: b: c", "4:8 yaml-syntax"],
  ])("%s loses all of it", (_, line, expected) => {
    const text = userData("    content: |", "      name: node1").replace(
      'permissions: "0600"',
      `permissions: "0600"\n    z: 1`,
    );
    expect(problemsIn(text.replace("z: 1", "z: a"))).toEqual([]);
    expect(problemsIn(text.replace('permissions: "0600"\n    z: 1', line))).toContain(expected);
  });

  test.each([
    [
      "flow collections that go on in the first column",
      "#cloud-config\nwrite_files: [\n{path: /etc/kanod-configure/configuration.yaml, permissions: '0600',\ncontent: 'name: node1'}\n]\nruncmd: [\nkanod-runcmd\n]\n",
    ],
    [
      "quotes that go on further left",
      `${withContent("name: node1")}final_message: 'first line\n  second line: of the same'\n`,
    ],
    [
      "a binary tag, an octal number, a word of YAML 1.1",
      `${withContent("name: node1").replace('"0600"', "0600")}x: [!!binary YQ==, 0644, yes]\n`,
    ],
  ])("%s is right", (_, text) => {
    expect(problemsIn(text)).toEqual([]);
  });

  test("of a key that is there twice only the last one counts", () => {
    const text = `${withContent("name: node1")}runcmd:\n  - kanod-runcmd\n`;
    expect(problemsIn(text)).toEqual(["9:1 duplicate-key"]);
    expect(check(text).problems[0]?.severity).toBe("warning");
  });

  test("a mode that is none to it becomes 0644", () => {
    expect(problemsIn(withContent("name: node1").replace('"0600"', "0800"))).toEqual(["4:18 bad-permissions"]);
    expect(problemsIn(withContent("name: node1").replace('"0600"', "0o600"))).toEqual([]);
  });
});
