/** Builds that fail, or are ended, in every phase; with diskimage-builder itself and a distribution that is there at once. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../support/cli.ts";
import { packageProgram } from "../support/compiled-agent.ts";
import { debianRootfs, rootfsObstacle } from "../support/debian-rootfs.ts";
import { dibEnvironment, dibObstacle } from "../support/dib.ts";
import { hostTraces, noTraces } from "../support/leftovers.ts";

const tiny = fileURLToPath(new URL("../fixtures/modules/tiny", import.meta.url));
const obstacle = dibObstacle() ?? rootfsObstacle();

let environment: Record<string, string>;
/** Everything of a test's builds: where they go, and where they are made. */
let folder: string;

beforeAll(async () => {
  if (obstacle !== undefined && !process.env["CI"]) return;
  environment = { ...dibEnvironment(), DIB_TINY_ROOT: await debianRootfs({ release: "trixie" }) };
});

beforeEach(({ skip }) => {
  if (obstacle !== undefined && !process.env["CI"]) skip(obstacle);
  folder = temporaryFolder();
  mkdirSync(join(folder, "tmp"));
});

interface Build {
  exitCode: number | null;
  err: string;
  out: string;
}

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const program = join(folder, "kanod-image-builder");
  if (!existsSync(program)) symlinkSync(packageProgram("kanod-image-builder"), program);
  const usual = args.includes("-f") ? [] : ["--no-core", "-t", "tar", "-o", join(folder, "out/image")];
  return spawn(process.execPath, [program, ...usual, ...args], {
    cwd: folder,
    env: { ...environment, TMP_DIR: join(folder, "tmp"), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function ended(child: ChildProcess): Promise<Build> {
  const build: Build = { exitCode: null, err: "", out: "" };
  child.stdout?.on("data", (chunk: Buffer) => {
    build.out += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    build.err += chunk.toString();
  });
  build.exitCode = await new Promise((resolve) => child.on("close", resolve));
  return build;
}

function build(args: readonly string[], env: Record<string, string> = {}): Promise<Build> {
  return ended(start([tiny, ...args], env));
}

/** Nothing of the build is mounted, attached, running or lying about any more, but what `output` names. */
function expectClean(output: readonly string[]): void {
  expect(hostTraces((text) => text.includes(folder) && !text.includes("kanod-test-"))).toEqual(noTraces);
  expect(hostTraces((text) => text.includes(join(folder, "tmp")))).toEqual(noTraces);
  expect(readdirSync(join(folder, "tmp"))).toEqual([]);
  expect(existsSync(join(folder, "out")) ? readdirSync(join(folder, "out")).sort() : []).toEqual(output);
}

test("a build that succeeds leaves images, hashes, manifest and log, and nothing else", async () => {
  mkdirSync(join(folder, "out"));
  writeFileSync(join(folder, "out/image.tar"), "an older image");
  const { exitCode, out, err } = await build([]);
  expect({ exitCode, err }).toMatchObject({ exitCode: 0 });
  const names = readdirSync(join(folder, "out")).sort();
  const kept = names.find((name) => /^image-\d{4}\.\d\d\.\d\d-\d\d\.\d\d\.\d\d\.tar$/.test(name)) ?? "";
  expect(readFileSync(join(folder, "out", kept), "utf8")).toBe("an older image");
  expectClean([kept, "image-manifest.json", "image.log", "image.sha256", "image.tar"]);
  execFileSync("sha256sum", ["--check", "--quiet", "image.sha256"], { cwd: join(folder, "out") });
  const manifest = JSON.parse(readFileSync(join(folder, "out/image-manifest.json"), "utf8"));
  expect(manifest).toMatchObject({
    version: 1,
    name: "image",
    architecture: "amd64",
    files: [{ name: "image.tar", bytes: statSync(join(folder, "out/image.tar")).size }],
    elements: expect.arrayContaining(["base", "fails-somewhere", "install-bin", "tiny-os"]),
    tools: { "diskimage-builder": "3.43.0" },
  });
  expect(manifest).not.toHaveProperty("agent");
  expect(JSON.stringify(manifest)).not.toContain(folder);
  expect(out).toMatch(/^\/.*\/out\/image\.tar {2}\d+\.\d MB\n$/);
  expect(err).toMatch(/^\d:\d\d {2}root$/m);
});

describe("a build that fails", () => {
  test.each([
    ...["root", "extra-data", "pre-install", "install", "post-install"],
    ...["post-root", "block-device", "pre-finalise", "finalise", "cleanup"],
  ])("in %s says where and why, and cleans up", async (phase) => {
    const { exitCode, err } = await build(["-s", `fails_in=${phase}`]);
    expect(exitCode).toBe(1);
    expect(err).toContain(`  this is where ${phase} fails\n`);
    expect(err).toMatch(
      new RegExp(
        `the build failed in ${phase}\\.d/50-fails-in-${phase} of the element fails-somewhere \\(exit code \\d+\\)`,
      ),
    );
    expect(err).toContain("break=after-error");
    expect(readFileSync(join(folder, "out/image.log"), "utf8")).toContain(`this is where ${phase} fails`);
    expectClean(["image.log"]);
  });

  test("for want of space says which variable helps", async () => {
    const small = join(folder, "tmp");
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=40m", "tmpfs", small]);
    onTestFinished(() => void execFileSync("umount", [small]));
    const { exitCode, err } = await build([], { DIB_NO_TMPFS: "1" });
    expect(exitCode).toBe(1);
    expect(err).toContain("TMP_DIR names the folder for the build");
    expect(readdirSync(small)).toEqual([]);
  });

  test("for want of space where the image is to go says so, although its log has none either", async () => {
    const out = join(folder, "out");
    mkdirSync(out);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", out]);
    onTestFinished(() => void execFileSync("umount", [out]));
    const { exitCode, err } = await build([]);
    expect(exitCode).toBe(1);
    expect(err).toContain("a file system is full");
    expect(readdirSync(join(folder, "tmp"))).toEqual([]);
    expect(readdirSync(out)).toEqual(["image.log"]);
  });

  test("leaves an older image as it is", async () => {
    mkdirSync(join(folder, "out"));
    writeFileSync(join(folder, "out/image.tar"), "an older image");
    expect((await build(["-s", "fails_in=cleanup"])).exitCode).toBe(1);
    expect(readFileSync(join(folder, "out/image.tar"), "utf8")).toBe("an older image");
    expectClean(["image.log", "image.tar"]);
  });
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends a build in order", async (signal) => {
  const child = start([tiny, "-b", "sleeps"]);
  const log = join(folder, "out/image.log");
  const result = ended(child);
  while (!(existsSync(log) && readFileSync(log, "utf8").includes("now it sleeps"))) {
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  child.kill(signal);
  const { exitCode, err } = await result;
  expect(exitCode).toBe(1);
  expect(err).toContain("the build was interrupted in install.d/60-sleeps of the element sleeps [interrupted]");
  expectClean(["image.log"]);
});

describe("a live system", () => {
  /** Of the tiny distribution, with files in the place of a kernel; taken for one that has live-boot, and installs nothing. */
  function liveDocument(): readonly string[] {
    const elements = join(folder, "module/elements");
    for (const name of ["dpkg", "package-installs"]) mkdirSync(join(elements, name), { recursive: true });
    mkdirSync(join(elements, "kernel/install.d"), { recursive: true });
    const script = "#!/bin/bash\ntouch /boot/{vmlinuz,initrd.img}-1\n";
    writeFileSync(join(elements, "kernel/install.d/50-kernel"), script, { mode: 0o755 });
    writeFileSync(join(folder, "module/config.yaml"), "recipes: [{ elements: [dpkg, kernel] }]\n");
    writeFileSync(join(folder, "user-data"), "#cloud-config\n{}\n", { mode: 0o600 });
    const document = `
apiVersion: kanod.io/v1alpha1
kind: ImageBuild
metadata: { name: live }
spec:
  modules: [${tiny}, ./module]
  outputFolder: out
  outputs:
    - { action: build-root, format: folder }
    - { action: build-iso }
    - { action: build-iso, fileName: seeded.iso, userDataFileName: user-data }
`;
    writeFileSync(join(folder, "images.yaml"), document);
    return ["-f", "images.yaml"];
  }

  test("is made for each seed, readable to who may read it", async () => {
    const { exitCode, err, out } = await ended(start(liveDocument()));
    expect({ exitCode, err }).toMatchObject({ exitCode: 0 });
    expect(err).toMatch(/done\n\d:\d\d {2}unpack\n\d:\d\d {2}squashfs\n\d:\d\d {2}iso\n$/);
    expect(out).toMatch(/^live {2}built {2}\d:\d\d {2}live\.iso \d+\.\d MB, seeded\.iso \d+\.\d MB\n$/);
    const modes = ["live.iso", "seeded.iso"].map((name) => statSync(join(folder, "out", name)).mode & 0o777);
    expect(modes).toEqual([0o644, 0o600]);
    execFileSync("sha256sum", ["--check", "--quiet", "live.sha256"], { cwd: join(folder, "out") });
    // Owners and permissions are those in the image.
    const shadow = statSync(join(folder, "out/live-root/etc/shadow"));
    expect([shadow.mode & 0o777, shadow.gid]).toEqual([0o640, 42]);
    expectClean(["live-manifest.json", "live-root", "live.iso", "live.log", "live.sha256", "seeded.iso"]);
  });

  test("is not half there after SIGINT", async () => {
    const child = start(liveDocument());
    child.stderr?.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("squashfs")) child.kill("SIGINT");
    });
    const { exitCode, err } = await ended(child);
    expect(exitCode).toBe(1);
    expect(err).toContain("[interrupted]");
    expectClean(["live.log"]);
  });
});

describe("before the build begins", () => {
  test("an element that exists nowhere is shown in its module, with the folders that were searched", async () => {
    const module = join(folder, "module");
    mkdirSync(join(module, "elements"), { recursive: true });
    writeFileSync(join(module, "config.yaml"), "recipes:\n  - elements:\n      - no-such-element\n");
    const { exitCode, err } = await build([module]);
    expect(exitCode).toBe(1);
    expect(err).toContain("module/config.yaml:3:9: error[unknown-element]: there is no element `no-such-element`");
    expect(err).toContain(`${tiny}/elements, ${module}/elements`);
    expectClean([]);
  });

  test("elements that diskimage-builder refuses are told in its words", async () => {
    const { exitCode, err } = await build(["-s", "extra=debian"]);
    expect(exitCode).toBe(1);
    expect(err).toContain("error[bad-elements]");
    expect(err).toContain("AlreadyProvided");
    expectClean([]);
  });

  test("of two elements of one name the first module's wins, which is said", async () => {
    const module = join(folder, "module");
    mkdirSync(join(module, "elements/tiny-os"), { recursive: true });
    writeFileSync(join(module, "config.yaml"), "{}");
    const { exitCode, err } = await build([module, "-s", "fails_in=root"]);
    expect(exitCode).toBe(1);
    expect(err).toContain(
      `warning: the element tiny-os is taken from ${tiny}/elements/tiny-os, not from ${module}/elements/tiny-os`,
    );
    expect(err).toContain("this is where root fails");
  });

  test("an output folder that cannot be made is an error", async () => {
    writeFileSync(join(folder, "out"), "a file");
    const { exitCode, err } = await build([]);
    expect(exitCode).toBe(1);
    expect(err).toContain("[output-unwritable]");
    expect(readFileSync(join(folder, "out"), "utf8")).toBe("a file");
    expect(readdirSync(join(folder, "tmp"))).toEqual([]);
  });

  test("an output folder on a read-only file system is an error", async () => {
    mkdirSync(join(folder, "out"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", join(folder, "out")]);
    onTestFinished(() => void execFileSync("umount", [join(folder, "out")]));
    const { exitCode, err } = await build([]);
    expect(exitCode).toBe(1);
    expect(err).toContain("[output-unwritable]");
  });

  test("a live system of a distribution that has none is refused, where the document asks for it", async () => {
    const document = `
apiVersion: kanod.io/v1alpha1
kind: ImageBuild
metadata: { name: live }
spec:
  modules: [${tiny}]
  outputs: [{ action: build-root }, { action: build-iso }]
`;
    writeFileSync(join(folder, "images.yaml"), document);
    const { exitCode, err } = await ended(start(["-f", "images.yaml"]));
    expect(exitCode).toBe(1);
    expect(err).toContain("images.yaml:7:47: error[no-live-system]");
    expectClean([]);
  });

  test("programs that are missing are named with their packages, all at once", async () => {
    const programs = join(folder, "programs");
    mkdirSync(programs);
    for (const name of ["env", "bash", "sh", "losetup", "fstrim"]) {
      symlinkSync(execFileSync("which", [name], { encoding: "utf8" }).trim(), join(programs, name));
    }
    const dib = (environment["PATH"] ?? "").split(":").find((path) => existsSync(join(path, "disk-image-create")));
    const { exitCode, err } = await build(["-t", "qcow2,tar"], { PATH: `${dib}:${programs}` });
    expect(exitCode).toBe(1);
    expect(err).toContain("not installed: sudo, mkfs.ext4, qemu-img [missing-tool]");
    expect(err).toContain("install the packages: sudo, e2fsprogs, qemu-utils (Fedora: qemu-img, openSUSE: qemu-tools)");
    expectClean([]);
  });

  test("another user without root rights is told so", async () => {
    // The check runs as nobody, from where nobody may read; what it imports is loaded before.
    writeFileSync(join(folder, "disk-image-create"), "#!/bin/sh\n", { mode: 0o755 });
    const check = new URL("../../dist/image/check-host.js", import.meta.url).href;
    const plan = { formats: ["tar"], elements: [], packages: [], morePackages: [], output: "x" };
    const script = `
      const { checkHost } = await import(${JSON.stringify(check)});
      const plan = { ...${JSON.stringify(plan)}, variables: new Map() };
      process.setgroups([]); process.setgid(65534); process.setuid(65534);
      const outcome = checkHost(plan, { elements: [] }, false);
      console.log(await outcome.then(() => "fine", (error) => error.code));`;
    chmodSync(folder, 0o755);
    const argv = ["--input-type=module", "--eval", script];
    const env = { PATH: `${folder}:/usr/sbin:/usr/bin:/sbin:/bin` };
    expect(execFileSync(process.execPath, argv, { cwd: folder, env, encoding: "utf8" })).toBe("needs-root\n");
  });
});

test("break= gives the terminal to a shell, and the log is still written", async () => {
  const child = spawn(
    "script",
    ["-qec", `${process.execPath} kanod-image-builder --no-core ${tiny} -t tar -o out/image`, "/dev/null"],
    {
      cwd: folder,
      env: { ...environment, TMP_DIR: join(folder, "tmp"), break: "before-root", break_cmd: "echo the-shell-ran" },
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  symlinkSync(packageProgram("kanod-image-builder"), join(folder, "kanod-image-builder"));
  const { exitCode, out } = await ended(child);
  expect(out).toContain("the-shell-ran");
  expect(exitCode).toBe(0);
  expect(readFileSync(join(folder, "out/image.log"), "utf8")).toContain("Build completed successfully");
  expectClean(["image-manifest.json", "image.log", "image.sha256", "image.tar"]);
});
