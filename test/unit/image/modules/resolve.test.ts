import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseYaml } from "../../../../src/config/yaml.ts";
import type { ModuleDefinition } from "../../../../src/image/modules/module-definition.ts";
import { moduleDefinition } from "../../../../src/image/modules/read-module.ts";
import {
  type BuildRequest,
  type BuildResolution,
  remaining,
  resolveBuild,
} from "../../../../src/image/modules/resolve.ts";

/** Modules m1, m2, … of the texts of their `config.yaml`. */
function modules(...texts: string[]): ModuleDefinition[] {
  return texts.map((text, index) => {
    const name = `m${index + 1}`;
    const document = parseYaml(text, `${name}.yaml`);
    expect(document.problems).toEqual([]);
    return moduleDefinition(document, name, `/modules/${name}`);
  });
}

function resolve(texts: string[], wishes: Omit<BuildRequest, "modules"> = {}): BuildResolution {
  return resolveBuild({ modules: modules(...texts), ...wishes });
}

function variables(resolution: BuildResolution): string[] {
  return resolution.variables.map(({ name, value }) => `${name}=${value}`);
}

/** Code and place of each problem. */
function places(problems: BuildResolution["moduleProblems"]): string[] {
  return problems.map(({ code, source }) =>
    source === undefined ? code : `${code} ${source.file}:${source.line}:${source.column}`,
  );
}

const options = `
options:
  - { name: release, kind: var, default: trixie, choices: [trixie, bookworm] }
  - { name: size, kind: var }
  - { name: debug, kind: flag }
`;

describe("options", () => {
  test("a var has the value that is set, otherwise its default", () => {
    const env = "env: [{ name: R, value: '{{ release }}' }]";
    expect(variables(resolve([options + env]))).toEqual(["R=trixie"]);
    expect(variables(resolve([options + env], { set: { release: "bookworm" } }))).toEqual(["R=bookworm"]);
  });

  test("the last default counts", () => {
    const later = "options: [{ name: size, kind: var, default: '4' }, { name: size, kind: var, default: '8' }]";
    const user = "env: [{ name: S, value: '{{ size }}' }]";
    expect(variables(resolve([options + user, later]))).toEqual(["S=8"]);
  });

  test("choices that are declared twice intersect", () => {
    const later = "options: [{ name: release, kind: var, choices: [sid, bookworm, trixie], default: bookworm }]";
    const { requestProblems } = resolve([options, later], { set: { release: "sid" } });
    expect(requestProblems).toMatchObject([{ code: "not-a-choice", hint: "the choices are `trixie`, `bookworm`" }]);
  });

  test("a default outside the choices is a problem of the module, whoever declares them", () => {
    const later = "options: [{ name: release, kind: var, choices: [bookworm] }]";
    const several =
      "options: [{ name: release, kind: var, choices: [bookworm, sid] }, { name: x, kind: var, default: y, choices: [z] }]";
    const wide = options.replace("[trixie, bookworm]", "[trixie, bookworm, sid]");
    expect(places(resolve([wide, several]).moduleProblems)).toEqual([
      "default-not-a-choice m2.yaml:1:19",
      "default-not-a-choice m2.yaml:1:98",
    ]);
    const user = "env: [{ name: R, value: '{{ release }}' }]";
    const narrowed = resolve([options + user, later]);
    expect(places(narrowed.moduleProblems)).toEqual([]);
    expect(variables(narrowed)).toEqual(["R=bookworm"]);
    const given = later.replace("[bookworm]", "[bookworm, sid], default: bookworm");
    expect(places(resolve([wide, given]).moduleProblems)).toEqual([]);
  });

  test("what no module declares is refused, with the near one", () => {
    const { requestProblems } = resolve([options], { set: { relase: "x", debug: "1" }, flags: ["debgu", "size"] });
    expect(requestProblems.map(({ code, hint }) => [code, hint])).toEqual([
      ["unknown-option", "did you mean `release`?"],
      ["wrong-kind-of-option", "it is a flag: use --bool debug"],
      ["unknown-flag", "did you mean `debug`?"],
      ["wrong-kind-of-option", "it has a value: use --set size=VALUE"],
    ]);
  });

  test("a refused value of a secret option is not shown", () => {
    const secret = "options: [{ name: pw, kind: var, secret: true, choices: [a] }]";
    const { requestProblems } = resolve([secret], { set: { pw: "hunter2" } });
    expect(JSON.stringify(requestProblems)).toContain("not-a-choice");
    expect(JSON.stringify(requestProblems)).not.toContain("hunter2");
  });
});

