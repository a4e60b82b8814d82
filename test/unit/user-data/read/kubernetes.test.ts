import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { check, documentsIn, problemsIn } from "../../../support/embedded.ts";

const base64 = (text: string | Buffer): string => Buffer.from(text).toString("base64");
const indented = (text: string, indent: string): string => text.replace(/^(?=.)/gm, indent);

/** What clusterctl fills in. */
const variable = (name: string): string => `$\{${name}}`;

const userData = [
  "#cloud-config",
  "write_files:",
  "- path: /etc/kanod-configure/configuration.yaml",
  "  permissions: '0600'",
  "  content: |",
  "    name: node1",
  "    greting: hello",
  "runcmd: [kanod-runcmd]",
  "",
].join("\n");

const object = (kind: string, ...lines: string[]): string =>
  ["apiVersion: example.org/v1", `kind: ${kind}`, "metadata: {name: it}", ...lines, ""].join("\n");

describe("user-data within an object", () => {
  test("of any kind, in any text", () => {
    const text = object("ConfigMap", "data:", "  some.yaml: |", indented(userData, "    "));
    expect(problemsIn(text)).toEqual(["12:9 unknown-key"]);
    expect(documentsIn(text)).toEqual([
      "kubernetes",
      "cloud-config /data/some.yaml",
      "configuration /data/some.yaml/write_files/0/content",
    ]);
  });

  test("in a Secret in base64", () => {
    const { problems, maskedLines } = check(object("Secret", "data:", `  userData: ${base64(userData)}`));
    expect(problems.map(({ code, source }) => `${source?.line}:${source?.column} ${code}`)).toEqual([
      "5:13 unknown-key",
    ]);
    expect(problems[0]?.message).toContain("line 7, column 5 of the decoded text");
    expect([...maskedLines]).toEqual([5]);
  });

  test("in a Secret in gzip", () => {
    const text = object("Secret", "data:", `  value: ${base64(gzipSync(userData))}`);
    expect(problemsIn(text)).toEqual(["5:10 unknown-key"]);
  });

  test("in JSON", () => {
    const text = JSON.stringify({ apiVersion: "v1", kind: "Secret", stringData: { userData } });
    const column = text.indexOf("greting") + 1;
    expect(problemsIn(text)).toEqual([`1:${column} unknown-key`]);
  });

  test("in a list of objects, and in one document of several", () => {
    const item = `- apiVersion: v1\n  kind: Secret\n  stringData:\n    a: |\n${indented(userData, "      ")}`;
    const list = `apiVersion: v1\nkind: List\nitems:\n${item}`;
    expect(problemsIn(`${object("ConfigMap")}---\n${list}---\n`)).toEqual(["18:11 unknown-key"]);
  });

  test("with Jinja's templates is checked but for what they fill in", () => {
    const text = userData
      .replace("#cloud-config", "## template: jinja\n#cloud-config")
      .replace("node1", "{{ ds.meta_data.name }}");
    expect(problemsIn(object("Secret", "stringData:", "  a: |", indented(text, "    ")))).toEqual([
      "12:15 template",
      "13:9 unknown-key",
    ]);
  });

  test("without the first line for templates is not filled in", () => {
    const text = userData.replace("node1", "'{{ ds.meta_data.name }}'").replace("greting", "greeting");
    expect(problemsIn(object("Secret", "stringData:", "  a: |", indented(text, "    ")))).toEqual([
      "11:15 bad-format",
      "11:16 unfilled-template",
    ]);
  });

  test("that is not there is no reason to decode base64", () => {
    const text = object(
      "Secret",
      "data:",
      `  a: ${base64("#cloud-configuration")}`,
      "  b: H4sIAAAAAAAAA",
      "  c: IyMgdGVtcGxhdGU",
    );
    expect(documentsIn(text)).toEqual(["kubernetes", "cloud-config /data/a"]);
    expect(problemsIn(text)).toEqual([]);
  });
});

