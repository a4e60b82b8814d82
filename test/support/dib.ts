/**
 * diskimage-builder for tests: the release that we name in the README, in a virtual environment that is kept between
 * runs below `${XDG_CACHE_HOME:-~/.cache}/kanod-configure-test`, and where this machine's kernel has no device mapper the
 * stand-ins of `dib-stand-ins` before it in PATH. Needs root and the host programs of a build (see {@link dibObstacle}).
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const release = "3.43.0";
const standIns: string = fileURLToPath(new URL("dib-stand-ins", import.meta.url));

/** Programs, and the Debian packages that have them. */
const programs: Readonly<Record<string, string>> = {
  debootstrap: "debootstrap",
  "qemu-img": "qemu-utils",
  kpartx: "kpartx",
  sgdisk: "gdisk",
  lvcreate: "lvm2",
  sudo: "sudo",
  python3: "python3-venv",
  flock: "util-linux",
};

/** Folder for what tests keep between runs; a new machine simply lacks it. */
export const testCache: string = join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  "kanod-configure-test",
);

/** Why images cannot be built here, or undefined where they can. */
export function dibObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  const missing = Object.entries(programs).filter(([program]) => !isInstalled(program));
  if (missing.length === 0) return undefined;
  return `needs the packages ${missing.map(([, name]) => name).join(", ")}`;
}

export function isInstalled(program: string): boolean {
  return ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].some((folder) => existsSync(join(folder, program)));
}

/** The environment of a build: PATH with diskimage-builder, and its caches. */
export function dibEnvironment(): Record<string, string> {
  const folders = [...(hasDeviceMapper() ? [] : [standIns]), join(installedDib(), "bin")];
  return {
    HOME: homedir(),
    PATH: [...folders, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"].join(":"),
    DIB_IMAGE_CACHE: join(testCache, "dib-images"),
    DIB_DEBOOTSTRAP_CACHE: "1",
    DIB_DEBIAN_USE_DEBOOTSTRAP_CACHE: "1",
    ...mirrors(),
  };
}

/** A command that runs once no other one of these does: diskimage-builder writes to its caches in place. */
export function buildingAlone(argv: readonly [string, ...string[]]): [string, ...string[]] {
  mkdirSync(join(testCache, "images"), { recursive: true });
  return ["flock", join(testCache, "images/lock"), ...argv];
}

function hasDeviceMapper(): boolean {
  return readFileSync("/proc/misc", "utf8").includes("device-mapper");
}

/** The folder of the virtual environment. */
export function installedDib(): string {
  const folder = join(testCache, `diskimage-builder-${release}`);
  if (existsSync(join(folder, "complete"))) return folder;
  mkdirSync(testCache, { recursive: true });
  const install = [
    `test -e ${folder}/complete && exit 0`,
    `rm -rf ${folder}`,
    `python3 -m venv ${folder}`,
    `${folder}/bin/pip install --quiet --disable-pip-version-check diskimage-builder==${release}`,
    `touch ${folder}/complete`,
  ].join("\n");
  execFileSync("flock", [`${folder}.lock`, "sh", "-euc", install], { stdio: ["ignore", "ignore", "inherit"] });
  return folder;
}

/** The mirrors of Debian that this machine uses itself. */
function mirrors(): Record<string, string> {
  const file = "/etc/apt/sources.list.d/debian.sources";
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const uris = [...text.matchAll(/^URIs:\s*(\S+)/gm)].map((match) => match[1] ?? "");
  const main = uris.find((uri) => !uri.includes("security"));
  const security = uris.find((uri) => uri.includes("security"));
  return {
    ...(main === undefined ? {} : { DIB_DISTRIBUTION_MIRROR: main }),
    ...(security === undefined ? {} : { DIB_DEBIAN_SECURITY_MIRROR: security }),
  };
}
