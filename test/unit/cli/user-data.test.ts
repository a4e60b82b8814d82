import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { CliIo } from "../../../src/cli/io.ts";
import { main } from "../../../src/cli/main.ts";
import { parseYaml, parseYamlStream } from "../../../src/config/yaml.ts";
import { temporaryFolder, testIo } from "../../support/cli.ts";
import { testImage } from "../../support/image.ts";

const image = testImage({
  properties: {
    greeting: { type: "string" },
    password: { type: "string", "x-kanod-secret": true },
    keys: { type: "object", "x-kanod-secret": true, additionalProperties: { type: "string" } },
  },
  boot: { disk: { type: "string" } },
});

async function run(args: readonly string[], given: Partial<CliIo> & { stdin?: string } = {}) {
  const { io, out, err } = testIo(["kanod-configure", ...args], given);
  return { exitCode: await main(io, image), out: out(), err: err() };
}

/** Runs `user-data` in a folder with a configuration, and maybe more. */
async function userData(configuration: string, args: readonly string[] = [], files: Record<string, string> = {}) {
  const workingDirectory = temporaryFolder();
  for (const [name, text] of Object.entries({ "c.yaml": configuration, ...files }))
    writeFileSync(join(workingDirectory, name), text);
  const result = await run(["user-data", "--config", "c.yaml", ...args], { workingDirectory });
  return { ...result, folder: workingDirectory };
}

/** What `validate` says of a text. */
async function validated(text: string): Promise<{ exitCode: number; kinds: string[]; codes: string[] }> {
  const { exitCode, out } = await run(["validate", "--format", "json", "-"], { stdin: text });
  const [file] = (JSON.parse(out) as { files: { documents: { kind: string }[]; problems: { code: string }[] }[] })
    .files;
  return {
    exitCode,
    kinds: file?.documents.map(({ kind }) => kind) ?? [],
    codes: file?.problems.map(({ code }) => code) ?? [],
  };
}

const configuration = "# A machine\nname: Node1\ngreeting: hello # everybody\nboot:\n  disk: sda\n";