describe("conditions", () => {
  const settled = { set: { release: "bookworm", size: "" }, flags: ["debug"] };
  test.each<[string, boolean]>([
    ["debug", true],
    ["'!debug'", false],
    ["release", true],
    ["size", true],
    ["nothing", false],
    ["'!nothing'", true],
    ["release=bookworm", true],
    ["release=trixie", false],
    ["'!release=trixie'", true],
    ["nothing=", false],
    ["'!nothing=x'", true],
    ["size=", true],
    ["debug=", false],
  ])("%s: %j", (condition, holds) => {
    const env = `env: [{ name: A, value: a, when: [${condition}] }]`;
    expect(variables(resolve([options + env], settled))).toEqual(holds ? ["A=a"] : []);
  });

  test("a value may hold further equals signs", () => {
    const module = "options: [{ name: a, kind: var }]\nenv: [{ name: X, value: x, when: ['a=b=c'] }]";
    expect(variables(resolve([module], { set: { a: "b=c" } }))).toEqual(["X=x"]);
  });

  test("all must hold, and none means always", () => {
    const recipes =
      "recipes: [{ elements: [e1] }, { elements: [e2], when: [] }, { elements: [e3], when: [debug, nothing] }]";
    expect(remaining(resolve([options + recipes], settled).elements)).toEqual(["e1", "e2"]);
  });

  test("options of later modules are visible to earlier ones", () => {
    const user = "recipes: [{ elements: ['{{ colour }}'], when: [colour=red] }]";
    expect(remaining(resolve([user, "options: [{ name: colour, kind: var, default: red }]"]).elements)).toEqual([
      "red",
    ]);
  });
});

describe("variables", () => {
  test("one that is given again takes the new value and keeps its place", () => {
    const first = "env: [{ name: A, value: '1' }, { name: B, value: '2' }]";
    const resolution = resolve([first, "env: [{ name: C, value: '3' }, { name: A, value: '4' }]"]);
    expect(variables(resolution)).toEqual(["A=4", "B=2", "C=3"]);
    expect(resolution.variables[0]).toMatchObject({ origin: { module: "m2" }, replaced: [{ module: "m1" }] });
  });

  test("an empty value is a value", () => {
    expect(variables(resolve(["env: [{ name: A, value: '' }]"]))).toEqual(["A="]);
  });

  test("templates see vars, not other variables, and are rendered once", () => {
    const module = "options: [{ name: v, kind: var, default: '{{ v }}' }]\nenv: [{ name: A, value: '{{ v }}' }]";
    expect(variables(resolve([module]))).toEqual(["A={{ v }}"]);
  });

  test("a value with a secret is marked", () => {
    const module =
      "options: [{ name: pw, kind: var, secret: true }]\nenv: [{ name: A, value: 'x{{ pw }}' }, { name: B, value: b }]";
    expect(resolve([module], { set: { pw: "s" } }).variables.map(({ secret }) => secret)).toEqual([true, false]);
  });
});

describe("recipes", () => {
  test("an entry with ! removes all earlier equal ones of its list, across modules", () => {
    const first = "recipes: [{ elements: [a, b, a], packages: [a] }]";
    const { elements, packages } = resolve([first, "recipes: [{ elements: ['!a', c, a] }]"]);
    expect(remaining(elements)).toEqual(["b", "c", "a"]);
    expect(remaining(packages)).toEqual(["a"]);
  });

  test("templates are rendered before the exclamation mark is looked at", () => {
    const module =
      "options: [{ name: e, kind: var, default: '!a' }]\nrecipes: [{ elements: [a, b, '{{ e }}', '!{{ \"b\" }}'] }]";
    expect(remaining(resolve([module]).elements)).toEqual([]);
  });

  test("repetitions stay, and what renders to nothing is dropped", () => {
    const module = "recipes: [{ packages: [a, a, '{{ \"\" }}', \"{{ 'x' if nothing }}\"] }]";
    expect(remaining(resolve([module]).packages)).toEqual(["a", "a"]);
  });

  test("the packages of the user come last and cannot be removed", () => {
    expect(remaining(resolve(["recipes: [{ packages: [a, '!b'] }]"], { packages: ["b", "a"] }).packages)).toEqual([
      ...["a", "b", "a"],
    ]);
  });

  test("an entry that was removed belongs to the one that removed it first", () => {
    const remover = "recipes: [{ elements: ['!a'] }]";
    const { elements } = resolve(["recipes: [{ elements: [a, b] }]", remover, remover]);
    expect(elements.map(({ text, removedBy }) => [text, removedBy?.module])).toEqual([
      ["a", "m2"],
      ["b", undefined],
    ]);
    expect(remaining(elements)).toEqual(["b"]);
  });

  test("an entry that comes again after its removal is there", () => {
    const [entry, remover] = ["recipes: [{ elements: [a] }]", "recipes: [{ elements: ['!a'] }]"];
    expect(remaining(resolve([entry, remover, entry]).elements)).toEqual(["a"]);
    expect(remaining(resolve([entry, remover, entry, remover]).elements)).toEqual([]);
  });

  test("templates are rendered only where the conditions hold", () => {
    expect(resolve(["recipes: [{ elements: ['{{ nothing }}'], when: [nothing] }]"]).moduleProblems).toEqual([]);
  });

  test("mistakes are told with their place, all at once", () => {
    const module = `
env:
  - name: A
    value: "{{ nothing }}"
recipes:
  - elements:
      - a
      - "!!a"
      - '{{ "x" | nofilter }}'
    packages: ["{{ x"]
`;
    expect(places(resolve([module]).moduleProblems)).toEqual([
      "undefined-variable m1.yaml:4:12",
      "template-syntax m1.yaml:10:16",
      "double-negation m1.yaml:8:9",
      "template-error m1.yaml:9:9",
    ]);
  });
});

