/**
 * Real images, those of the build document test/fixtures/images/images.yaml, built with the package's own program as
 * `npm run build` left it. Each is built once for the same program, modules and elements, and shared by all tests: never
 * change its files.
 *
 * ```ts
 * const image = builtImage("trixie"); // two to four minutes when it is not there yet
 * image.path("qcow2"); // the disk
 * ```
 *
 * The images hold the modules core and demo and the module of test/fixtures/modules/machine, which is an element
 * author's own: it lives outside of our folders, and its contribution uses an npm package.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildingAlone, dibEnvironment, testCache } from "./dib.ts";

const repository: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** The images of the document that are built in one call: the first ones are needed by most suites. */
const calls = { usual: ["trixie", "bookworm"], lvm: ["trixie-lvm"] } as const;

/** diskimage-builder's own compression takes longer than the rest of a phase, here and at each boot. */
const environment: Readonly<Record<string, string>> = { QEMU_IMG_OPTIONS: "compression_type=zstd" };

export type Call = keyof typeof calls;
export type Recipe = (typeof calls)[Call][number];

export interface BuiltImage {
  readonly folder: string;
  /** Of the image in a format. */
  path(format: "qcow2" | "tar" | "iso"): string;
  /** Of a file beside it, such as `-manifest.json`. */
  beside(suffix: string): string;
  readText(suffix: string): string;
}

export function builtImage(recipe: Recipe): BuiltImage {
  const call = recipe === "trixie-lvm" ? "lvm" : "usual";
  const folder = join(testCache, "images", `${call}-${inputsKey(call)}`);
  if (!existsSync(folder)) build(call, folder);
  const beside = (suffix: string): string => join(folder, `${recipe}${suffix}`);
  return {
    folder,
    path: (format) => beside(`.${format}`),
    beside,
    readText: (suffix) => readFileSync(beside(suffix), "utf8"),
  };
}

/** A hash of all that goes into an image of ours. */
function inputsKey(call: Call): string {
  const hash = createHash("sha256").update(JSON.stringify([calls[call], environment]));
  const patterns = [
    "dist/**",
    "schema/**",
    "packaging/**",
    "contributions/**",
    "test/fixtures/{images,modules}/**",
    "package-lock.json",
  ];
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: repository })).sort();
  for (const file of files) {
    const path = join(repository, file);
    if (statSync(path).isFile() && !file.endsWith(".test.ts")) hash.update(file).update(readFileSync(path));
  }
  return hash.digest("hex").slice(0, 16);
}

function build(call: Call, target: string): void {
  mkdirSync(join(target, ".."), { recursive: true });
  removeOld(call, target);
  const work = `${target}.build`;
  const program = fileURLToPath(new URL("build-image.ts", import.meta.url));
  const [flock, ...argv] = buildingAlone([process.execPath, program, call, target, work]);
  const { status, stderr } = spawnSync(flock, argv, { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`the images ${call} could not be built\n${stderr}`);
}

/** Images of other inputs are of no use any more; those of an hour may be somebody's who tests at the same time. */
function removeOld(call: Call, target: string): void {
  const parent = join(target, "..");
  for (const entry of readdirSync(parent)) {
    const path = join(parent, entry);
    const isOfCall = /^(.*)-[0-9a-f]{16}/.exec(entry)?.[1] === call && !path.startsWith(target);
    if (isOfCall && Date.now() - statSync(path).mtimeMs > 3_600_000) rmSync(path, { recursive: true, force: true });
  }
}

/** Builds the images of a call now, by the command that a user would type; build-image.ts calls it under a lock. */
export function buildNow(call: Call, target: string, work: string): void {
  if (existsSync(target)) return;
  rmSync(work, { recursive: true, force: true });
  elementAuthorsFolder(work);
  const program = join(work, "kanod-image-builder");
  symlinkSync(join(repository, "dist/bin/kanod-image-builder.js"), program);
  const only = calls[call].flatMap((image) => ["--only", image]);
  execFileSync(process.execPath, [program, "-f", "images.yaml", "--jobs", "2", ...only], {
    cwd: work,
    env: { ...dibEnvironment(), ...environment },
    stdio: ["ignore", 2, 2],
  });
  writeFileSync(join(work, "out/built"), "");
  execFileSync("mv", [join(work, "out"), target]);
  rmSync(work, { recursive: true, force: true });
}

/** A folder of an element author, outside of the repository, with the npm package that one of the modules uses. */
function elementAuthorsFolder(work: string): void {
  const images = join(repository, "test/fixtures/images");
  cpSync(join(images, "images.yaml"), join(work, "images.yaml"), { recursive: true });
  for (const file of ["user-data", "network-config"]) cpSync(join(images, file), join(work, "out", file));
  const modules = join(work, "modules");
  cpSync(join(repository, "test/fixtures/modules"), modules, { recursive: true });
  const packages = join(modules, "machine/elements/machine-facts/node_modules");
  cpSync(join(repository, "node_modules/yaml"), join(packages, "yaml"), { recursive: true });
}