describe("cloud-config", () => {
  test("holds the text as it is, and both calls", async () => {
    const { exitCode, out, err } = await userData(configuration);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(out).toBe(
      [
        "#cloud-config",
        "bootcmd:",
        "  - |",
        "    kanod-bootcmd <<'EOF'",
        "    disk: sda",
        "    EOF",
        "write_files:",
        "  - path: /etc/kanod-configure/configuration.yaml",
        "    owner: root:root",
        '    permissions: "0600"',
        "    content: |",
        ...configuration
          .trimEnd()
          .split("\n")
          .map((line) => `      ${line}`),
        "runcmd:",
        "  - kanod-runcmd || exit 1",
        "",
      ].join("\n"),
    );
    expect(await validated(out)).toEqual({ exitCode: 0, kinds: ["cloud-config", "configuration", "boot"], codes: [] });
  });

  test("without a boot part does not call kanod-bootcmd", async () => {
    for (const boot of ["", "boot: {}\n"]) expect((await userData(`name: a\n${boot}`)).out).not.toContain("bootcmd");
  });

  test("takes a boot document as it is", async () => {
    const boot = "# Here\ndisk: EOF\n";
    const { out } = await userData("name: a\n", ["--boot", "b.yaml"], { "b.yaml": boot });
    expect(out).toContain("    kanod-bootcmd <<'EOF'\n    # Here\n    disk: EOF\n    EOF\n");
    expect((await userData("name: a\n", ["--boot", "b.yaml"], { "b.yaml": "disk:\n  EOF\n" })).out).toContain(
      "<<'EOF'",
    );
    const tricky = await userData("name: a\n", ["--boot", "b.yaml"], { "b.yaml": "disk: |-\n EOF\n# x\n" });
    expect(await validated(tricky.out)).toMatchObject({
      exitCode: 0,
      kinds: ["cloud-config", "configuration", "boot"],
    });
  });

  test("ends its here-document with a line that is not in it", async () => {
    const { out } = await userData("name: a\n", ["--boot", "b.yaml"], { "b.yaml": "{disk:\nEOF\n}\n" });
    expect(out).toContain("<<'EOF_'");
    expect(await validated(out)).toMatchObject({ exitCode: 0, codes: [] });
  });

  test.each<[string, string]>([
    ["line breaks of Windows", "name: a\r\ngreeting: b\r\n"],
    ["a byte-order mark", "\ufeffname: a\ngreeting: b\n"],
    ["no line break at the end", "name: a\ngreeting: b"],
    ["blank lines around it", "\n\n  name: a\n  greeting: b\n\n\n"],
    ["a line separator", 'name: a\ngreeting: "b\u2028"\n'],
    ["a next-line character", 'name: a\ngreeting: "b\u0085c"\n'],
    ["characters beyond the basic plane", "name: a\ngreeting: 𝄞\n"],
  ])("keeps the meaning of a configuration with %s", async (_, text) => {
    const { out } = await userData(text);
    const { write_files } = parseYaml(out, "f").value as { write_files: [{ content: string; encoding?: string }] };
    const [{ content, encoding }] = write_files;
    const written = encoding === undefined ? content : gunzipSync(Buffer.from(content, "base64")).toString();
    expect(parseYaml(written, "f").value).toEqual(parseYaml(text, "f").value);
    expect(await validated(out)).toMatchObject({ exitCode: 0, codes: [] });
  });

  test("hands a boot document with such characters over in base64", async () => {
    const { out } = await userData("name: a\n", ["--boot", "b.yaml"], { "b.yaml": 'disk: "\u2028"\n' });
    expect(out).toContain("base64 -d <<'EOF' | kanod-bootcmd");
    expect(await validated(out)).toMatchObject({ exitCode: 0, kinds: ["cloud-config", "configuration", "boot"] });
  });

  test("over 16 KiB is packed, and says so", async () => {
    const text = `name: a\ngreeting: ${"hello ".repeat(5000)}\n`;
    const { out, err } = await userData(text);
    expect(err).toContain("packed with gzip, because of 16 KiB, the limit of Amazon EC2");
    const { write_files } = parseYaml(out, "f").value as { write_files: [{ content: string; encoding: string }] };
    expect(write_files[0].encoding).toBe("gz+b64");
    expect(gunzipSync(Buffer.from(write_files[0].content, "base64")).toString()).toBe(text);
    expect(await validated(out)).toMatchObject({ exitCode: 0, kinds: ["cloud-config", "configuration"] });
    expect((await userData(text)).out).toBe(out);
  });

  test("that stays too large says so, and is not packed where that makes it larger", async () => {
    const { out, err } = await userData(`name: a\ngreeting: ${randomBytes(30_000).toString("base64")}\n`);
    expect(err).toMatch(/warning: \d+ bytes are more than 16 KiB/);
    expect(err).not.toContain("gzip");
    expect(out).toContain("    content: |\n");
  });
});

test.each([
  ["user-data", "--config", "-", "--boot", "-"],
  ["plan", "--config", "-", "--boot", "-"],
  ["validate", "-", "-"],
])("standard input is read once: %s", async (...args) => {
  const { exitCode, err } = await run(args, { stdin: "name: a\n" });
  expect([exitCode, err.includes("[stdin-twice]")]).toEqual([2, true]);
});

test("a pipe that the shell makes has a hint", async () => {
  const { exitCode, err } = await run(["user-data", "--config", "/dev/fd/999"]);
  expect([exitCode, err.includes("name -")]).toEqual([3, true]);
});

