import type { Problem } from "../../config/problem.ts";
import { shown } from "../../config/shown.ts";
import { suggest } from "../../config/suggest.ts";
import type { ModuleDefinition } from "./module-definition.ts";
import type { DeclaredOption } from "./options.ts";

/** Conditions that no setting can change, because of a name that no module declares or a value that is no choice. */
export function conditionWarnings(
  modules: readonly ModuleDefinition[],
  declared: readonly DeclaredOption[],
): Problem[] {
  return modules
    .flatMap(({ variables, recipes }) => [...variables, ...recipes])
    .flatMap(({ when }) => when)
    .flatMap(({ text, pointer, source }) => {
      const [name = "", value] = text.replace(/^!/, "").split(/=(.*)/s);
      const options = declared.filter((each) => each.name === name && (value === undefined || each.kind === "var"));
      const names = value === undefined ? declared.map((each) => each.name) : (options[0]?.choices ?? []);
      if (options.length > 0 && (value === undefined || names.length === 0 || names.includes(value))) return [];
      const [wrong, candidates] =
        options.length === 0 ? [name, declared.map((each) => each.name)] : [value ?? "", names];
      const what =
        options.length === 0 ? "no module has the option or flag" : `the option ${shown(name)} has no choice`;
      const near = suggest(wrong, candidates);
      const hint = near === undefined ? {} : { hint: `did you mean ${shown(near)}?` };
      const message = `the condition ${shown(text)} never changes: ${what} ${shown(wrong)}`;
      return [{ severity: "warning", code: "dead-condition", pointer, message, ...hint, source } satisfies Problem];
    });
}
