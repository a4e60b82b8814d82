import { join } from "node:path";
import type { Problem } from "../config/problem.ts";
import { shown } from "../config/shown.ts";
import { suggest } from "../config/suggest.ts";
import { buildProblem } from "./build-error.ts";
import type { CollectedElement } from "./collect.ts";
import { findString } from "./source-search.ts";
import { listTree, readText } from "./workspace.ts";

/** A call whose template is written out; one with a name that is computed is not looked into. */
const call = /\brenderTemplate\(\s*[\w.$]+\s*,\s*(["'`])(?<name>[^"'`$\\]+)\1(?=\s*,)/g;

/** The templates that contributions render, and that no element has: the run would fail on the machine. */
export async function missingTemplates(elements: readonly CollectedElement[]): Promise<Problem[]> {
  const known = new Set(elements.flatMap(({ templates }) => templates.map(({ name }) => name)));
  const problems: Problem[] = [];
  for (const { folder, path } of elements) {
    const files = await listTree(join(folder, "kanod"), (name) => name !== "node_modules" && name !== "templates");
    for (const file of files.filter((each) => /(?<!\.d|\.test|\.spec)\.[jt]s$|\.mjs$/.test(each))) {
      const source = join("kanod", file);
      for (const { groups } of ((await readText(join(folder, source))) ?? "").matchAll(call)) {
        const name = groups?.["name"] ?? "";
        if (known.has(name)) continue;
        const place = await findString([name], join(folder, source), join(path, source));
        const near = suggest(name, known);
        const hint = near === undefined ? "add it to kanod/templates" : `did you mean ${shown(near)}?`;
        const message = `no element has a template ${shown(name)}`;
        problems.push(
          buildProblem("no-template-file", message, place === undefined ? { hint } : { hint, source: place }),
        );
      }
    }
  }
  return problems;
}
