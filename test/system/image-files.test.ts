/** What a document puts into an image besides elements, installed by the element's own scripts in a real Debian. */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { imageFiles } from "../../src/image/documents/image-files.ts";
import { readDocuments } from "../../src/image/documents/read-documents.ts";
import { requestImages } from "../../src/image/documents/request-images.ts";
import { temporaryFolder } from "../support/cli.ts";
import { cloneRootfs, debianRootfs, rootfsObstacle } from "../support/debian-rootfs.ts";
import { dibEnvironment, dibObstacle } from "../support/dib.ts";
import { describeWith } from "../support/requirements.ts";

const element = fileURLToPath(new URL("../../packaging/elements/kanod-configure", import.meta.url));

function document(mirror: string): string {
  return `
apiVersion: kanod.io/v1alpha1
kind: ImageBuild
metadata: { name: node }
spec:
  modules: [core]
  options: { debug: hunter2 }
  configuration: { name: node, admin: { passwd: sesame } }
  networking: { version: 2, ethernets: { lan: { dhcp4: true } } }
  software:
    repositories:
      - { name: keyed, url: "${mirror}", suite: trixie, components: [contrib], keyFileName: key.asc }
`;
}

describeWith(rootfsObstacle() ?? dibObstacle())("files of a document", () => {
  test("are installed with their permissions, and repositories are used", async () => {
    await using root = await cloneRootfs(await debianRootfs({ release: "trixie" }));
    const mirror = dibEnvironment()["DIB_DISTRIBUTION_MIRROR"] ?? "http://deb.debian.org/debian";
    rmSync(join(root.path, "etc/apt/sources.list"));
    const folder = temporaryFolder();
    writeFileSync(join(folder, "images.yaml"), document(mirror));
    // The archive's own key, ASCII-armoured as a repository publishes it.
    cpSync(join(root.path, "etc/apt/trusted.gpg.d/debian-archive-trixie-automatic.asc"), join(folder, "key.asc"));
    await installFiles(folder, root.path);
    const inRoot = (script: string): string =>
      execFileSync("chroot", [root.path, "sh", "-euc", script], { encoding: "utf8" });
    expect(inRoot("cd /etc/kanod-configure && stat -c '%a %U %n' *")).toBe(
      "600 root configuration.yaml\n644 root image.yaml\n",
    );
    expect(parse(inRoot("cat /etc/kanod-configure/configuration.yaml"))).toEqual({
      name: "node",
      admin: { passwd: "sesame" },
    });
    expect(inRoot("cat /etc/kanod-configure/image.yaml")).toMatch(/kind: ImageBuild/);
    expect(inRoot("cat /etc/kanod-configure/image.yaml")).not.toMatch(/hunter2|sesame/);
    expect(parse(inRoot("cat /etc/cloud/cloud.cfg.d/99-kanod-network.cfg"))).toEqual({
      network: { version: 2, ethernets: { lan: { dhcp4: true } } },
    });
    expect(inRoot("apt-cache policy")).toMatch(/contrib/);
  });
});

/** Goes through the phases as diskimage-builder does: extra-data.d on the host, the others in the root. */
async function installFiles(folder: string, root: string): Promise<void> {
  const { documents } = await readDocuments("images.yaml", folder);
  const { images } = await requestImages(documents, { workingDirectory: folder, environment: {}, offline: false });
  const [image] = images;
  if (image === undefined) throw new Error("the document has no image");
  const { files } = await imageFiles(image);
  for (const [path, { text, mode }] of files) {
    mkdirSync(dirname(join(folder, "tree", path)), { recursive: true });
    writeFileSync(join(folder, "tree", path), text);
    chmodSync(join(folder, "tree", path), mode);
  }
  const hooks = join(folder, "hooks");
  cpSync(element, hooks, { recursive: true });
  const env = { ...process.env, TMP_HOOKS_PATH: hooks, KANOD_IMAGE_FILES: join(folder, "tree") };
  execFileSync(join(hooks, "extra-data.d/61-kanod-configure-files"), { env });
  cpSync(hooks, join(root, "tmp/in_target.d"), { recursive: true });
  if (existsSync("/etc/resolv.conf")) writeFileSync(join(root, "etc/resolv.conf"), readFileSync("/etc/resolv.conf"));
  for (const script of ["pre-install.d/06-kanod-configure-repositories", "post-install.d/95-kanod-configure-files"]) {
    execFileSync("chroot", [root, join("/tmp/in_target.d", script)], { stdio: ["ignore", "pipe", "inherit"] });
  }
}
