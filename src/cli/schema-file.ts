import { resolve } from "node:path";
import { hasErrors, type Problem } from "../config/problem.ts";
import { isSchema } from "../config/schema.ts";
import { parseYaml } from "../config/yaml.ts";
import type { Host } from "../host/host.ts";
import { formatProblems } from "../report/text.ts";
import { type Rules, rulesOfSchema } from "./checkers.ts";
import type { CommandContext } from "./command-line.ts";
import { readRequired } from "./inputs.ts";

/** The rules of `--schema FILE`. Undefined, and said on standard error, where the file holds no schema. */
export async function rulesOfFile({ io, image }: CommandContext, host: Host, file: string): Promise<Rules | undefined> {
  const { text } = await readRequired(host, resolve(io.workingDirectory, file));
  const document = parseYaml(text, file);
  const { checkSchema } = await import(/* webpackMode: "eager" */ "../config/check-schema.ts");
  const found = hasErrors(document.problems) ? [] : checkSchema(document.value, document.locate);
  const problems: Problem[] = [...document.problems, ...found];
  if (!hasErrors(problems) && isSchema(document.value)) return rulesOfSchema(document.value, image);
  io.err(formatProblems(problems, { texts: new Map([[file, document.text]]), color: io.color }));
  io.err(`${io.program}: ${file} is no schema that can be used\n`);
  return undefined;
}
