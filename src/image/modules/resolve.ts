import type { Problem, SourceRange } from "../../config/problem.ts";
import { shown } from "../../config/shown.ts";
import { renderTemplate } from "../../jinja/evaluate.ts";
import { TemplateError } from "../../jinja/template-error.ts";
import { conditionWarnings } from "./condition-warnings.ts";
import { allHold, type ConditionResult, checkConditions } from "./conditions.ts";
import type { Entry, ModuleDefinition, ModuleVariable, Recipe } from "./module-definition.ts";
import { type SettledOptions, settleOptions, type Wishes } from "./options.ts";

export interface BuildRequest extends Partial<Wishes> {
  /** In the order in which they are joined: core first, then as on the command line. */
  readonly modules: readonly ModuleDefinition[];
  /** Packages besides those of the modules. They come last, and no module can remove them. */
  readonly packages?: readonly string[];
}

/** What makes up an image, and how it came about. Where there are problems it is incomplete. */
export interface BuildResolution {
  readonly options: SettledOptions;
  /** In the order of their first definition. */
  readonly variables: readonly ResolvedVariable[];
  /** In order, with those that were removed again. */
  readonly elements: readonly ListedEntry[];
  readonly packages: readonly ListedEntry[];
  /** What was left out because a condition does not hold. */
  readonly skipped: readonly SkippedPart[];
  /** What is wrong in the request: unknown options, values that are no choice. */
  readonly requestProblems: readonly Problem[];
  /** Conditions that are most likely misspelt. */
  readonly warnings: readonly Problem[];
  /** What is wrong in the modules, with its place there. */
  readonly moduleProblems: readonly Problem[];
}

/** Where a decision comes from: an entry of a module's `config.yaml` and its conditions. */
export interface Origin {
  readonly module: string;
  readonly source: SourceRange | undefined;
  readonly when: readonly ConditionResult[];
}

export interface ResolvedVariable {
  readonly name: string;
  readonly value: string;
  /** The value holds that of a secret option. */
  readonly secret: boolean;
  /** The definition that the value is from. */
  readonly origin: Origin;
  /** Earlier definitions, whose values were replaced. */
  readonly replaced: readonly Origin[];
}

/** An element, or a package entry, which may itself be a list with commas. */
export interface ListedEntry {
  readonly text: string;
  readonly origin: Origin;
  /** The entry with `!` that took it out again. */
  readonly removedBy?: Origin;
}

export interface SkippedPart {
  readonly what: "variable" | "recipe";
  /** Name of the variable, or the templates of the recipe as they are written. */
  readonly contents: readonly string[];
  readonly origin: Origin;
}

/**
 * Joins modules and settles what makes up the image: options first, then variables, then recipes, as the README's
 * "modules" section says. Pure: the same request gives the same resolution. Nothing is thrown, all problems are listed.
 */
export function resolveBuild(request: BuildRequest): BuildResolution {
  const options = settleOptions(request.modules, { set: request.set ?? {}, flags: request.flags ?? [] });
  const state: State = { options, variables: new Map(), elements: [], packages: [], skipped: [], problems: [] };
  for (const module of request.modules) {
    for (const variable of module.variables) resolveVariable(state, module.name, variable);
  }
  for (const module of request.modules) {
    for (const recipe of module.recipes) resolveRecipe(state, module.name, recipe);
  }
  const asked: Origin = { module: "", source: undefined, when: [] };
  return {
    options,
    variables: [...state.variables.values()],
    elements: state.elements,
    packages: [...state.packages, ...(request.packages ?? []).map((text) => ({ text, origin: asked }))],
    skipped: state.skipped,
    requestProblems: options.wishProblems,
    warnings: conditionWarnings(request.modules, options.declared),
    moduleProblems: [...options.moduleProblems, ...state.problems],
  };
}

/** The texts of a list that stayed in it. */
export function remaining(list: readonly ListedEntry[]): string[] {
  return list.filter(({ removedBy }) => removedBy === undefined).map(({ text }) => text);
}

