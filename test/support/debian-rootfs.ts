/**
 * Debian root file systems for guests and oracles, made with debootstrap from the mirror that this machine uses.
 *
 * ```ts
 * const rootfs = await debianRootfs({ release: "trixie", packages: ["network-manager"] }); // cached: never change it
 * await using guest = await cloneRootfs(rootfs); // guest.path may be changed at will
 * ```
 *
 * A root file system is built once for each release and set of packages, under a lock, below
 * `${XDG_CACHE_HOME:-~/.cache}/kanod-configure-test/rootfs`, and shared by all tests. The first build takes one to two
 * minutes. It holds systemd, dbus, iproute2 and what `packages` adds. Needs root, debootstrap and flock.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

export interface RootfsOptions {
  release: "trixie" | "bookworm";
  /** Packages besides the base ones. Their recommendations are not installed. */
  packages?: readonly string[];
}

/** A writable copy of a root file system. */
export interface RootfsClone extends AsyncDisposable {
  readonly path: string;
  /** Unmounts and removes it. */
  remove(): Promise<void>;
}

const basePackages = ["ca-certificates", "dbus", "iproute2", "libatomic1", "systemd", "systemd-sysv"];
/** To be raised when the recipe below changes, so that older caches are not used. */
const recipe = 1;

/** Why {@link debianRootfs} cannot work here, or undefined where it can. */
export function rootfsObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  const tools = ["debootstrap", "flock", "chroot", "mount"];
  const missing = tools.find(
    (tool) => !["/usr/sbin", "/usr/bin", "/sbin", "/bin"].some((dir) => existsSync(join(dir, tool))),
  );
  return missing === undefined ? undefined : `needs ${missing}`;
}

/** The path of a cached root file system, which is built where it is missing. It must not be changed: see {@link cloneRootfs}. */
export async function debianRootfs(options: RootfsOptions): Promise<string> {
  const packages = [...new Set(options.packages ?? [])].sort();
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "kanod-configure-test", "rootfs");
  await mkdir(cache, { recursive: true });
  const base = join(cache, `${options.release}-${recipe}`);
  await build(base, baseScript(options.release, base, await mirrors()));
  if (packages.length === 0) return base;
  const key = createHash("sha256").update(packages.join("\n")).digest("hex").slice(0, 16);
  const target = join(cache, `${options.release}-${recipe}-${key}`);
  await build(target, derivedScript(base, target, packages));
  return target;
}

/** A writable copy of `rootfs`: an overlay where the kernel has overlayfs, otherwise a copy. */
export async function cloneRootfs(rootfs: string): Promise<RootfsClone> {
  const work = await mkdtemp(join(tmpdir(), "kanod-rootfs-"));
  const path = join(work, "root");
  for (const folder of ["root", "upper", "work"]) await mkdir(join(work, folder));
  const mounted = await mountOverlay(rootfs, work);
  if (!mounted) await cp(rootfs, path, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  const remove = async (): Promise<void> => {
    if (mounted) await shell(`mountpoint -q ${quote(path)} && umount ${quote(path)} || true`);
    await rm(work, { recursive: true, force: true });
  };
  return { path, remove, [Symbol.asyncDispose]: remove };
}

async function mountOverlay(lower: string, work: string): Promise<boolean> {
  if (!(await readFile("/proc/filesystems", "utf8")).includes("\toverlay\n")) return false;
  const options = `lowerdir=${lower},upperdir=${work}/upper,workdir=${work}/work`;
  return await shell(`mount -t overlay overlay -o ${quote(options)} ${quote(`${work}/root`)}`).then(
    () => true,
    () => false,
  );
}

/** One apt source: URI and suites, as this machine's own sources have them. */
interface Mirrors {
  main: string;
  security: string;
}

async function mirrors(): Promise<Mirrors> {
  const text = await readFile("/etc/apt/sources.list.d/debian.sources", "utf8").catch(() => "");
  const uris = [...text.matchAll(/^URIs:\s*(\S+)/gm)].map((match) => match[1] as string);
  const main = uris.find((uri) => !uri.includes("security")) ?? "http://deb.debian.org/debian";
  const security = uris.find((uri) => uri.includes("security")) ?? "http://deb.debian.org/debian-security";
  return { main, security };
}

function baseScript(release: string, target: string, { main, security }: Mirrors): string {
  const sources = [
    `deb ${main} ${release} main`,
    `deb ${main} ${release}-updates main`,
    `deb ${security} ${release}-security main`,
  ].join("\n");
  return [
    `debootstrap --variant=minbase --include=${basePackages.join(",")} ${release} "$BUILD" ${quote(main)}`,
    `printf '%s\\n' ${quote(sources)} > "$BUILD/etc/apt/sources.list"`,
    `printf '#!/bin/sh\\nexit 101\\n' > "$BUILD/usr/sbin/policy-rc.d"; chmod 755 "$BUILD/usr/sbin/policy-rc.d"`,
    `: > "$BUILD/etc/fstab"; : > "$BUILD/etc/machine-id"; echo ${quote(`kanod-${release}`)} > "$BUILD/etc/hostname"`,
    `echo "127.0.0.1 localhost" > "$BUILD/etc/hosts"`,
    `rm -rf "$BUILD"/var/cache/apt/archives/*.deb; test -d ${quote(target)} || mv "$BUILD" ${quote(target)}`,
  ].join("\n");
}

function derivedScript(base: string, target: string, packages: readonly string[]): string {
  return [
    `cp -a --reflink=auto ${quote(base)} "$BUILD"`,
    `cp /etc/resolv.conf "$BUILD/etc/resolv.conf"`,
    `chroot "$BUILD" env DEBIAN_FRONTEND=noninteractive sh -c ${quote(
      `apt-get -qq update && apt-get -qq install -y --no-install-recommends ${packages.join(" ")}`,
    )}`,
    `rm -rf "$BUILD"/var/cache/apt/archives/*.deb "$BUILD"/var/lib/apt/lists/* "$BUILD/etc/resolv.conf"`,
    `: > "$BUILD/etc/machine-id"; mv "$BUILD" ${quote(target)}`,
  ].join("\n");
}

/** Runs a build script in a scratch folder, under a lock that the kernel releases when the process dies. */
async function build(target: string, script: string): Promise<void> {
  if (existsSync(target)) return;
  const file = `${target}.sh`;
  const guarded = [
    "set -eu",
    `test -d ${quote(target)} && exit 0`,
    `BUILD=${quote(`${target}.build`)}`,
    `rm -rf --one-file-system "$BUILD"`,
    `trap 'rm -rf --one-file-system "$BUILD"' EXIT`,
    script,
  ].join("\n");
  await writeFile(file, `${guarded}\n`);
  await shell(`flock ${quote(`${target}.lock`)} sh ${quote(file)}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function shell(script: string): Promise<void> {
  const child = spawn("sh", ["-c", script], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C" },
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`exit code ${code} of: ${script}\n${output}`);
}
