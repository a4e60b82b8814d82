import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { temporaryFolder } from "../support/cli.ts";
import { packageProgram, programFile } from "../support/compiled-agent.ts";

const examples = fileURLToPath(new URL("../../packaging/examples", import.meta.url));

interface Ended {
  exitCode: number | null;
  out: string;
  err: string;
}

/** Runs the built program as a user does, in a folder with the given files. */
function builder(folder: string, args: readonly string[], env: Record<string, string> = {}): Ended {
  const program = join(folder, "kanod-image-builder");
  if (!existsSync(program)) symlinkSync(packageProgram("kanod-image-builder"), program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    env: { PATH: folder, HOME: folder, ...env },
    encoding: "utf8",
  });
  return { exitCode: status, out: stdout, err: stderr };
}

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const header = "apiVersion: kanod.io/v1alpha1\nkind: ImageBuild\nmetadata: { name: doc }\n";

function document(spec: string): string {
  return `${header}spec:\n${spec}`;
}

function run(spec: string, args: readonly string[], env: Record<string, string> = {}, files = {}): Ended {
  return builder(folderWith({ "images.yaml": document(spec), ...files }), ["-f", "images.yaml", ...args], env);
}

/** The calls of diskimage-builder in a script, each with what its environment says of some variables. */
function callsOf(script: string, names: readonly string[]): unknown[] {
  const folder = folderWith({ "script.sh": script });
  const variables = names.map((name) => `"${name}=$${name}"`).join(" ");
  const standIn = `#!/bin/sh\nprintf '%s\\0' ${variables} "$@" >> calls; printf '\\n' >> calls\n`;
  writeFileSync(join(folder, "disk-image-create"), standIn, { mode: 0o755 });
  execFileSync("sh", ["script.sh"], { cwd: folder, env: { PATH: `${folder}:/usr/bin:/bin` } });
  const lines = readFileSync(join(folder, "calls"), "utf8").trimEnd().split("\n");
  return lines.map((line) => line.split("\0").slice(0, -1));
}