describe("for Kubernetes", () => {
  const label = "a".repeat(60);
  const long = Array(4).fill(label).join(".");

  test.each<[string, RegExp]>([
    ["Node1.Example.org", /^node1\.example\.org$/],
    ["'123'", /^123$/],
    ["'1e5'", /^1e5$/],
    ["'true'", /^true$/],
    ["'2024-01-01'", /^2024-01-01$/],
    [`${long}.abcdefghi`, /^(?:a{60}\.){4}abcdefghi$/],
  ])("the machine %s has names that Kubernetes allows", async (name, expected) => {
    for (const format of ["metal3", "kubeadm"]) {
      const { out } = await userData(`name: ${name}\n`, ["--format", format]);
      const names = parseYamlStream(out, "f").map(
        ({ value }) => (value as { metadata: { name: unknown } }).metadata.name,
      );
      const own = names.at(-1);
      if (format === "kubeadm") expect(own).toEqual(expect.stringMatching(expected));
      for (const each of names) {
        expect(each).toMatch(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/);
        expect((each as string).length).toBeLessThanOrEqual(253);
      }
      expect(await validated(out)).toMatchObject({ exitCode: 0, codes: [] });
    }
  });

  test("objects have the name, the namespace and the version that are asked for", async () => {
    for (const format of ["metal3", "kubeadm"]) {
      const args = ["--format", format, "--name", "pool", "--namespace", "metal", "--cluster-api", "v1beta1"];
      const { out } = await userData("name: node1\n", args);
      const values = parseYamlStream(out, "f").map(({ value }) => value as { metadata: object; apiVersion: string });
      for (const { metadata } of values) expect(metadata).toMatchObject({ namespace: "metal" });
      expect(values.at(-1)?.metadata).toMatchObject({ name: format === "metal3" ? "pool-user-data" : "pool" });
      expect(out.includes("cluster.x-k8s.io/v1beta1")).toBe(format === "kubeadm");
    }
    expect((await userData("name: node1\n", ["--format", "kubeadm"])).out).toContain("cluster.x-k8s.io/v1beta2");
  });

  test.each(["{}", "name: [a]"])("a schema without a name does not help: %s", async (text) => {
    const args = ["--format", "metal3", "--schema", "s.yaml"];
    const { exitCode, err } = await userData(text, args, { "s.yaml": "type: object\n" });
    expect([exitCode, err.includes("[no-name]")]).toEqual([1, true]);
  });

  test("two machines have two names, also where these are cut off or have other characters", async () => {
    const schema = "type: object\nproperties: {name: {type: string}}\n";
    const nameOf = async (name: string): Promise<unknown> => {
      const args = ["--format", "metal3", "--schema", "s.yaml"];
      const { out } = await userData(`name: ${JSON.stringify(name)}\n`, args, { "s.yaml": schema });
      return (parseYaml(out, "f").value as { metadata: { name: unknown } }).metadata.name;
    };
    const names = await Promise.all(
      [`${long}.b`, `${long}.c`, `${long}.bbbbbbbbb`, `${long}.bbbbbbbbc`, "a_b", "a-b", "ü", "é", "-", ""].map(nameOf),
    );
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9.-]{0,251}[a-z0-9]$/);
  });

  test("metal3 is a Secret", async () => {
    const { out } = await userData(configuration, ["--format", "metal3"]);
    const object = parseYaml(out, "f").value as { metadata: object; stringData: { userData: string } };
    expect(object).toMatchObject({ kind: "Secret", metadata: { name: "node1-user-data" } });
    expect(object.stringData.userData).toBe((await userData(configuration)).out);
    expect(await validated(out)).toEqual({
      exitCode: 0,
      kinds: ["kubernetes", "cloud-config", "configuration", "boot"],
      codes: [],
    });
  });

  test("kubeadm is a Secret, and a template that refers to it", async () => {
    const { out } = await userData(configuration, ["--format", "kubeadm"]);
    const [secret, template] = parseYamlStream(out, "f").map(({ value }) => value);
    expect(secret).toMatchObject({
      kind: "Secret",
      metadata: { name: "node1-configuration" },
      stringData: { "configuration.yaml": configuration },
    });
    expect(template).toMatchObject({
      kind: "KubeadmConfigTemplate",
      spec: {
        template: {
          spec: {
            bootCommands: ["kanod-bootcmd <<'EOF'\ndisk: sda\nEOF\n"],
            files: [
              {
                path: "/etc/kanod-configure/configuration.yaml",
                permissions: "0600",
                contentFrom: { secret: { name: "node1-configuration", key: "configuration.yaml" } },
              },
            ],
            preKubeadmCommands: ["kanod-runcmd || exit 1"],
          },
        },
      },
    });
    expect(await validated(out)).toEqual({
      exitCode: 0,
      kinds: ["kubernetes", "kubernetes", "configuration", "boot"],
      codes: [],
    });
  });

  test.each([
    ["that YAML 1.1 reads differently", 'name: a\ngreeting: "\u2028"\n'],
    ["that Jinja would fill in", "name: a\ngreeting: '{{ x }}'\n"],
    ["that begins with blanks", "  name: a\n"],
  ])("a text %s reaches a kubeadm machine in base64", async (_, text) => {
    const { out } = await userData(text, ["--format", "kubeadm"]);
    const [secret, template] = parseYamlStream(out, "f").map(({ value }) => value);
    const { stringData } = secret as { stringData: Record<string, string> };
    expect(Buffer.from(stringData["configuration.yaml"] ?? "", "base64").toString()).toBe(text);
    expect(template).toHaveProperty("spec.template.spec.files.0.encoding", "base64");
    expect(await validated(out)).toMatchObject({ exitCode: 0, codes: [] });
  });

  test("a boot part that Jinja would fill in reaches a kubeadm machine in base64", async () => {
    const { out } = await userData("name: a\nboot: {disk: '{{ x }}'}\n", ["--format", "kubeadm"]);
    const [, template] = parseYamlStream(out, "f").map(({ value }) => value);
    expect(template).toHaveProperty("spec.template.spec.bootCommands.0", expect.stringMatching(/^base64 -d <</));
    expect(await validated(out)).toMatchObject({ exitCode: 0, codes: [], kinds: expect.arrayContaining(["boot"]) });
  });
});

