import { expect, test } from "vitest";
import { BuildError } from "../../../src/compile/build-error.ts";
import { elementOfFolder, elementsOfImage } from "../../../src/compile/elements.ts";

test("an element is called as its folder is", () => {
  expect(elementOfFolder("elements/kanod-greeter/")).toEqual({
    name: "kanod-greeter",
    path: "elements/kanod-greeter/",
  });
  expect(elementOfFolder(".").name).toBe(process.cwd().split("/").at(-1));
});

test("the elements of an image come in the order of IMAGE_ELEMENT_YAML, and need not have anything for us", () => {
  const text = "{vm: /usr/share/dib/elements/vm, kanod-greeter: '/home/me/elements/kanod-greeter'}\n";
  expect(elementsOfImage(text)).toEqual([
    { name: "vm", path: "/usr/share/dib/elements/vm", optional: true },
    { name: "kanod-greeter", path: "/home/me/elements/kanod-greeter", optional: true },
  ]);
});

test.each([
  ["[a, b]", "not-a-mapping"],
  ["", "not-a-mapping"],
  ["{a: [}", "yaml-syntax"],
  ["{a: 1, b: /x}", "bad-elements"],
])("IMAGE_ELEMENT_YAML %j is refused", (text, code) => {
  const attempt = (): unknown => elementsOfImage(text);
  expect(attempt).toThrow(BuildError);
  try {
    attempt();
  } catch (error) {
    expect((error as BuildError).problems.map((problem) => problem.code)).toContain(code);
  }
});