test("the definition of a kind of objects is none of these", () => {
  const text = object("CustomResourceDefinition", "spec:", "  preKubeadmCommands:", "    type: array");
  expect(problemsIn(text)).toEqual([]);
  expect(problemsIn(text.replace("CustomResourceDefinition", "Other"))).toEqual(["6:5 commands-not-a-list"]);
});

describe("what kubeadm's bootstrap provider writes", () => {
  const controlPlane = (...lines: string[]): string =>
    object("KubeadmControlPlane", "spec:", "  kubeadmConfigSpec:", ...lines.map((line) => `    ${line}`));
  const file = ["files:", "- path: /etc/kanod-configure/configuration.yaml", "  permissions: '0600'"];

  test("is found with its problems", () => {
    const text = controlPlane(
      ...file,
      "  content: |",
      "    name: '{{ ds.meta_data.name }}'",
      "    greting: hello",
      "preKubeadmCommands:",
      "- kanod-runcmd || exit 1",
    );
    expect(problemsIn(text)).toEqual(["10:15 template", "11:9 unknown-key"]);
    expect(documentsIn(text)).toEqual(["kubernetes", "configuration /spec/kubeadmConfigSpec/files/0/content"]);
  });

  test("with variables of clusterctl has a note for each", () => {
    const text = controlPlane(
      ...file,
      "  content: |",
      `    name: ${variable("NAME:=node")}-1`,
      `    mtu: ${variable("MTU")}`,
      "preKubeadmCommands: [kanod-runcmd || exit 1]",
    );
    expect(problemsIn(text)).toEqual(["10:15 template", "11:14 template"]);
  });

  test("lacks a call", () => {
    expect(problemsIn(controlPlane(...file, "  content: 'name: a'", "preKubeadmCommands: [ls]"))).toEqual([
      "7:13 missing-runcmd",
    ]);
    expect(problemsIn(controlPlane(...file, "  content: 'name: a'", "postKubeadmCommands: [kanod-runcmd]"))).toEqual(
      [],
    );
  });

  test("of other providers is found, too", () => {
    const text = object(
      "RKE2ConfigTemplate",
      "spec:",
      ...file.map((line) => `  ${line}`),
      "    content: 'nme: a'",
      "  preRKE2Commands: [kanod-runcmd || exit 1]",
    );
    expect(problemsIn(text)).toEqual(["8:15 missing-key", "8:15 unknown-key"]);
  });

  test("takes permissions as text, and commands too", () => {
    const text = controlPlane(
      "files:",
      file[1] ?? "",
      "  permissions: 0600",
      "  content: 'name: a'",
      "preKubeadmCommands: [kanod-runcmd || exit 1, {a: b}]",
    );
    expect(problemsIn(text)).toEqual(["8:20 bad-permissions", "10:51 command-not-text"]);
  });

  test("calls kanod-bootcmd in bootCommands", () => {
    const text = controlPlane("bootCommands:", "- |", "  kanod-bootcmd <<E", "  sise: {{ x }}", "  E");
    expect(problemsIn(text)).toEqual(["9:7 unknown-key", "9:13 template"]);
  });

  test("from a Secret is looked up in the file", () => {
    const from = (name: string) => `  contentFrom: {secret: {name: ${name}, key: conf.yaml}}`;
    const text = controlPlane(...file, from("mine"), "preKubeadmCommands: [kanod-runcmd || exit 1]");
    const secret = (...lines: string[]) => `---\n${object("Secret", ...lines).replace("name: it", "name: mine")}`;
    expect(problemsIn(text)).toEqual(["9:7 not-checked"]);
    expect(problemsIn(text + secret("data:", `  conf.yaml: ${base64("name: a\nmtu: b\n")}`))).toEqual([
      "16:14 wrong-type",
    ]);
    expect(problemsIn(text + secret("stringData:", "  conf.yaml: |", "    mtu: b"))).toEqual([
      "17:5 missing-key",
      "17:10 wrong-type",
    ]);
    expect(problemsIn(text + secret("data:", "  conf.yaml: 5"))).toEqual(["9:7 not-checked"]);
    expect(problemsIn(text + secret("data:", "  conf.yaml: '%'"))).toEqual([expect.stringContaining("bad-encoding")]);
    expect(documentsIn(text + secret("data:", `  conf.yaml: ${base64("name: a")}`))).toContain(
      "configuration /data/conf.yaml",
    );
    expect(problemsIn(text + secret("stringData:", "  config.yaml: 'name: a'"))).toEqual(["9:47 no-content"]);
  });

  test("from a Secret in a list of objects is looked up there", () => {
    const template = object(
      "KubeadmConfigTemplate",
      "spec:",
      ...file.map((line) => `  ${line}`),
      "    contentFrom: {secret: {name: mine, key: a/b}}",
      "  preKubeadmCommands: [kanod-runcmd || exit 1]",
    );
    const kind = "  apiVersion: v1\n  kind: Secret\n";
    const secret = `- metadata: {name: mine}\n${kind}  stringData:\n    a/b: "mtu: c"\n`;
    const list = (name: string, items: string) => `---\n${object(name)}items:\n- {}\n${items}`;
    const expected = ["20:11 missing-key", "20:16 wrong-type"];
    expect(problemsIn(template + list("List", secret))).toEqual(expected);
    expect(documentsIn(template + list("List", secret))).toContain("configuration /items/1/stringData/a~1b");
    const untyped = secret.replace(kind, "");
    expect(problemsIn(template + list("SecretList", untyped))).toEqual(["18:11 missing-key", "18:16 wrong-type"]);
    expect(problemsIn(template + list("Other", secret))).toEqual(["8:5 not-checked"]);
    const inOne = list("List", `${secret}- ${template.trimEnd().replaceAll("\n", "\n  ")}\n`);
    expect(problemsIn(inOne)).toEqual(["11:11 missing-key", "11:16 wrong-type"]);
  });
});