describe("for any modules", () => {
  const name = fc.constantFrom("a", "b", "c");
  const entry = fc.tuple(fc.boolean(), name).map(([removes, text]) => (removes ? `!${text}` : text));
  const recipes = fc.array(
    fc.record({ elements: fc.array(entry, { maxLength: 4 }), when: fc.subarray(["debug", "!debug", "release"]) }),
    { maxLength: 4 },
  );
  const module = recipes.map((list) => `${options}recipes: ${JSON.stringify(list)}`);
  const wishes = fc.record({ flags: fc.subarray(["debug"]) });

  test("joining modules is resolving one that has the recipes of all", () => {
    fc.assert(
      fc.property(fc.array(recipes, { minLength: 1, maxLength: 3 }), wishes, (lists, wish) => {
        const separate = resolve(
          lists.map((list) => `${options}recipes: ${JSON.stringify(list)}`),
          wish,
        );
        const joined = resolve([`${options}recipes: ${JSON.stringify(lists.flat())}`], wish);
        expect(remaining(separate.elements)).toEqual(remaining(joined.elements));
      }),
    );
  });

  test("every entry is accounted for: it is in the image, removed, or left out with a condition that does not hold", () => {
    fc.assert(
      fc.property(fc.array(module, { minLength: 1, maxLength: 3 }), wishes, (texts, wish) => {
        const { elements, skipped } = resolve(texts, wish);
        for (const { text, removedBy } of elements) {
          if (removedBy === undefined) continue;
          expect(removedBy.when.every(({ holds }) => holds)).toBe(true);
          expect(text.startsWith("!")).toBe(false);
        }
        for (const { origin } of skipped) expect(origin.when.some(({ holds }) => !holds)).toBe(true);
        const added = texts
          .flatMap((text) => moduleDefinition(parseYaml(text, "m"), "m", "/m").recipes)
          .flatMap((recipe) => recipe.elements.filter(({ text }) => !text.startsWith("!"))).length;
        const left = skipped.flatMap(({ contents }) => contents.filter((text) => !text.startsWith("!"))).length;
        expect(elements.length + left).toBe(added);
      }),
    );
  });
});

test("an element whose name would be an option of diskimage-builder is refused at its place", () => {
  const { moduleProblems } = resolve(["recipes:\n- elements: [vm, --help]"]);
  expect(places(moduleProblems)).toEqual(["bad-element-name m1.yaml:2:18"]);
});

test("a condition on an unknown name, or on a value that is no choice, is a warning at its place", () => {
  const module = `options:
- { name: monitored, kind: flag }
- { name: site, kind: var, choices: [north, south], default: north }
- { name: free, kind: var }
recipes:
- { when: [monitred], elements: [a] }
- { when: ["site=nroth"], elements: [b] }
- { when: ["!sitte"], elements: [c] }
- { when: [monitored, "site=north", "!free=x=y", free], elements: [d] }
`;
  const { warnings } = resolve([module]);
  expect(warnings.map(({ severity, code, hint, source }) => [severity, code, source?.line, hint])).toEqual([
    ["warning", "dead-condition", 6, "did you mean `monitored`?"],
    ["warning", "dead-condition", 7, "did you mean `north`?"],
    ["warning", "dead-condition", 8, "did you mean `site`?"],
  ]);
});
