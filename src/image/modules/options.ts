import type { Code } from "../../config/codes/catalogue.ts";
import type { Problem } from "../../config/problem.ts";
import { shown } from "../../config/shown.ts";
import { suggest } from "../../config/suggest.ts";
import type { Settings } from "./conditions.ts";
import type { ModuleDefinition, ModuleOption } from "./module-definition.ts";

/** The options of one name and kind, of all modules. */
export interface DeclaredOption {
  readonly name: string;
  readonly kind: "var" | "flag";
  readonly description: string | undefined;
  /** Of the last declaration that has one. */
  readonly default: string | undefined;
  /** What all declarations with choices allow. */
  readonly choices: readonly string[] | undefined;
  readonly secret: boolean;
  /** Names of the modules that declare it. */
  readonly modules: readonly string[];
}

/** What a user asks for on top of what the modules say. */
export interface Wishes {
  /** Values of vars, by name. */
  readonly set: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
}

export interface SettledOptions extends Settings {
  readonly declared: readonly DeclaredOption[];
  /** What is wrong in the user's wishes. They have no position. */
  readonly wishProblems: readonly Problem[];
  /** What is wrong in the modules. */
  readonly moduleProblems: readonly Problem[];
}

/** A var has the value that the user set, otherwise its last default; a flag is set only by the user. */
export function settleOptions(modules: readonly ModuleDefinition[], wishes: Wishes): SettledOptions {
  const declared = declaredOptions(modules);
  const vars = new Map<string, string>();
  for (const { name, kind, default: byDefault } of declared) {
    const value = Object.hasOwn(wishes.set, name) ? wishes.set[name] : byDefault;
    if (kind === "var" && value !== undefined) vars.set(name, value);
  }
  return {
    declared,
    vars,
    flags: new Set(wishes.flags),
    secret: new Set(declared.filter(({ secret }) => secret).map(({ name }) => name)),
    wishProblems: [
      ...Object.entries(wishes.set).flatMap(([name, value]) => setProblems(declared, name, value)),
      ...wishes.flags.flatMap((name) => undeclared(declared, "flag", name)),
    ],
    moduleProblems: declared.flatMap((option) => defaultProblems(modules, option)),
  };
}

/** In the order of their first declaration. */
export function declaredOptions(modules: readonly ModuleDefinition[]): DeclaredOption[] {
  const options = new Map<string, DeclaredOption>();
  for (const module of modules) {
    for (const option of module.options) {
      const key = `${option.kind} ${option.name.text}`;
      options.set(key, joined(options.get(key), option, module.name));
    }
  }
  return [...options.values()];
}

/** A module that narrows the choices of another one to a single value need not repeat it as the default. */
function joined(earlier: DeclaredOption | undefined, option: ModuleOption, module: string): DeclaredOption {
  const choices = intersection(earlier?.choices, option.choices);
  const inherited = earlier?.default;
  const isExcluded = inherited !== undefined && choices?.includes(inherited) === false;
  return {
    name: option.name.text,
    kind: option.kind,
    description: option.description ?? earlier?.description,
    default: option.default?.text ?? (isExcluded && choices?.length === 1 ? choices[0] : inherited),
    choices,
    secret: option.secret || earlier?.secret === true,
    modules: [...new Set([...(earlier?.modules ?? []), module])],
  };
}

function intersection(
  earlier: readonly string[] | undefined,
  later: readonly string[] | undefined,
): readonly string[] | undefined {
  if (earlier === undefined || later === undefined) return earlier ?? later;
  return earlier.filter((choice) => later.includes(choice));
}

function setProblems(declared: readonly DeclaredOption[], name: string, value: string): Problem[] {
  const option = declared.find((candidate) => candidate.kind === "var" && candidate.name === name);
  if (option === undefined) return undeclared(declared, "var", name);
  if (option.choices === undefined || option.choices.includes(value)) return [];
  const given = option.secret ? "the value" : shown(value);
  return [
    wishProblem("not-a-choice", `${given} is not one of the choices of the option ${shown(name)}`, choicesHint(option)),
  ];
}

function undeclared(declared: readonly DeclaredOption[], kind: "var" | "flag", name: string): Problem[] {
  if (declared.some((option) => option.kind === kind && option.name === name)) return [];
  if (declared.some((option) => option.name === name)) {
    const hint = kind === "var" ? `it is a flag: use --bool ${name}` : `it has a value: use --set ${name}=VALUE`;
    return [wishProblem("wrong-kind-of-option", `the option ${shown(name)} is of the other kind`, hint)];
  }
  const near = suggest(
    name,
    declared.filter((option) => option.kind === kind).map((option) => option.name),
  );
  const hint =
    near === undefined ? "--help with the names of the modules lists their options" : `did you mean ${shown(near)}?`;
  const what = kind === "var" ? "option" : "flag";
  return [wishProblem(`unknown-${what}`, `no module has the ${what} ${shown(name)}`, hint)];
}

/** A default that a user could not set either, at the declaration that gives it or that excludes it. */
function defaultProblems(modules: readonly ModuleDefinition[], declared: DeclaredOption): Problem[] {
  const { kind, name, choices, default: byDefault } = declared;
  const declarations = modules
    .flatMap(({ options }) => options)
    .filter((each) => each.kind === kind && each.name.text === name);
  const own = declarations.find((each) => each.default && each.choices?.includes(each.default.text) === false);
  if (kind === "flag" || byDefault === undefined) return [];
  if (own === undefined && (choices === undefined || choices.includes(byDefault))) return [];
  const last = declarations.findLast(
    (each) => each.default !== undefined || each.choices?.includes(byDefault) === false,
  );
  const at = (own ?? last)?.default ?? last?.name;
  const message = `the default of the option ${shown(name)} is not one of its choices`;
  const hint = `the choices are ${(choices ?? []).map(shown).join(", ")}: make one of them the default`;
  const place = at === undefined ? { pointer: "" } : { pointer: at.pointer, source: at.source };
  return [{ severity: "error", code: "default-not-a-choice", message, hint, ...place }];
}

function choicesHint({ choices = [] }: DeclaredOption): string {
  return choices.length === 0
    ? "the modules leave no choice at all"
    : `the choices are ${choices.map(shown).join(", ")}`;
}

function wishProblem(code: Code, message: string, hint: string): Problem {
  return { severity: "error", code, pointer: "", message, hint };
}