describe("a manifest that is a template itself", () => {
  test("of clusterctl is read as what it becomes", () => {
    const text = object("Secret", "stringData:", "  a: |", indented(userData, "    ")).replace(
      "{name: it}",
      `{name: ${variable("NAME")}}`,
    );
    expect(problemsIn(text)).toEqual(["12:9 unknown-key"]);
  });

  test("of Helm is read as far as it can be", () => {
    const text = object(
      "ConfigMap",
      "{{- if .Values.x }}",
      "data:",
      "  a: |",
      indented(userData, "    "),
      "{{- end }}",
    );
    expect(problemsIn(text, { otherwise: undefined })).toEqual(["13:9 unknown-key"]);
  });

  test("and no YAML before it is filled in has a note", () => {
    const text = object("ConfigMap", "data:", "  {{ a }}: {{ b }}: {{ c }}");
    expect(problemsIn(text, { otherwise: undefined })).toEqual(["1:1 not-checked"]);
  });

  test("is one also where the user named the file, and where a part of it is no object", () => {
    const text = `${object("ConfigMap", "data: {{ a }}")}---\n{% if b %}\n{{ c }}: 1\n{% endif %}\n`;
    expect(documentsIn(text)).toContain("kubernetes");
    expect(check(text).problems.filter(({ severity }) => severity !== "note")).toEqual([]);
    const chart = `{{- if .Values.x -}}\n${object("ConfigMap", "data: {{ a }}")}{{- end }}\n`;
    expect(documentsIn(chart)).toEqual(["kubernetes"]);
    expect(check(chart).problems.filter(({ severity }) => severity !== "note")).toEqual([]);
  });

  test("with nothing of ours is broken once, where a folder was named", () => {
    const broken = object("Deployment", "spec: {a: [}", "b: [", "c: {");
    expect(problemsIn(broken).length).toBeGreaterThan(1);
    expect(problemsIn(broken, { otherwise: undefined })).toEqual([expect.stringContaining("yaml-syntax")]);
    const twice = object("Kustomization", "a: 1", "a: 2");
    expect(problemsIn(twice, { otherwise: undefined })).toEqual(["5:1 not-checked"]);
  });

  test("may be broken all the same", () => {
    expect(problemsIn(object("ConfigMap", "data: [{{ a }}", "b: ["), { otherwise: undefined })).toEqual([
      expect.stringContaining("yaml-syntax"),
    ]);
  });
});
