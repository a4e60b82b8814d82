/** The catalogue of codes against the sources, both ways, and the form of its texts. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { knownCodes } from "../../../src/config/codes/find-code.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const codes = knownCodes.map(({ code }) => code);

function sources(): Map<string, string> {
  const patterns = ["src/**/*.ts", "contributions/*/kanod/**/*.ts", "packaging/**/kanod/**/*.ts"];
  const files = globSync(patterns, { cwd: root, exclude: (name) => name === "node_modules" });
  const own = files.filter((file) => !file.startsWith("src/config/codes/"));
  return new Map(own.map((file) => [file, readFileSync(join(root, file), "utf8")]));
}

/** Where a string literal is a code: errors, and fields of problems and findings. */
const emitted = [/new [A-Za-z]*Error\(\s*"([^"]+)"/g, /\bcode: "([a-z][a-z0-9-]*)"/g];

/** Templates of which codes are made, with what can be in them. */
const made: Readonly<Record<string, readonly string[]>> = {
  [`\`unknown-\${what}\``]: ["unknown-option", "unknown-flag"],
  [`\`\${kind}-timeout\``]: ["fetch-timeout", "connect-timeout", "lookup-timeout"],
  [`\`\${kind}-failed\``]: ["fetch-failed", "connect-failed", "lookup-failed"],
};

test("every code that a source emits is in the catalogue", () => {
  const unknown = [...sources()].flatMap(([file, text]) =>
    emitted
      .flatMap((pattern) => [...text.matchAll(pattern)].map(([, code = ""]) => code))
      .concat(constants(text))
      // A sentence is the message of an error without a code.
      .filter((code) => !code.includes(" ") && !codes.includes(code))
      .map((code) => `${file}: ${code}`),
  );
  expect(unknown).toEqual([]);
});

/** Codes that errors get by the name of a constant. */
function constants(text: string): string[] {
  const names = [...text.matchAll(/new [A-Za-z]*Error\(\s*(\w+),/g)].map(([, name]) => name);
  return names.flatMap((name) => new RegExp(`const ${name} = "([^"]+)"`).exec(text)?.[1] ?? []);
}

test("every code of the catalogue is emitted by a source", () => {
  const text = [...sources().values()].join("\n");
  const built = Object.entries(made).flatMap(([template, those]) => (text.includes(template) ? those : []));
  expect(codes.filter((code) => !text.includes(`"${code}"`) && !built.includes(code))).toEqual([]);
});

test("each code is there once", () => {
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
  expect(codes.filter((code) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(code))).toEqual([]);
});

describe("texts have one shape", () => {
  test.each(knownCodes)("$code", ({ meaning, remedy }) => {
    // Some programs' names begin with a small letter.
    expect(meaning).toMatch(/^(?:[A-Z`/]|cloud-init|containerd|diskimage-builder).*\.$/);
    expect(meaning.length).toBeLessThan(200);
    // An imperative: what to do, not what is.
    expect(remedy).toMatch(/^[A-Z][a-z]+ .*\.$/);
    expect(remedy).not.toMatch(/^(?:The|A|An|It|This|That|These|If|You|See|There|Only|One|Each)\b/);
    expect(remedy.length).toBeLessThan(160);
  });
});
