import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildSide } from "../../../src/cli/build-side.ts";
import { main } from "../../../src/cli/main.ts";
import { temporaryFolder, testIo } from "../../support/cli.ts";
import { testImage } from "../../support/image.ts";

const image = testImage({});

async function help(program: string, ...args: string[]): Promise<string> {
  const { io, out } = testIo([program, ...args, "--help"]);
  await main(io, image, buildSide);
  return out();
}

test("every program has a page that says what its --help says", async () => {
  const folder = temporaryFolder();
  const { io } = testIo(["kanod-configure", "man-pages", "man"], { workingDirectory: folder });
  expect(await main(io, image, buildSide)).toBe(0);
  const pages = readdirSync(join(folder, "man"), { recursive: true, encoding: "utf8" }).filter((path) =>
    /\/.*\.\d$/.test(path),
  );
  expect(pages.sort()).toEqual([
    "man1/kanod-configure.1",
    "man1/kanod-image-builder.1",
    "man8/kanod-bootcmd.8",
    "man8/kanod-runcmd.8",
  ]);
  for (const page of pages) {
    const text = readFileSync(join(folder, "man", page), "utf8").replace(/\\(-|&)|\\f[BIR]/g, "$1");
    const [, program = ""] = /\/(.*)\.\d$/.exec(page) ?? [];
    expect(text).toContain(`.TH ${program.toUpperCase()} ${page.at(-1)} "" "kanod-configure 0.0.0-test"`);
    const own = await help(program);
    const commands = [...own.matchAll(/^ {2}([a-z][a-z-]*) .*[[<]/gm)].map(([, name = ""]) => name);
    const texts = [own, ...(await Promise.all(commands.map((command) => help(program, command))))];
    const options = texts.flatMap((each) =>
      [...each.matchAll(/^ {2}.*?(--[a-z-]+)/gm)].map(([, option = ""]) => option),
    );
    expect(options.length).toBeGreaterThan(program === "kanod-configure" ? 30 : 6);
    for (const option of options) expect(text).toContain(option);
    for (const command of commands) expect(text).toContain(`\n.SS ${command}\n`);
  }
});

test("a folder is needed", async () => {
  const { io } = testIo(["kanod-configure", "man-pages"]);
  expect(await main(io, image)).toBe(2);
});
