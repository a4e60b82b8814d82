import { expect, test } from "vitest";
import { parseYaml } from "../../../../src/config/yaml.ts";
import { describeOptions, explainResolution } from "../../../../src/image/modules/explain.ts";
import { moduleDefinition } from "../../../../src/image/modules/read-module.ts";
import { resolveBuild } from "../../../../src/image/modules/resolve.ts";

const core = `
options:
  - { name: release, kind: var, default: trixie, choices: [trixie, sid], description: The release. }
  - { name: password, kind: var, secret: true }
  - { name: debug, kind: flag }
env:
  - { name: A, value: "1" }
  - { name: P, value: "x{{ password }}", when: [password] }
  - { name: D, value: d, when: [debug] }
recipes:
  - elements: [base, "os-{{ release }}"]
    packages: [less]
  - when: [release=sid, "!debug"]
    elements: [unstable]
`;
const other = `
env: [{ name: A, value: "2", when: ["!debug"] }]
recipes: [{ elements: ["!base"], when: [password] }]
`;
const modules = [core, other].map((text, index) => {
  const name = ["core", "other"][index] as string;
  return moduleDefinition(parseYaml(text, `${name}.yaml`), name, `/${name}`);
});

test("says of everything where it comes from and why, and shows no secret", () => {
  const text = explainResolution(resolveBuild({ modules, set: { password: "hunter2" }, packages: ["vim"] }));
  expect(text).toBe(`options
  release = 'trixie'  the default
  password = (secret)  set by the user

variables
  A = '2'
    other other.yaml:2:15, because !debug (debug is not set)
    instead of what core core.yaml:7:13 gives
  P = (secret)
    core core.yaml:8:13, because password (password is set)

elements
  - base
    core core.yaml:11:16, always
    removed by other other.yaml:3:24, because password (password is set)
  os-trixie
    core core.yaml:11:22, always

packages
  less
    core core.yaml:12:16, always
  vim
    the command line, always

left out
  variable D
    core core.yaml:9:13, does not hold: debug (debug is not set)
  recipe unstable
    core core.yaml:13:5, does not hold: release=sid (release is 'trixie')
`);
});

test("lists options with what a user has to know of them", () => {
  const { declared } = resolveBuild({ modules }).options;
  expect(describeOptions(declared)).toBe(`  --set release=VALUE
    The release.
    one of trixie, sid; default 'trixie'; module core
  --set password=VALUE
    secret; module core
  --bool debug
    module core
`);
  expect(describeOptions([])).toBe("These modules have no options.\n");
});