describe("the loop over releases of a shell script", () => {
  const script = `for DIB_RELEASE in 25 26 27; do
    export DIB_RELEASE
    disk-image-create -o "template-f\${DIB_RELEASE}-os" fedora-minimal vm simple-init growroot jenkins-slave
done
export DIB_RELEASE=7
disk-image-create -o template-centos7-os centos-minimal vm simple-init growroot jenkins-slave epel
`;

  test("is one document, with the same calls", () => {
    const { exitCode, out, err } = builder(temporaryFolder(), [
      "-f",
      join(examples, "jenkins/images.yaml"),
      "--dry-run",
    ]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    // What diskimage-builder takes by itself where nothing is said stands in our calls.
    const explicit = callsOf(script, ["DIB_RELEASE"]).map((call) =>
      (call as string[]).flatMap((word) => (word === "-o" ? ["-a", "amd64", "-t", "qcow2", "-o"] : word)),
    );
    const named = explicit.map((call) => call.map((word) => (word.startsWith("template-") ? `${word}.qcow2` : word)));
    expect(named).toHaveLength(4);
    expect(callsOf(out, ["DIB_RELEASE"])).toEqual(named);
    expect(out).toContain(`export ELEMENTS_PATH='${join(examples, "jenkins/elements")}:`);
  });

  test("does not begin without the variables that its elements need, and says what they are for", () => {
    const args = ["-f", join(examples, "jenkins/images.yaml")];
    const missing = builder(temporaryFolder(), args);
    expect(missing).toMatchObject({ exitCode: 1, out: "" });
    expect(missing.err).toContain("images.yaml:9:7: error[missing-variable]");
    expect(missing.err).toContain("`JENKINS_PUBLIC_SSH_KEY_PATH`: the public key with which Jenkins logs in");
    const noFile = builder(temporaryFolder(), args, { JENKINS_PUBLIC_SSH_KEY_PATH: "/nowhere" });
    expect(noFile.err).toContain("images.yaml:9:7: error[missing-input]");
  });
});

describe("what we show to others is resolved without a word", () => {
  test.each(globSync("*/*.yaml", { cwd: examples }))("packaging/examples/%s", (file) => {
    const { exitCode, out, err } = builder(temporaryFolder(), ["-f", join(examples, file), "--dry-run"]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(out).toContain("\ndisk-image-create ");
  });

  test.each(["README.md", "docs/image-documents.md"])("the documents in %s", (file) => {
    const text = readFileSync(join(examples, "../..", file), "utf8");
    const documents = [...text.matchAll(/^```yaml\n(apiVersion: kanod\.io.*?)^```$/gms)].map(([, block = ""]) => block);
    expect(documents.length).toBeGreaterThan(0);
    for (const document of documents) {
      const folder = folderWith({ "images.yaml": document });
      expect(builder(folder, ["-f", "images.yaml", "--dry-run"])).toMatchObject({ exitCode: 0, err: "" });
    }
  });
});

test("all missing variables of all images are named at once", () => {
  const { exitCode, err } = run(
    "  requiredEnv: [{ name: A, description: first }]\n  images:\n    - { name: x, requiredEnv: [{ name: B, description: second }] }\n",
    [],
  );
  expect(exitCode).toBe(1);
  expect(err).toContain("images.yaml:5:17: error[missing-variable]");
  expect(err).toContain("images.yaml:7:32: error[missing-variable]");
});

describe("what images inherit", () => {
  const spec = `
  elements: [debian-minimal, vm]
  packages: [less]
  env: { DIB_RELEASE: trixie, DIB_A: "1" }
  images:
    - name: base
      abstract: true
      packages: [vim]
      env: { DIB_A: "2" }
    - name: node
      base: base
      elements: ["!vm", openssh-server]
      packages: ["!less", tcpdump]
      env: { DIB_B: "{{ size }}" }
      matrix: { size: [small] }
`;

  test("lists are joined, entries are taken out, mappings are merged", () => {
    const { exitCode, out, err } = run(spec, ["--dry-run"]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(callsOf(out, ["DIB_RELEASE", "DIB_A", "DIB_B"])).toEqual([
      ["DIB_RELEASE=trixie", "DIB_A=2", "DIB_B=small", "-a", "amd64", "-t", "qcow2", "-o", "node.qcow2"].concat([
        "-p",
        "vim,tcpdump",
        "debian-minimal",
        "openssh-server",
      ]),
    ]);
  });

  test("--explain says which line of the document it was", () => {
    const { out } = run(spec, ["--explain"]);
    expect(out).toContain("== node\n");
    expect(out).toContain("- vm\n    doc images.yaml:6:30, always\n    removed by node images.yaml:16:18, always");
  });
});

test("the caller's environment wins only where the document says so", () => {
  const spec =
    "  elements: [x]\n  env: { DIB_A: mine, DIB_B: { value: mine, overridable: true }, DIB_C: { value: mine, overridable: true } }\n";
  const { out } = run(spec, ["--dry-run"], { DIB_A: "caller", DIB_B: "caller" });
  expect(out).toContain("export DIB_A='mine'\n");
  expect(out).not.toContain("DIB_B");
  expect(out).toContain("export DIB_C='mine'\n");
});

test("a value that is a secret is not explained", () => {
  const spec = "  elements: [x]\n  env: { DIB_A: { value: hunter2, secret: true } }\n";
  const { out } = run(spec, ["--explain"]);
  expect(out).toContain("DIB_A = (secret)");
  expect(out).not.toContain("hunter2");
});

test("a name that ends like a file keeps its end", () => {
  const spec = "  elements: [x]\n  images: [{ name: node.qcow2 }]\n";
  expect(run(spec, ["--dry-run"]).out).toContain("-o node.qcow2.qcow2 x\n");
});

describe("a matrix", () => {
  const spec = `
  modules: [core]
  matrix: { release: [trixie, bookworm] }
  images:
    - name: "node-{{ release }}-{{ firmware }}"
      matrix: { firmware: [bios, efi] }
`;

  test("gives one image for each combination, and sets the options of its names", () => {
    const { out } = run(spec, ["--list"]);
    expect(out).toBe(
      ["trixie-bios", "trixie-efi", "bookworm-bios", "bookworm-efi"]
        .map((name) => `${`node-${name}`.padEnd(18)}  node-${name}.qcow2\n`)
        .join(""),
    );
    const { out: script } = run(spec, ["--dry-run", "--only", "node-bookworm-bios"]);
    expect(script).toContain("export DIB_RELEASE='bookworm'");
    expect(script).toContain("block-device-gpt");
    expect(script.match(/disk-image-create/g)).toHaveLength(1);
  });

  test("is printed for other engines", () => {
    const { include } = JSON.parse(run(spec, ["--list", "--format", "json"]).out);
    expect(include).toHaveLength(4);
    expect(include[3]).toEqual({
      name: "node-bookworm-efi",
      architecture: "amd64",
      matrix: { release: "bookworm", firmware: "efi" },
      files: ["node-bookworm-efi.qcow2"],
    });
  });
});

test("outputs decide what diskimage-builder makes", () => {
  const spec = `
  elements: [x]
  outputFolder: out
  outputs:
    - { action: build-root, format: folder }
    - { action: build-qcow, format: raw, fileName: disk.img }
`;
  const { out } = run(spec, ["--dry-run"]);
  expect(out).toContain("disk-image-create -a amd64 -t tar,raw -o out/doc x\n");
  expect(run(spec, ["--list"]).out).toBe("doc  out/doc-root out/disk.img\n");
});

test("a live system is made of the files that the other outputs are made of, and an image without one lacks its element", () => {
  const spec = `
  elements: [x]
  images:
    - name: live
      outputs: [{ action: build-iso, fileName: "{{ of }}.iso" }, { action: build-qcow }]
      matrix: { of: [rescue] }
    - { name: disk, base: live, outputs: [{ action: build-qcow }] }
`;
  const { out } = run(spec, ["--dry-run"]);
  expect(out.match(/disk-image-create .*/g)).toEqual([
    "disk-image-create -a amd64 -t tar,qcow2 -o live x kanod-live",
    "disk-image-create -a amd64 -t qcow2 -o disk.qcow2 x",
  ]);
  expect(run(spec, ["--list", "--only", "live"]).out).toBe("live  rescue.iso live.qcow2\n");
  expect(run(spec, ["--explain", "--only", "live"]).out).toContain("  kanod-live\n    live images.yaml:");
});

test("a storage layout becomes diskimage-builder's", () => {
  const spec = `
  elements: [vm, block-device-efi]
  storage:
    size: 8
    partitions:
      - { name: bios, size: 8MiB, use: bios }
      - { name: data, size: 100%, use: lvm }
    volumes:
      - { name: root, size: 60%, mountPoint: / }
      - { name: log, size: 1GiB, mountPoint: /var/log, fileSystem: xfs, mountOptions: noexec }
`;
  const { out } = run(spec, ["--dry-run"]);
  expect(out).toContain("export DIB_IMAGE_SIZE='8'\n");
  expect(out).toMatch(/ vm block-device-gpt kanod-lvm\n$/);
  const layout = JSON.parse(/^export DIB_BLOCK_DEVICE_CONFIG='(.*)'$/m.exec(out)?.[1] ?? "");
  expect(layout[1].partitioning).toEqual({
    base: "image0",
    label: "gpt",
    partitions: [
      { name: "bios", size: "8MiB", type: "EF02" },
      { name: "data", size: "100%", type: "8E00" },
    ],
  });
  expect(layout[2].lvm.lvs).toEqual([
    { name: "lv_root", base: "vg", extents: "60%VG" },
    { name: "lv_log", base: "vg", size: "1GiB" },
  ]);
  expect(layout[4].mkfs).toEqual({
    name: "fs_log",
    base: "lv_log",
    type: "xfs",
    label: "log",
    mount: { mount_point: "/var/log", fstab: { options: "noexec", "fsck-passno": 2 } },
  });
});

describe("mistakes are shown with their places before anything is built", () => {
  test.each<[what: string, spec: string, place: string]>([
    ["an unknown key", "  element: [x]\n", "5:3: error[unknown-key]"],
    ["an unknown base", "  images:\n    - { name: a, base: b }\n", "6:24: error[unknown-base]"],
    ["a base that goes in a circle", "  images:\n    - { name: a, base: a }\n", "6:24: error[circular-base]"],
    ["an empty matrix", "  matrix: { x: [] }\n", "5:16: error[empty-matrix]"],
    ["a matrix that is too large", `  matrix: { x: [${'"1",'.repeat(1001)}] }\n`, "5:11: error[large-matrix]"],
    ["two images of one name", "  images: [{ name: a }, { name: a }]\n", "5:33: error[same-name]"],
    ["two images with one output", '  matrix: { x: ["1", "2"] }\n', "3:19: error[same-output]"],
    [
      "one output made twice",
      "  outputs: [{ action: build-qcow }, { action: build-qcow }]\n",
      "3:19: error[same-output]",
    ],
    ["an unknown action", "  outputs: [{ action: build-cow }]\n", "5:23: error[not-in-enum]"],
    [
      "a format that an action cannot make",
      "  outputs: [{ action: build-root, format: qcow2 }]\n",
      "5:43: error[wrong-format]",
    ],
    [
      "a live system for another architecture",
      "  architecture: arm64\n  outputs: [{ action: build-iso }]\n",
      "6:23: error[wrong-architecture]",
    ],
    [
      "a seed for what is no live system",
      "  outputs: [{ action: build-qcow, userDataFileName: user-data }]\n",
      "5:35: error[useless-seed]",
    ],
    [
      "a seed that is not there",
      "  outputs: [{ action: build-iso, userDataFileName: user-data }]\n",
      "5:52: error[missing-input]",
    ],
    ["an unknown module", "  modules: [cor]\n", "5:13: error[unknown-module]"],
    ["an unknown option", "  modules: [core]\n  options: { relase: x }\n", "6:22: error[unknown-option]"],
    [
      "a value that is no choice",
      "  modules: [core]\n  matrix: { firmware: [bios, floppy] }\n",
      "6:30: error[not-a-choice]",
    ],
    ["an unknown flag", "  modules: [core]\n  flags: [lwm]\n", "6:11: error[unknown-flag]"],
    ["a folder that is not there", "  elementsPath: [none]\n", "5:18: error[missing-folder]"],
    ["an undefined variable in a name", '  images: [{ name: "a{{ b }}" }]\n', "5:20: error[undefined-variable]"],
    ["an undefined variable in an element", '  elements: ["a{{ b }}"]\n', "5:14: error[undefined-variable]"],
    ["configuration without the agent", "  configuration: { name: a }\n", "5:3: error[needs-agent]"],
    ["networking without the agent", "  networking: { version: 2 }\n", "5:3: error[needs-agent]"],
    [
      "a network configuration that is wrong",
      "  modules: [core]\n  networking: { version: 2, ethernet: {} }\n",
      "6:29: error[unknown-key]",
    ],
    [
      "a configuration that is wrong",
      "  modules: [core]\n  configuration: { name: a, ntp: { server: [] } }\n",
      "6:36: error[unknown-key]",
    ],
    [
      "a missing key of a repository",
      "  modules: [core]\n  software: { repositories: [{ name: a, url: 'http://a', suite: s, keyFileName: none }] }\n",
      "6:81: error[missing-input]",
    ],
    [
      "a disk without a root",
      "  storage: { partitions: [{ name: a, size: 1GiB, mountPoint: /a }] }\n",
      "5:12: error[no-root]",
    ],
    ["a partition for nothing", "  storage: { partitions: [{ name: a, size: 1GiB }] }\n", "5:27: error[no-use]"],
    [
      "logical volumes on nothing",
      "  storage: { partitions: [{ name: a, size: 1GiB, mountPoint: / }], volumes: [{ name: b, size: 50%, mountPoint: /b }] }\n",
      "5:77: error[no-volume-group]",
    ],
    [
      "no logical volumes",
      "  storage: { partitions: [{ name: a, size: 1GiB, mountPoint: / }, { name: b, size: 100%, use: lvm }] }\n",
      "5:12: error[no-volumes]",
    ],
    [
      "a mount point that cannot be",
      "  storage: { partitions: [{ name: a, size: 1GiB, mountPoint: /, use: efi }] }\n",
      "5:62: error[useless-mount-point]",
    ],
    [
      "a table that knows no such partition",
      "  storage: { table: mbr, partitions: [{ name: a, size: 1GiB, use: efi }] }\n",
      "5:67: error[wrong-table]",
    ],
  ])("%s", (_, spec, place) => {
    const { exitCode, out, err } = run(spec, ["--dry-run"]);
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: "" });
    expect(err).toContain(`images.yaml:${place}`);
  });

  test("all of them at once", () => {
    const { err } = run(
      '  modules: [nowhere]\n  matrix: { x: [] }\n  images: [{ name: a, base: b }, { name: "{{" }]\n',
      ["--dry-run"],
    );
    for (const code of ["unknown-module", "empty-matrix", "unknown-base"]) expect(err).toContain(`error[${code}]`);
  });

  test("all of them at once, whoever finds them: schema, document, files, contents and environment", () => {
    const spec = `
  modules: [core]
  outputFolder: images.yaml/out
  requiredEnv: [{ name: KEY, description: a key }]
  images:
    - { name: a, base: nobody }
    - { name: b, base: c }
    - { name: c, base: b }
    - { name: d, matrix: { r: [] } }
    - { name: e, outputs: [{ action: build-root, fileName: one }] }
    - { name: f, outputs: [{ action: build-root, fileName: one }] }
    - { name: g, outputs: [{ action: build-iso, userDataFileName: none }] }
    - { name: h, networking: { version: 2, ethernet: {} } }
    - { name: i, outputs: [{ action: build-cow }] }
    - { name: j, elemens: [] }
`;
    const { exitCode, out, err } = run(spec, []);
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: "" });
    expect(err.match(/^images.yaml:\S+ error\[[a-z-]+\]/gm)).toEqual([
      "images.yaml:7:17: error[output-unwritable]",
      "images.yaml:8:17: error[missing-variable]",
      "images.yaml:10:24: error[unknown-base]",
      "images.yaml:11:24: error[circular-base]",
      "images.yaml:12:24: error[circular-base]",
      "images.yaml:13:31: error[empty-matrix]",
      "images.yaml:15:15: error[same-output]",
      "images.yaml:16:67: error[missing-input]",
      "images.yaml:17:44: error[unknown-key]",
      "images.yaml:18:38: error[not-in-enum]",
      "images.yaml:19:18: error[unknown-key]",
    ]);
  });

  test("an output folder that cannot be written", () => {
    const { exitCode, err } = run("  elements: [x]\n  outputFolder: images.yaml/out\n", []);
    expect(exitCode).toBe(1);
    expect(err).toContain("images.yaml:6:17: error[output-unwritable]");
  });

  test("what is wrong in a seed, in its own files, all at once and once for all images", () => {
    const seed = "userDataFileName: seed/user-data, networkConfigFileName: seed/network-config";
    const spec = `  matrix: { r: ["1", "2"] }\n  images: [{ name: "n{{ r }}", outputs: [{ action: build-iso, ${seed} }] }]\n`;
    const userData = `#cloud-config
write_files:
  - path: /etc/kanod-configure/configuration.yaml
    content: |
      name: a
      ntp: { server: [] }
      admin: { username: 3, passwd: hunter2 }
`;
    const { exitCode, err } = run(
      spec,
      ["--dry-run"],
      {},
      {
        "seed/user-data": userData,
        "seed/network-config": "version: 2\nethernet: {}\n",
      },
    );
    expect(exitCode).toBe(1);
    expect(err.match(/seed\/\S+: error\[[a-z-]+\]/g)).toEqual([
      "seed/user-data:6:14: error[unknown-key]",
      "seed/user-data:7:26: error[wrong-type]",
      "seed/network-config:2:1: error[unknown-key]",
    ]);
    expect(err).not.toContain("hunter2");
  });

  test("a secret in a configuration is not shown", () => {
    const spec = "  modules: [core]\n  configuration: { name: a, vault: { url: 3, secret_id: hunter2 } }\n";
    const { exitCode, err } = run(spec, ["--dry-run"]);
    expect(exitCode).toBe(1);
    expect(err).toContain("error[");
    expect(err).not.toContain("hunter2");
  });

  test("kanod-configure validate finds what the schema says, offline", () => {
    const folder = folderWith({ "images.yaml": document("  element: [x]\n") });
    symlinkSync(programFile, join(folder, "kanod-configure"));
    const { status, stdout } = spawnSync(process.execPath, ["kanod-configure", "validate", "."], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(status).toBe(1);
    expect(stdout).toContain("images.yaml:5:3: error[unknown-key]");
    expect(stdout).toContain("did you mean `elements`?");
  });
});

