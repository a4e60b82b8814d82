/**
 * Debian root file systems for guests and oracles, made with debootstrap from the mirror that this machine uses.
 *
 * ```ts
 * const rootfs = await debianRootfs({ release: "trixie", packages: ["network-manager"] }); // cached: never change it
 * await using guest = await cloneRootfs(rootfs); // guest.path may be changed at will
 * ```
 *
 * All are made below `${XDG_CACHE_HOME:-~/.cache}/kanod-configure-test/rootfs`, each once and under a lock, and shared by
 * all tests: one base for each release (systemd, dbus, iproute2, curl; half a minute of processor time), and over it a
 * layer for each set of packages, which is what `apt-get` adds in an overlay (some ten seconds). Where the kernel cannot
 * put overlays there, each set is a whole copy. Needs root, debootstrap and flock.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { homedir } from "node:os";
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

const basePackages = ["ca-certificates", "curl", "dbus", "iproute2", "libatomic1", "systemd", "systemd-sysv"];
/** To be raised when the recipes below change, so that older caches are not used. */
const recipe = 2;

/** Why {@link debianRootfs} cannot work here, or undefined where it can. */
export function rootfsObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  const tools = ["debootstrap", "flock", "chroot", "mount"];
  const missing = tools.find(
    (tool) => !["/usr/sbin", "/usr/bin", "/sbin", "/bin"].some((dir) => existsSync(join(dir, tool))),
  );
  return missing === undefined ? undefined : `needs ${missing}`;
}

/**
 * A cached root file system, which is made where it is missing: the folders of its layers, the topmost first, separated by
 * colons as for overlayfs; without packages, one folder. It must not be changed: see {@link cloneRootfs}.
 */
export async function debianRootfs(options: RootfsOptions): Promise<string> {
  const packages = [...new Set(options.packages ?? [])].filter((name) => !basePackages.includes(name)).sort();
  const folder = await cacheFolder("rootfs");
  const base = join(folder, `${options.release}-${recipe}`);
  await build(base, baseScript(options.release, base, await mirrors()));
  if (packages.length === 0) return base;
  const key = createHash("sha256").update(packages.join("\n")).digest("hex").slice(0, 16);
  const target = `${base}-${key}`;
  if (!(await overlaysWork())) {
    await build(target, copyScript(base, target, packages));
    return target;
  }
  const layer = `${target}-layer`;
  await build(layer, layerScript(base, layer, packages));
  return `${layer}:${base}`;
}

/** A writable copy of `rootfs`: an overlay where the kernel has overlayfs, otherwise a copy. */
export async function cloneRootfs(rootfs: string): Promise<RootfsClone> {
  const folder = await cacheFolder("clones");
  await removeClonesOfTheDead(folder);
  const work = await mkdtemp(join(folder, `${process.pid}-`));
  const path = join(work, "root");
  const remove = (): Promise<void> => removeClone(work);
  for (const name of ["root", "upper", "work"]) await mkdir(join(work, name));
  try {
    if (await overlaysWork()) await mountOverlay(rootfs, work);
    else await cp(rootfs, path, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, remove, [Symbol.asyncDispose]: remove };
}

/** A process that was killed leaves its clones mounted. Their names begin with its id. */
async function removeClonesOfTheDead(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (existsSync(`/proc/${Number.parseInt(name, 10)}`)) continue;
    // Another process may be at it, too.
    await removeClone(join(folder, name)).catch(() => undefined);
  }
}

async function removeClone(work: string): Promise<void> {
  const root = quote(join(work, "root"));
  await shell(`if mountpoint -q ${root}; then umount ${root}; fi`);
  await rm(work, { recursive: true, force: true });
}

/** Folders `root`, `upper` and `work` in `work` are there. */
async function mountOverlay(lower: string, work: string): Promise<void> {
  const options = `lowerdir=${lower},upperdir=${work}/upper,workdir=${work}/work`;
  await shell(`mount -t overlay overlay -o ${quote(options)} ${quote(`${work}/root`)}`);
}

let overlays: Promise<boolean> | undefined;

/** Whether a folder of the cache can be the writable part of an overlay; on an overlay, as in containers, it often cannot. */
function overlaysWork(): Promise<boolean> {
  overlays ??= tryOverlay();
  return overlays;
}

async function tryOverlay(): Promise<boolean> {
  const work = await mkdtemp(join(await cacheFolder("clones"), `${process.pid}-`));
  for (const name of ["lower", "root", "upper", "work"]) await mkdir(join(work, name));
  try {
    await mountOverlay(join(work, "lower"), work);
    return true;
  } catch {
    return false;
  } finally {
    await removeClone(work);
  }
}

async function cacheFolder(name: string): Promise<string> {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(cache, "kanod-configure-test", name);
  await mkdir(folder, { recursive: true });
  return folder;
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
    `echo force-unsafe-io > "$BUILD/etc/dpkg/dpkg.cfg.d/unsafe-io"`,
    `rm -rf "$BUILD"/var/cache/apt/archives/*.deb "$BUILD"/var/lib/apt/lists/*; mv "$BUILD" ${quote(target)}`,
  ].join("\n");
}

/** What `apt-get` changes when it adds the packages to the base. */
function layerScript(base: string, target: string, packages: readonly string[]): string {
  const options = `lowerdir=${base},upperdir=$BUILD/upper,workdir=$BUILD/work`;
  return [
    `mkdir -p "$BUILD/root" "$BUILD/upper" "$BUILD/work"`,
    `mount -t overlay overlay -o "${options}" "$BUILD/root"`,
    ...installScript("$BUILD/root", packages),
    `umount "$BUILD/root"; mv "$BUILD/upper" ${quote(target)}`,
  ].join("\n");
}

function copyScript(base: string, target: string, packages: readonly string[]): string {
  return [
    `cp -a --reflink=auto ${quote(base)} "$BUILD"`,
    ...installScript("$BUILD", packages),
    `mv "$BUILD" ${quote(target)}`,
  ].join("\n");
}

function installScript(root: string, packages: readonly string[]): string[] {
  const install = `apt-get -qq update && apt-get -qq install -y --no-install-recommends ${packages.join(" ")}`;
  return [
    `cp /etc/resolv.conf "${root}/etc/resolv.conf"`,
    `chroot "${root}" env DEBIAN_FRONTEND=noninteractive sh -c ${quote(install)}`,
    `rm -rf "${root}"/var/cache/apt/archives/*.deb "${root}"/var/cache/apt/*.bin "${root}"/var/lib/apt/lists/*`,
    `rm -f "${root}/etc/resolv.conf"; : > "${root}/etc/machine-id"`,
  ];
}

/**
 * Runs a script that makes `target` from the scratch folder `$BUILD`, under a lock that the kernel releases when the
 * process dies.
 */
async function build(target: string, script: string): Promise<void> {
  if (existsSync(target)) return;
  const guarded = [
    "set -eu",
    `test -d ${quote(target)} && exit 0`,
    `BUILD=${quote(`${target}.build`)}`,
    `clean() { if mountpoint -q "$BUILD/root"; then umount "$BUILD/root"; fi; rm -rf --one-file-system "$BUILD"; }`,
    "trap clean EXIT; clean",
    script,
  ].join("\n");
  await shell(`flock ${quote(`${target}.lock`)} sh -c ${quote(guarded)}`);
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
