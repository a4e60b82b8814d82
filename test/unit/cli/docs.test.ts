import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { main } from "../../../src/cli/main.ts";
import { temporaryFolder, testIo } from "../../support/cli.ts";
import { testImage } from "../../support/image.ts";

const image = testImage({ properties: { greeting: { type: "string", description: "Whom to greet." } } });

async function docs(args: readonly string[], workingDirectory = "/") {
  const { io, out, err } = testIo(["kanod-configure", "docs", ...args], { workingDirectory });
  return { exitCode: await main(io, image), out: out(), err: err() };
}

test("is Markdown, or a page", async () => {
  const markdown = await docs([]);
  expect(markdown.exitCode).toBe(0);
  expect(markdown.out).toContain("## `greeting`\n\nText.\n\nWhom to greet.\n");
  expect((await docs(["--format", "html"])).out).toMatch(/^<!DOCTYPE html>[\s\S]*Whom to greet\.[\s\S]*<\/html>\n$/);
});

test("goes into a file", async () => {
  const folder = temporaryFolder();
  expect(await docs(["-o", "a.md"], folder)).toEqual({ exitCode: 0, out: "", err: "" });
  expect(readFileSync(join(folder, "a.md"), "utf8")).toBe((await docs([])).out);
});

test("is of any schema", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "s.yaml"), "title: Mine\nproperties: {a: {type: string}}\n");
  expect((await docs(["--schema", "s.yaml"], folder)).out).toMatch(/^# Mine\n/);
  writeFileSync(join(folder, "s.yaml"), "type: nothing\n");
  expect((await docs(["--schema", "s.yaml"], folder)).exitCode).toBe(3);
  expect((await docs(["--schema", "t.yaml"], folder)).exitCode).toBe(3);
});

test("knows no other format", async () => {
  expect((await docs(["--format", "pdf"])).exitCode).toBe(2);
});