describe("the command line", () => {
  test.each<[args: string[], message: string]>([
    [["core"], "modules cannot be combined with -f"],
    [["-s", "a=b"], "--set cannot be combined with -f"],
    [["--no-core"], "--core cannot be combined with -f"],
    [["-t", "tar"], "--format is that of --list"],
    [["--list", "--format", "xml"], "--format is that of --list"],
    [["--only", "other"], "unknown image 'other'"],
    [["--jobs", "0"], "--jobs must be a positive integer, not '0'"],
  ])("%j is a usage error", (args, message) => {
    const { exitCode, out, err } = run("  elements: [x]\n", [
      ...args,
      ...(args.includes("--list") ? [] : ["--dry-run"]),
    ]);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
    expect(err).toContain(message);
  });

  test("options for documents need one", () => {
    const { exitCode, err } = builder(temporaryFolder(), ["core", "--list"]);
    expect(exitCode).toBe(2);
    expect(err).toContain("--list needs -f FILE");
  });

  test("a file that is not there is exit 3", () => {
    expect(builder(temporaryFolder(), ["-f", "none.yaml"])).toMatchObject({ exitCode: 3 });
  });
});

describe("documents of Airship's image builder", () => {
  test("become ours", () => {
    const { exitCode, out, err } = builder(temporaryFolder(), [
      "-f",
      join(examples, "airship/image.yaml"),
      "--convert",
    ]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(parse(out)).toEqual({
      apiVersion: "kanod.io/v1alpha1",
      kind: "ImageBuild",
      metadata: { name: "control-plane" },
      spec: {
        modules: ["core"],
        outputFolder: "./config",
        outputMetadataFileName: "output-metadata.yaml",
        networking: { version: 2, ethernets: { lan: { match: { name: "en*" }, dhcp4: true, optional: true } } },
        software: { packages: ["ethtool"] },
        storage: {
          partitions: [
            { name: "bios", size: "8MiB", use: "bios" },
            { name: "root", size: "100%", mountPoint: "/" },
          ],
        },
        outputs: [
          { action: "build-root" },
          {
            action: "build-iso",
            userDataFileName: "config/user-data",
            networkConfigFileName: "config/network-config",
          },
          { action: "build-qcow" },
        ],
      },
    });
    // What was converted is a document that says the same.
    const folder = temporaryFolder();
    cpSync(join(examples, "airship"), folder, { recursive: true });
    writeFileSync(join(folder, "ours.yaml"), out);
    const ours = builder(folder, ["-f", "ours.yaml", "--dry-run"]);
    expect(ours.exitCode).toBe(0);
    expect(ours).toEqual(builder(folder, ["-f", "image.yaml", "--dry-run"]));
  });

  // The note's second document, with the indentation that its copy has lost, and nothing where it has dots.
  const second = `apiVersion: airshipit.org/v1alpha1
kind: ImageConfiguration
metadata:
  name: build-qcow-data-plane
  labels:
    airshipit.org/deploy-k8s: "false"
spec:
  image:
    type: iso
    outputFileName: data-plane.qcow2
  container:
    containerRuntime: docker
    image: quay.io/airshipit/image-builder:latest-data-plane
    volume: /srv/iso:/config
  params:
    isobuilder:
      userDataFileName: user-data
      networkConfigFileName : network-config
      outputMetadataFileName: output-metadata.yaml
      action: #(could be one of build-root, build-iso, build-qcow)
    qcowbuilder:
    params:
      networking:
      software:
      storage:
`;

  test("with an ISO image and its seed, and warnings about what has no meaning", () => {
    const { exitCode, out, err } = builder(folderWith({ "a.yaml": second }), ["-f", "a.yaml", "--convert"]);
    expect(exitCode).toBe(0);
    for (const place of ["5:3", "12:5", "13:5"]) expect(err).toContain(`a.yaml:${place}: warning[no-meaning]`);
    expect(err.match(/: warning/g)).toHaveLength(3);
    const seed = { userDataFileName: "/srv/iso/user-data", networkConfigFileName: "/srv/iso/network-config" };
    expect(parse(out).spec).toEqual({
      modules: ["core"],
      outputFolder: "/srv/iso",
      outputMetadataFileName: "output-metadata.yaml",
      outputs: [
        { action: "build-iso", ...seed },
        { action: "build-qcow", fileName: "data-plane.qcow2" },
      ],
    });
    const disk = second
      .replace("    isobuilder:", "    qcowbuilder:")
      .replace("    qcowbuilder:\n    params", "    params");
    const converted = builder(folderWith({ "a.yaml": disk }), ["-f", "a.yaml", "--convert"]);
    for (const place of ["17:7", "18:7"]) expect(converted.err).toContain(`a.yaml:${place}: warning[no-meaning]`);
    expect(parse(converted.out).spec).toEqual({
      modules: ["core"],
      outputFolder: "/srv/iso",
      outputMetadataFileName: "output-metadata.yaml",
      outputs: [{ action: "build-qcow", fileName: "data-plane.qcow2" }],
    });
  });

  test("the note's documents that are valid YAML as they are printed, without any indentation", () => {
    const printed = `apiVersion: airshipit.org/v1alpha1
kind: ImageConfiguration
metadata:
name: isogen
labels:
airshipit.org/deploy-k8s: "false"
builder:
networkConfigFileName: network-config
outputMetadataFileName: output-metadata.yaml
userDataFileName: user-data
container:
containerRuntime: docker
image: quay.io/airshipit/isogen:latest-ubuntu_focal
volume: /srv/iso:/config
`;
    const { exitCode, out } = builder(folderWith({ "a.yaml": printed }), ["-f", "a.yaml", "--convert"]);
    expect(exitCode).toBe(0);
    expect(parse(out)).toMatchObject({
      metadata: { name: "isogen" },
      spec: {
        outputMetadataFileName: "output-metadata.yaml",
        outputs: [{ action: "build-iso", userDataFileName: "/srv/iso/user-data" }],
      },
    });
  });

  test("mistakes have their place in Airship's document", () => {
    const folder = folderWith({
      "a.yaml": "kind: AirshipImage/v1\nname: base\nspec:\n  builder:\n    action: build-everything\n",
    });
    const { exitCode, err } = builder(folder, ["-f", "a.yaml", "--convert"]);
    expect(exitCode).toBe(1);
    expect(err).toContain("a.yaml:5:13: error[not-in-enum]");
  });
});

test("several documents in a file, one going on from the other", () => {
  const text = `${document("  elements: [debian-minimal]\n")}---\n${header.replace("doc", "other")}spec:\n  images: [{ name: more, base: doc, elements: [vm] }]\n`;
  expect(parseAllDocuments(text)).toHaveLength(2);
  const { out } = builder(folderWith({ "images.yaml": text }), ["-f", "images.yaml", "--dry-run"]);
  expect(out.match(/disk-image-create .*/g)).toEqual([
    "disk-image-create -a amd64 -t qcow2 -o doc.qcow2 debian-minimal",
    "disk-image-create -a amd64 -t qcow2 -o more.qcow2 debian-minimal vm",
  ]);
});

/**
 * What builds of images do, with a stand-in for disk-image-create that makes small files at once: it notes when it is in
 * the phase root, waits in the phase install for the images of DIB_WAIT_FOR, and fails where DIB_FAILS says so.
 */
describe("builds (with a stand-in for diskimage-builder)", () => {
  const standIn = `#!/bin/sh
all=$*
while [ $# -gt 0 ]; do
  case $1 in -o) out=$2 ;; -t) types=$2 ;; esac
  shift
done
name=$(basename "\${out%.$types}")
echo "call $all" >> log
echo "in $name $DIB_APT_LOCAL_CACHE" >> log
echo 'Running hooks from /x/root.d'
sleep 0.3
echo "out $name" >> log
echo 'Running hooks from /x/install.d'
echo "install $name" >> log
for other in $DIB_WAIT_FOR; do
  for try in $(seq 100); do grep -q "install $other" log && break; sleep 0.1; done
  grep -q "install $other" log || exit 9
done
[ "$DIB_FAILS" != yes ] || { echo "this is why"; exit 7; }
for type in $(echo "$types" | tr , ' '); do echo "$type of $name" > "$(dirname "$out")/$name.$type"; done
`;

  function buildFolder(spec: string): string {
    const folder = folderWith({ "images.yaml": document(spec) });
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin/disk-image-create"), standIn, { mode: 0o755 });
    const tools = ["sudo", "fstrim", "losetup", "mkfs.ext4", "qemu-img"];
    for (const tool of tools) writeFileSync(join(folder, "bin", tool), "#!/bin/sh\n", { mode: 0o755 });
    return folder;
  }

  function build(folder: string, args: readonly string[] = []): Ended {
    return builder(folder, ["-f", "images.yaml", ...args], { PATH: `${folder}/bin:/usr/bin:/bin` });
  }

  const pair = `
  elements: [x]
  outputFolder: out
  images:
    - { name: one, env: { DIB_WAIT_FOR: "two" } }
    - { name: two, env: { DIB_WAIT_FOR: "one" } }
`;

  test("go on at the same time, but fill the caches one after the other", () => {
    const folder = buildFolder(pair);
    const { exitCode, out, err } = build(folder, ["--jobs", "2"]);
    expect({ exitCode, err }).toMatchObject({ exitCode: 0 });
    expect(out).toMatch(
      /^one {2}built {2}\d:\d\d {2}one\.qcow2 0\.0 MB\ntwo {2}built {2}\d:\d\d {2}two\.qcow2 0\.0 MB\n$/,
    );
    const phases = readFileSync(join(folder, "log"), "utf8").match(/^(?:in|out) .*/gm);
    const [first = "", second = ""] = phases?.[0]?.startsWith("in one") ? ["one", "two"] : ["two", "one"];
    expect(phases).toEqual([`in ${first} 0`, `out ${first}`, `in ${second} 0`, `out ${second}`]);
    expect(readFileSync(join(folder, "out/one.qcow2"), "utf8")).toBe("qcow2 of one\n");
  });

  test("one that fails does not keep the others from being built", () => {
    const folder = buildFolder(`
  elements: [x]
  images:
    - { name: one, env: { DIB_FAILS: "yes" } }
    - { name: two }
`);
    const { exitCode, out, err } = build(folder);
    expect(exitCode).toBe(1);
    expect(out).toMatch(/^one {2}failed {2}\d:\d\d\ntwo {2}built {3}\d:\d\d {2}two\.qcow2/);
    expect(err).toContain("  this is why\n");
    expect(err).toContain("the build failed in the phase install (exit code 7)");
    expect(existsSync(join(folder, "two.qcow2"))).toBe(true);
    expect(existsSync(join(folder, "one.qcow2"))).toBe(false);
  });

  test("leave outputs under their names, metadata, and what Metal3 wants", () => {
    const folder = buildFolder(`
  elements: [x]
  outputs:
    - { action: build-root }
    - { action: build-qcow, fileName: "disk {{ size }}.qcow2" }
    - { action: build-qcow, format: raw }
  matrix: { size: [small] }
  outputMetadataFileName: doc.json
`);
    expect(build(folder, ["--metal3", "https://example.com/"]).err).toContain("[not-built]");
    expect(build(folder)).toMatchObject({ exitCode: 0 });
    const metadata = JSON.parse(readFileSync(join(folder, "doc.json"), "utf8"));
    const sum = execFileSync("sha256sum", ["disk small.qcow2"], { cwd: folder, encoding: "utf8" }).split(" ")[0];
    expect(metadata).toEqual({
      version: 1,
      name: "doc",
      architecture: "amd64",
      images: [
        { fileName: "doc.tar", format: "tar", bytes: 11, checksum: expect.any(String), checksumType: "sha256" },
        { fileName: "disk small.qcow2", format: "qcow2", bytes: 13, checksum: sum, checksumType: "sha256" },
        { fileName: "doc.raw", format: "raw", bytes: 11, checksum: expect.any(String), checksumType: "sha256" },
      ],
      elements: ["x"],
    });
    execFileSync("sha256sum", ["--check", "--quiet", "doc.sha256"], { cwd: folder });
    const { out } = build(folder, ["--metal3", "https://example.com/images/"]);
    expect(parseAllDocuments(out).map((each) => each.toJS())).toEqual([
      {
        image: {
          url: "https://example.com/images/disk%20small.qcow2",
          checksum: sum,
          checksumType: "sha256",
          format: "qcow2",
        },
      },
      { image: expect.objectContaining({ url: "https://example.com/images/doc.raw", format: "raw" }) },
    ]);
  });

  test("are what each pod of an indexed Job, and each job of the other examples, does", () => {
    const folder = buildFolder('  elements: [x]\n  images: [{ name: "n{{ r }}", matrix: { r: ["1", "2"] } }]\n');
    builder(folder, ["--help"]);
    const program = `#!/bin/sh\nexec ${process.execPath} ${folder}/kanod-image-builder "$@"\n`;
    writeFileSync(join(folder, "bin/kanod-image-builder"), program, { mode: 0o755 });
    const env = { PATH: `${folder}/bin:/usr/bin:/bin`, JOB_COMPLETION_INDEX: "1", IMAGE: "n1" };
    const ci = (name: string): unknown => parse(readFileSync(join(examples, "../ci/images", name), "utf8"));
    const job = ci("kubernetes.yaml") as {
      spec: { template: { spec: { containers: { command: string[] }[] } } };
    };
    const [shell = "", ...args] = job.spec.template.spec.containers[0]?.command ?? [];
    execFileSync(shell, args, { cwd: folder, env });
    expect([existsSync(join(folder, "n1.qcow2")), existsSync(join(folder, "n2.qcow2"))]).toEqual([false, true]);
    const github = ci("github.yaml") as { jobs: Record<string, { steps: { run?: string }[] }> };
    const commands = (of: string): string[] =>
      github.jobs[of]?.steps.flatMap(({ run: command }) => (command?.includes("-f images.yaml") ? [command] : [])) ??
      [];
    execFileSync("sh", ["-euc", commands("list").join("\n")], {
      cwd: folder,
      env: { ...env, GITHUB_OUTPUT: "output" },
    });
    const matrix = JSON.parse(readFileSync(join(folder, "output"), "utf8").replace("matrix=", ""));
    expect(matrix.include.map(({ name }: { name: string }) => name)).toEqual(["n1", "n2"]);
    execFileSync("sh", ["-euc", commands("build").join("\n")], { cwd: folder, env });
    expect(existsSync(join(folder, "n1.qcow2"))).toBe(true);
    const gitlab = ci("gitlab.yaml") as Record<string, { script: string[] }>;
    const script = gitlab["list images"]?.script.filter((line) => !line.startsWith("npm")) ?? [];
    execFileSync("sh", ["-euc", script.join("\n")], { cwd: folder, env });
    expect(parse(readFileSync(join(folder, "images-pipeline.yaml"), "utf8"))).toMatchObject({
      n1: { script: ['kanod-image-builder -f images.yaml --only "n1"'], artifacts: { paths: ["n1.qcow2"] } },
      n2: { script: ['kanod-image-builder -f images.yaml --only "n2"'] },
    });
  });
});
