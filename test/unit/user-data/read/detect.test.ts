import { expect, test } from "vitest";
import { parseYaml } from "../../../../src/config/yaml.ts";
import { type DetectOptions, detectKind } from "../../../../src/user-data/read/detect.ts";
import { problemsIn } from "../../../support/embedded.ts";

const known = { configuration: ["name", "network", "ntp", "boot", "proxy"], boot: ["lvm", "grub"] };

function kindOf(text: string, given: Partial<DetectOptions> = {}): string {
  return detectKind(parseYaml(text, "f").value, { known, name: "a.yaml", otherwise: undefined, ...given });
}

test.each<[string, string, string]>([
  ["name: a", "configuration", "nothing but a name"],
  ["name: a\nntp: {}\nbogus: 1", "configuration", "keys most of which are known"],
  ["name: a\nntp: {}\nbogus: 1\nother: 2", "other", "more unknown than known keys"],
  ["name: a\nservices: {}", "other", "a file of another program that has a name"],
  ["ntp: {}\nproxy: {}", "configuration", "no name, but known keys only"],
  ["proxy: {}", "other", "one key that others have, too"],
  ["ntp: {}\nproxy: {}\nbogus: 1", "other", "no name, and not all keys known"],
  ["nmae: a\nntpp: 1", "configuration", "misspelt keys"],
  ["name: CI\non: push\njobs: {}", "other", "a workflow"],
  ["a: 1\nb: 2", "other", "unknown keys"],
  ["- name: a", "other", "a list"],
  ["5", "other", "a number"],
  ["", "other", "nothing"],
  ["{}", "other", "an empty mapping"],
  ["lvm: []", "boot", "keys of the boot part"],
  ["lvm: []\nname: a", "configuration", "keys of both"],
  ["network: {version: 2}", "network", "a netplan file"],
  ["version: 2\nethernets: {}", "network", "a network-config of version 2"],
  ["version: 1\nconfig: []", "network", "a network-config of version 1"],
  ["version: 3\nservices: {}", "other", "another version of something else"],
  ["recipes: []\nenv: []", "module", "a module"],
  ["env: []\nname: a", "other", "env of something else"],
  ["apiVersion: v1\nkind: Secret", "kubernetes", "an object"],
  ["apiVersion: kanod.io/v1alpha1\nkind: ImageBuild", "image", "an image build document"],
  ["apiVersion: airshipit.org/v1alpha1\nkind: ImageConfiguration", "image", "a document of Airship"],
  ["apiVersion: airshipit.org/v1alpha1\nkind: ReplacementTransformer", "kubernetes", "another document of Airship"],
  ["kind: AirshipImage/v1\nname: base", "image", "an older document of Airship"],
  ["runcmd: [ls]", "cloud-config-without-header", "cloud-config"],
])("%j is %s: %s", (text, kind) => {
  expect(kindOf(text)).toBe(kind);
});

test.each<[string, Partial<DetectOptions>, string]>([
  ["", { otherwise: "configuration" }, "configuration"],
  ["a: 1", { otherwise: "configuration" }, "configuration"],
  ["a: 1", { otherwise: "boot" }, "boot"],
  ["name: a", { otherwise: "boot" }, "boot"],
  ["runcmd: [a]", { otherwise: "boot" }, "boot"],
  ["apiVersion: v1\nkind: Secret", { otherwise: "boot" }, "kubernetes"],
  ["a: 1", { name: "configuration.yaml" }, "configuration"],
  ["a: 1", { name: "system.yaml" }, "system"],
  ["options: []\nbogus: 1", { name: "config.yaml" }, "module"],
  ["recipe: []", { name: "config.yaml" }, "module"],
  ["name: a", { name: "config.yaml" }, "configuration"],
  ["theme: dark", { name: "config.yaml" }, "other"],
])("%j with %o is %s", (text, given, kind) => {
  expect(kindOf(text, given)).toBe(kind);
});

test("a network configuration alone is checked as the section of a configuration", () => {
  expect(problemsIn("network:\n  ethernets: {}\n")).toEqual(["1:1 network-only"]);
  expect(problemsIn("network:\n  version: 3\n")).toEqual(["1:1 network-only", "2:12 not-in-enum"]);
  expect(problemsIn("version: 3\nethernets: {}\nbonds: 5\n")).toEqual([
    "1:1 missing-key",
    "1:1 unknown-key",
    "2:1 unknown-key",
    "3:1 unknown-key",
  ]);
  expect(problemsIn("version: 2\nbonds: 5\n")).toEqual(["1:1 network-only", "2:8 wrong-type"]);
  expect(problemsIn("version: 2\nbonds: {}\n", { otherwise: undefined })).toEqual([]);
});

test("documents of ours stand alone in their file", () => {
  expect(problemsIn("name: a\n---\nname: b\n")).toEqual(["2:1 several-documents"]);
  expect(problemsIn("name: a\n---\n")).toEqual(["2:1 several-documents"]);
});
