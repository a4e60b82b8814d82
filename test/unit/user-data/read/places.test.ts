/** Places where fleets keep their configurations, besides user-data and the objects of kubeadm. */
import { describe, expect, test } from "vitest";
import { check, documentsIn, problemsIn } from "../../../support/embedded.ts";

const indented = (text: string, indent: string): string => text.replace(/^(?=.)/gm, indent);

const files = `files:
- path: /etc/kanod-configure/configuration.yaml
  permissions: "0600"
  content: |
    name: node1
    greting: b
preKubeadmCommands: [kanod-runcmd || exit 1]
`;
const cloudConfig = `write_files:
- path: /etc/kanod-configure/configuration.yaml
  permissions: "0600"
  content: |
    name: node1
    greting: b
runcmd: [kanod-runcmd]
`;
const object = (kind: string, text: string): string => `apiVersion: v1\nkind: ${kind}\nmetadata: {name: a}\n${text}`;
const patch = (value: string): string => `- op: add
  path: /spec/template/spec/files/-
  value:
${indented(value, "    ")}- op: add
  path: /spec/template/spec/preKubeadmCommands/-
  value: kanod-runcmd --bogus || exit 1
`;
const file =
  'path: /etc/kanod-configure/configuration.yaml\npermissions: "0600"\ncontent: |\n  name: node1\n  greting: b\n';

describe("a configuration is found", () => {
  test.each<[string, string]>([
    ["in the values of a chart", `cluster:\n  spec:\n${indented(files, "    ")}`],
    [
      "in the user-data of an autoinstall",
      `#cloud-config\nautoinstall:\n  user-data:\n${indented(cloudConfig, "    ")}`,
    ],
    [
      "in a text of a ConfigMap",
      object("ConfigMap", `data:\n  values.yaml: |\n    cluster:\n${indented(files, "      ")}`),
    ],
    ["in values of a HelmRelease", object("HelmRelease", `spec:\n  valuesObject:\n${indented(files, "    ")}`)],
    [
      "in text that another program adds the header to",
      object("RKE2ControlPlane", `spec:\n  additionalUserData:\n    config: |\n${indented(cloudConfig, "      ")}`),
    ],
    [
      "in a mapping of files",
      object(
        "HelmRelease",
        `spec:\n  files:\n    /etc/kanod-configure/configuration.yaml:\n${indented(file.replace(/^path.*\n/, ""), "      ")}`,
      ),
    ],
    ["in a patch within a text", object("Kustomization", `patches:\n- patch: |\n${indented(patch(file), "    ")}`)],
    [
      "in a template of a patch",
      object("ClusterClass", `spec:\n  valueFrom:\n    template: |\n${indented(files, "      ")}`),
    ],
  ])("%s", (_, text) => {
    expect(problemsIn(text)).toContainEqual(expect.stringContaining("unknown-key"));
    expect(documentsIn(text)).toContainEqual(expect.stringContaining("configuration "));
    expect(problemsIn(text.replace("greting", "greeting")).filter((each) => !each.includes("bad-arguments"))).toEqual(
      [],
    );
  });

  test("in patches, with their commands", () => {
    const text = object("ClusterClass", `spec:\n  jsonPatches:\n${indented(patch(file), "  ")}`);
    expect(problemsIn(text)).toEqual(["13:9 unknown-key", "16:25 bad-arguments"]);
    expect(problemsIn(patch(file))).toEqual(["8:7 unknown-key", "11:23 bad-arguments"]);
  });
});

describe("a Secret", () => {
  test("whose user-data has no header is nothing to cloud-init", () => {
    const text = object("Secret", `stringData:\n  userData: |\n${indented(cloudConfig, "    ")}`);
    expect(problemsIn(text)).toEqual(["6:5 missing-header", "11:9 unknown-key"]);
  });

  test("with plain text in `data`, or base64 in `stringData`", () => {
    const plain = object("Secret", `data:\n  userData: |\n${indented(`#cloud-config\n${cloudConfig}`, "    ")}`);
    expect(problemsIn(plain)).toEqual(["6:5 bad-encoding", "12:9 unknown-key"]);
    const packed = Buffer.from(`#cloud-config\n${cloudConfig}`).toString("base64");
    expect(problemsIn(object("Secret", `stringData:\n  userData: ${packed}\n`))).toEqual([
      "5:13 bad-encoding",
      "5:13 unknown-key",
    ]);
    expect(problemsIn(object("Secret", `data:\n  userData: ${packed}\n`))).toEqual(["5:13 unknown-key"]);
  });
});

test("what names us and was not understood is said", () => {
  const text = "steps:\n- run: ssh node kanod-runcmd\n";
  expect(problemsIn(text, { otherwise: undefined })).toEqual(["2:17 not-checked"]);
  expect(check(text, { otherwise: undefined }).problems[0]?.severity).toBe("note");
  expect(problemsIn("a: kanod\n", { otherwise: undefined })).toEqual([]);
});

test("what SOPS encrypted is not checked", () => {
  const text = "name: ENC[AES256_GCM,data:a,type:str]\nsops:\n  lastmodified: '2027-01-01T00:00:00Z'\n";
  expect(problemsIn(text)).toEqual(["2:1 not-checked"]);
});

test("a Butane file is not a configuration", () => {
  expect(problemsIn("variant: fcos\nversion: 1.5.0\nstorage: {}\n".replace("1.5.0", "'1.5.0'"))).toEqual([]);
});

describe("templates of Helm", () => {
  const template = object("KubeadmConfigTemplate", `spec:\n${indented(files, "  ")}`);

  test("at the beginning of lines do not end the block around them", () => {
    const text = template
      .replace(
        "      greting: b\n",
        "{{- if .Values.a }}\n      greeting: b\n{{- end }}\n{{ toYaml .Values.b | indent 6 }}\n      mtuu: 1\n",
      )
      .replace("    name", "{{- range .Values.c }}\n      name");
    expect(problemsIn(text)).toContainEqual(expect.stringContaining("unknown-key"));
    expect(problemsIn(text.replace("mtuu", "mtu"))).toEqual([]);
  });

  test("may fill in all commands", () => {
    expect(
      problemsIn(
        template.replace("greting", "greeting").replace("[kanod-runcmd || exit 1]", '{{ include "a" . | nindent 8 }}'),
      ),
    ).toEqual([]);
  });
});

test("quotes that go on further left are YAML to Kubernetes", () => {
  expect(
    problemsIn(
      object("ConfigMap", "data:\n  a: 'first line\n  second line: of it'\n---\napiVersion: v1\nkind: Secret\n"),
    ),
  ).toEqual([]);
});

test("statements of Jinja in the files of kubeadm destroy its user-data", () => {
  const text = object(
    "KubeadmConfig",
    `spec:\n${indented(files.replace("greting: b", "{% if a %}\n    mtu: 5\n    {% endif %}"), "  ")}`,
  );
  expect(problemsIn(text)).toEqual(["10:7 bad-template"]);
  expect(problemsIn(text.replaceAll("{% ", "{%- "))).toEqual([]);
});

test("many documents, and many templates without an end, take no time", () => {
  const begin = performance.now();
  expect(problemsIn("name: a\n---\n".repeat(1000))).toEqual(["2:1 several-documents"]);
  problemsIn(object("ConfigMap", `data:\n  a: |\n${"    {{ kanod-runcmd\n".repeat(30_000)}`));
  expect(performance.now() - begin).toBeLessThan(10_000);
});
