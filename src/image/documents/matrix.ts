import type { Problem } from "../../config/problem.ts";
import { shown } from "../../config/shown.ts";
import type { Layer } from "./layer.ts";

/** Values of the matrix's variables, for one image. */
export type Combination = ReadonlyMap<string, string>;

/** Images that one declaration may become. */
const maxCombinations = 1000;

/** All combinations, the last variable changing first; one without variables where there is no matrix. */
export function combinations(layers: readonly Layer[]): { combinations: Combination[]; problems: Problem[] } {
  const variables = new Map<string, { layer: Layer; values: readonly string[] }>();
  for (const layer of layers) {
    for (const [name, values] of Object.entries(layer.part.matrix ?? {})) variables.set(name, { layer, values });
  }
  const empty = [...variables].filter(([, { values }]) => values.length === 0);
  const problems = empty.map(([name, { layer }]) =>
    layer.problem(["matrix", name], "empty-matrix", `${shown(name)} has no values: there is no image to build`),
  );
  const count = [...variables.values()].reduce((product, { values }) => product * values.length, 1);
  if (count > maxCombinations) {
    const [first] = variables.values();
    const message = `the matrix asks for ${count} images, more than ${maxCombinations}`;
    if (first !== undefined) problems.push(first.layer.problem(["matrix"], "large-matrix", message));
  }
  if (problems.length > 0) return { combinations: [], problems };
  let found: Combination[] = [new Map()];
  for (const [name, { values }] of variables) {
    found = found.flatMap((combination) => values.map((value) => new Map([...combination, [name, value]])));
  }
  return { combinations: found, problems };
}