describe("media", () => {
  test("need an output", async () => {
    for (const format of ["nocloud-iso", "configdrive-iso", "nocloud-dir", "configdrive-dir"]) {
      expect((await userData("name: a\n", ["--format", format])).exitCode).toBe(2);
    }
  });

  test("nocloud has user-data and meta-data", async () => {
    const { exitCode, folder } = await userData(configuration, ["--format", "nocloud-dir", "-o", "seed"]);
    expect(exitCode).toBe(0);
    expect(readdirSync(join(folder, "seed")).sort()).toEqual(["meta-data", "user-data"]);
    expect(readFileSync(join(folder, "seed/user-data"), "utf8")).toBe((await userData(configuration)).out);
    const metaData = JSON.parse(readFileSync(join(folder, "seed/meta-data"), "utf8"));
    expect(metaData).toEqual({
      "instance-id": expect.stringMatching(/^Node1-[0-9a-f]{12}$/),
      "local-hostname": "Node1",
    });
    expect(statSync(join(folder, "seed/user-data")).mode & 0o777).toBe(0o600);
  });

  test("configdrive has what OpenStack's has", async () => {
    const { folder } = await userData(configuration, ["--format", "configdrive-dir", "-o", "seed"]);
    const latest = join(folder, "seed/openstack/latest");
    expect(readdirSync(latest).sort()).toEqual(["meta_data.json", "user_data"]);
    expect(JSON.parse(readFileSync(join(latest, "meta_data.json"), "utf8"))).toMatchObject({
      uuid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      name: "Node1",
    });
  });

  test("are the same for the same configuration, and another instance for another", async () => {
    const iso = async (text: string): Promise<string> => {
      const { folder } = await userData(text, ["--format", "nocloud-iso", "-o", "a.iso"]);
      return readFileSync(join(folder, "a.iso")).toString("latin1");
    };
    const [first, second, other] = [await iso(configuration), await iso(configuration), await iso("name: Node1\n")];
    expect(second).toBe(first);
    const instance = (image: string): string | undefined => /"instance-id":"([^"]+)"/.exec(image)?.[1];
    expect(instance(other)).not.toBe(instance(first));
  });

  test("are packed only over 64 KiB", async () => {
    const { err } = await userData(`name: a\ngreeting: ${"hello ".repeat(5000)}\n`, [
      "--format",
      "nocloud-dir",
      "-o",
      "s",
    ]);
    expect(err).toBe("");
  });
});

