import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseYaml } from "../../../src/config/yaml.ts";
import {
  type ImagePlan,
  imageCommand,
  imageScript,
  loneFormats,
  type PlanWishes,
  planImage,
} from "../../../src/image/image-plan.ts";
import { moduleDefinition } from "../../../src/image/modules/read-module.ts";
import { resolveBuild } from "../../../src/image/modules/resolve.ts";

function plan(text: string, wishes: Partial<PlanWishes> = {}, elementsPath: readonly string[] = ["/e"]): ImagePlan {
  const morePackages = wishes.morePackages ?? [];
  const modules = [moduleDefinition(parseYaml(text, "config.yaml"), "m", "/m")];
  const resolution = resolveBuild({ modules, packages: morePackages });
  const byDefault: PlanWishes = {
    output: "img",
    formats: ["qcow2"],
    architecture: "amd64",
    offline: false,
    morePackages,
  };
  return planImage(resolution, elementsPath, { ...byDefault, ...wishes });
}

const recipe = "recipes: [{ elements: [debian-minimal, vm], packages: [a, 'b,c', a] }]";

describe("the command line", () => {
  test("has elements and packages in order", () => {
    expect(imageCommand(plan(recipe, { morePackages: ["x", "y"] })).join(" ")).toBe(
      "disk-image-create -a amd64 -t qcow2 -o img.qcow2 -p a,b,c,a -p x,y debian-minimal vm",
    );
  });

  test("leaves out what is empty", () => {
    expect(imageCommand(plan("recipes: [{ elements: [e] }]"))).toEqual([
      ...["disk-image-create", "-a", "amd64", "-t", "qcow2", "-o", "img.qcow2", "e"],
    ]);
  });

  test.each<[string, readonly string[], string, string]>([
    ["img", ["qcow2"], "qcow2", "img.qcow2"],
    ["img.qcow2", ["qcow2"], "qcow2", "img.qcow2"],
    ["out/node.v1", ["raw"], "raw", "out/node.v1.raw"],
    ["img", ["qcow2", "tar"], "qcow2,tar", "img"],
    ["img.tar", ["qcow2", "tar"], "qcow2,tar", "img.tar"],
    ["out/.tar", ["tar"], "tar", "out/.tar.tar"],
  ])("of the output %s in the formats %j", (output, formats, kinds, name) => {
    const argv = imageCommand(plan(recipe, { output, formats }));
    expect(argv.slice(3, 7)).toEqual(["-t", kinds, "-o", name]);
  });

  test("for boot files", () => {
    expect(imageCommand(plan(recipe, { formats: ["kernel"] })).join(" ")).toBe(
      "disk-image-create -a amd64 -t raw -o img -p a,b,c,a debian-minimal vm baremetal no-final-image",
    );
    expect(imageCommand(plan(recipe, { formats: ["ramdisk"], architecture: "arm64" })).join(" ")).toBe(
      "ramdisk-image-create -a arm64 -o img -p a,b,c,a debian-minimal vm kanod-ramdisk",
    );
    expect(loneFormats(["qcow2", "kernel"])).toEqual(["kernel"]);
    expect(loneFormats(["kernel"])).toEqual([]);
  });

  test("offline, and into another folder", () => {
    expect(imageCommand(plan(recipe, { offline: true, output: "out/node" }), "/tmp/x").slice(3, 8)).toEqual([
      ...["-t", "qcow2", "-o", "/tmp/x/node.qcow2", "--offline"],
    ]);
  });
});

describe("the script", () => {
  test("exports every variable, ELEMENTS_PATH last, and ends with the command", () => {
    const text = "env: [{ name: B, value: \"it's\" }, { name: A, value: '' }]\nrecipes: [{ elements: [e] }]";
    expect(imageScript(plan(text, {}, ["/a b", "/c"])).split("\n")).toEqual([
      "#!/bin/sh",
      "export B='it'\\''s'",
      "export A=''",
      "export ELEMENTS_PATH='/a b:/c'",
      "disk-image-create -a amd64 -t qcow2 -o img.qcow2 e",
      "",
    ]);
  });

  test("a module's own ELEMENTS_PATH keeps its place", () => {
    const lines = imageScript(plan("env: [{ name: ELEMENTS_PATH, value: x }, { name: Z, value: z }]", {}, ["/e", "x"]));
    expect(lines.split("\n").slice(1, 3)).toEqual(["export ELEMENTS_PATH='/e:x'", "export Z='z'"]);
  });

  test("any value and any word reach the program as they are", () => {
    const word = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), word, (elements, value) => {
        const variables = new Map([["KANOD_TEST", value]]);
        const base = { output: "img", formats: ["raw"], architecture: "amd64", offline: false, packages: [] };
        const script = imageScript({ ...base, variables, elements, morePackages: [] });
        const shown = `disk-image-create() { printf '%s\\0' "$KANOD_TEST" "$@"; }\n${script}`;
        const words = execFileSync("bash", ["-c", shown], { encoding: "utf8" }).split("\0");
        const decoded = (text: string): string => Buffer.from(text).toString();
        expect(words.slice(0, 1)).toEqual([decoded(value)]);
        expect(words.slice(7, -1)).toEqual(elements.map(decoded));
      }),
      { numRuns: 50 },
    );
  });
});