interface State {
  readonly options: SettledOptions;
  readonly variables: Map<string, ResolvedVariable>;
  elements: ListedEntry[];
  packages: ListedEntry[];
  readonly skipped: SkippedPart[];
  readonly problems: Problem[];
}

function resolveVariable(state: State, module: string, variable: ModuleVariable): void {
  const name = variable.name.text;
  const origin: Origin = { module, source: variable.name.source, when: checkConditions(variable.when, state.options) };
  if (!allHold(origin.when)) {
    state.skipped.push({ what: "variable", contents: [name], origin });
    return;
  }
  const value = render(state, variable.value);
  if (value === undefined) return;
  const earlier = state.variables.get(name);
  const replaced = earlier === undefined ? [] : [...earlier.replaced, earlier.origin];
  // A Map keeps the first place of a name.
  const secret = variable.secret === true || holdsSecret(state.options, value);
  state.variables.set(name, { name, value, secret, origin, replaced });
}

function holdsSecret({ secret, vars }: SettledOptions, value: string): boolean {
  return [...secret].some((name) => (vars.get(name) ?? "") !== "" && value.includes(vars.get(name) ?? ""));
}

function resolveRecipe(state: State, module: string, recipe: Recipe): void {
  const when = checkConditions(recipe.when, state.options);
  if (!allHold(when)) {
    const contents = [...recipe.elements, ...recipe.packages].map(({ text }) => text);
    state.skipped.push({ what: "recipe", contents, origin: { module, source: recipe.source, when } });
    return;
  }
  for (const entry of recipe.packages) state.packages = listed(state, state.packages, entry, { module, when });
  for (const entry of recipe.elements) {
    state.elements = listed(state, state.elements, entry, { module, when });
    const added = state.elements.at(-1);
    if (added?.origin.source === entry.source && added.text.startsWith("-")) {
      state.problems.push(optionLike(entry, added.text));
    }
  }
}

/** The list with one more entry, or without those that the entry removes. */
function listed(
  state: State,
  list: ListedEntry[],
  entry: Entry,
  { module, when }: { module: string; when: readonly ConditionResult[] },
): ListedEntry[] {
  const text = render(state, entry);
  if (text === undefined || text === "") return list;
  const origin: Origin = { module, source: entry.source, when };
  if (!text.startsWith("!")) return [...list, { text, origin }];
  if (text.startsWith("!!")) state.problems.push(doubleNegation(entry, text));
  const removed = text.slice(1);
  return list.map((item) =>
    item.text === removed && item.removedBy === undefined ? { ...item, removedBy: origin } : item,
  );
}

/** It would be taken for an option of diskimage-builder. */
function optionLike({ pointer, source }: Entry, text: string): Problem {
  const message = `${shown(text)} is not the name of an element: it begins with a hyphen`;
  return { severity: "error", code: "bad-element-name", pointer, message, source };
}

function doubleNegation({ pointer, source }: Entry, text: string): Problem {
  const message = `${shown(text)} begins with two exclamation marks`;
  const hint = "one exclamation mark removes the earlier equal entries";
  return { severity: "error", code: "double-negation", pointer, message, hint, source };
}

function render(state: State, entry: Entry): string | undefined {
  try {
    return renderTemplate(entry.text, state.options.vars);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    state.problems.push(templateProblem(state.options, entry, error));
    return undefined;
  }
}

function templateProblem({ vars }: SettledOptions, { text, pointer, source }: Entry, error: TemplateError): Problem {
  const { code, message, line, column } = error;
  const where = text.includes("\n")
    ? ` (line ${line}, column ${column} of the template)`
    : ` (column ${column} of the template)`;
  const hint = code === "undefined-variable" ? undefinedHint(vars) : undefined;
  const problem: Problem = { severity: "error", code, pointer, message: message + where, source };
  return hint === undefined ? problem : { ...problem, hint };
}

function undefinedHint(vars: ReadonlyMap<string, string>): string {
  const names = vars.size === 0 ? "no option has a value" : `these have a value: ${[...vars.keys()].join(", ")}`;
  return `set it, add a condition, or give it a default in the template; ${names}`;
}