describe("secrets", () => {
  const withSecrets = "name: a\npassword: sesame\nkeys: {a/b: open, c: '@vault:kv1:a:b'}\n";

  test.each(["cloud-config", "metal3", "nocloud-iso"])("in %s are warned of, by name", async (format) => {
    const { exitCode, err } = await userData(withSecrets, ["--format", format, "-o", "out"]);
    expect(exitCode).toBe(0);
    expect(err).toContain("warning: the configuration holds secrets in plain text: password, keys.a/b.");
    expect(err).not.toMatch(/sesame|open/);
  });

  test("in a Secret that only refers to itself are not", async () => {
    expect((await userData(withSecrets, ["--format", "kubeadm"])).err).toBe("");
    expect((await userData("name: a\nkeys: {c: '@vault:kv1:a:b'}\n")).err).toBe("");
  });

  test("are written for the owner's eyes only", async () => {
    const { folder } = await userData(withSecrets, ["-o", "out"]);
    expect(statSync(join(folder, "out")).mode & 0o777).toBe(0o600);
  });
});

describe("what is refused", () => {
  test("an invalid configuration, before anything is written", async () => {
    const { exitCode, out, err, folder } = await userData("nme: a\npassword: [sesame]\n", ["-o", "out"]);
    expect([exitCode, out]).toEqual([1, ""]);
    expect(err).toContain("c.yaml:1:1: error[unknown-key]");
    expect(err).not.toContain("sesame");
    expect(readdirSync(folder)).toEqual(["c.yaml"]);
  });

  test("an invalid boot document", async () => {
    const { exitCode, err } = await userData("name: a\n", ["--boot", "b.yaml"], { "b.yaml": "dsk: a\n" });
    expect(exitCode).toBe(1);
    expect(err).toContain("b.yaml:1:1: error[unknown-key]");
  });

  test("what another schema does not know", async () => {
    const schema = "type: object\nproperties: {name: {}}\nadditionalProperties: false\n";
    expect((await userData(configuration, ["--schema", "s.yaml"], { "s.yaml": schema })).exitCode).toBe(1);
    expect((await userData("name: a\n", ["--schema", "s.yaml"], { "s.yaml": schema })).exitCode).toBe(0);
  });

  test("files that are missing, and places that cannot be written", async () => {
    expect((await run(["user-data", "--config", "/nowhere.yaml"])).exitCode).toBe(3);
    expect((await userData("name: a\n", ["--boot", "b.yaml"])).exitCode).toBe(3);
    expect((await userData("name: a\n", ["-o", "/proc/nowhere/out"])).exitCode).toBe(1);
  });

  test("no configuration", async () => {
    expect((await run(["user-data"])).exitCode).toBe(2);
    expect((await userData("name: a\n", ["--format", "xml"])).exitCode).toBe(2);
  });

  test("but not one from standard input", async () => {
    const { exitCode, out } = await run(["user-data", "--config", "-"], { stdin: "name: a\n" });
    expect([exitCode, out.includes("      name: a\n")]).toEqual([0, true]);
  });
});
