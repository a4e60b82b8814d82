/** Builds by plain disk-image-create, as people do it who do not use kanod-image-builder, of a system that is there at once. */
import { spawnSync } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { dibEnvironment } from "./dib.ts";

const repository: string = fileURLToPath(new URL("../..", import.meta.url));
const elementsPath = [
  "packaging/elements",
  "contributions",
  "test/fixtures/modules/machine/elements",
  "test/fixtures/modules/tiny/elements",
];

export interface PlainBuild {
  status: number | null;
  output: string;
}

/**
 * Makes `folder/image.tar` of the system in the folder `root`, which is taken for a distribution: packages that elements
 * ask for are not installed.
 */
export function plainBuild(
  folder: string,
  root: string,
  elements: readonly string[],
  env: Readonly<Record<string, string>> = {},
): PlainBuild {
  const program = join(folder, "kanod-configure");
  if (!existsSync(program)) symlinkSync(join(repository, "dist/bin/kanod-configure.js"), program);
  const dib = dibEnvironment();
  const { status, stdout, stderr } = spawnSync(
    "disk-image-create",
    ["-t", "tar", "-o", "image", "tiny-os", ...elements],
    {
      cwd: folder,
      env: {
        ...dib,
        PATH: `${folder}:${dirname(process.execPath)}:${dib["PATH"]}`,
        ELEMENTS_PATH: elementsPath.map((path) => join(repository, path)).join(":"),
        DIB_TINY_ROOT: root,
        ...env,
      },
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    },
  );
  return { status, output: stdout + stderr };
}
