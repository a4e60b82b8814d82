import { expect, test } from "vitest";
import { BuildProgress } from "../../../src/image/progress.ts";

/** As disk-image-create of 3.43 prints them. */
const lines = [
  "diskimage-builder version 3.43.0",
  "2026-11-21 05:22:26.172 | Building elements: base debian-minimal",
  "2026-11-21 05:22:28.950 | Running hooks from /tmp/dib_build.g7/hooks/root.d",
  "2026-11-21 05:22:28.970 | dib-run-parts Sourcing environment file /tmp/dib_build.g7/hooks/root.d/../environment.d/10-x",
  "2026-11-21 05:22:29.001 | dib-run-parts Running /tmp/dib_build.g7/hooks/root.d/08-debootstrap",
  "2026-11-21 05:22:29.100 | I: Retrieving InRelease ",
  "2026-11-21 05:23:09.355 | dib-run-parts 08-debootstrap completed",
  "2026-11-21 05:23:29.268 | dib-run-parts ----------------------- PROFILING -----------------------",
  "2026-11-21 05:23:29.268 | dib-run-parts ",
  "2026-11-21 05:23:29.269 | dib-run-parts Target: root.d",
  "2026-11-21 05:23:29.275 | dib-run-parts 08-debootstrap                               40.350",
  "2026-11-21 05:23:29.700 | dib-run-parts Running /tmp/in_target.d/pre-install.d/01-x",
  "2026-11-21 05:23:45.735 | > Unpacking zstd",
];

test("follows phases and scripts, outside and inside of the image", () => {
  const progress = new BuildProgress(20);
  const seen = lines.map((line) => {
    const newPhase = progress.take(line);
    const { phase, script } = progress.position;
    return `${newPhase ? "* " : ""}${phase}/${script ?? ""}`;
  });
  expect(seen).toEqual([
    ...["start/", "* elements/", "* root/", "root/", "root/08-debootstrap", "root/08-debootstrap", "root/"],
    ...["root/", "root/", "root/", "root/", "* pre-install/01-x", "pre-install/01-x"],
  ]);
});

test("keeps the last lines that say something, without their times", () => {
  const progress = new BuildProgress(4);
  for (const line of lines) progress.take(line);
  expect(progress.lastLines).toEqual([
    "I: Retrieving InRelease",
    "dib-run-parts 08-debootstrap completed",
    "dib-run-parts Running /tmp/in_target.d/pre-install.d/01-x",
    "> Unpacking zstd",
  ]);
});

test.each([
  ["2026-11-21 05:24:00.000 | Calculating image size (this may take a minute)...", "image-size"],
  ["2026-11-21 05:24:00.000 | Converting image using qemu-img convert", "convert"],
  ["2026-11-21 05:24:00.000 | Build completed successfully", "done"],
])("%s", (line, phase) => {
  const progress = new BuildProgress(1);
  expect(progress.take(line)).toBe(true);
  expect(progress.position).toEqual({ phase, script: undefined });
});
