/**
 * `npm run build`: makes `dist`. First the modules, then with them the part of the agent that is the same in every image,
 * then, with the package's own compiler, the image of all elements that we ship, which the program of the package uses,
 * and with that program its manual pages.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("..", import.meta.url));
const dist = join(repository, "dist");

function run(file: string, args: readonly string[]): void {
  const { status, error } = spawnSync(process.execPath, [join(repository, file), ...args], {
    cwd: repository,
    stdio: "inherit",
  });
  if (error !== undefined || status !== 0) throw error ?? new Error(`${file} ended with exit code ${status}`);
}

/** Elements with something for the agent, in the order of their names. */
function shippedElements(): string[] {
  return ["contributions", "packaging/modules/demo/elements"].flatMap((folder) => {
    const names = readdirSync(join(repository, folder)).sort();
    return names.map((name) => join(repository, folder, name)).filter((path) => existsSync(join(path, "schema.yaml")));
  });
}

rmSync(dist, { recursive: true, force: true });
run("node_modules/typescript/bin/tsc", ["-p", "tsconfig.build.json"]);
for (const name of readdirSync(join(dist, "bin"))) chmodSync(join(dist, "bin", name), 0o755);
const load = (file: string) => import(join(dist, "compile", file));
const { bundleAgent } = (await load("agent-bundle.js")) as typeof import("../src/compile/agent-bundle.ts");
const { elementOfFolder } = (await load("elements.js")) as typeof import("../src/compile/elements.ts");
const { writeShippedImage } = (await load("shipped-image.js")) as typeof import("../src/compile/shipped-image.ts");
await bundleAgent();
await writeShippedImage(shippedElements().map(elementOfFolder));
run("dist/bin/kanod-configure.js", ["man-pages", join(dist, "man")]);
