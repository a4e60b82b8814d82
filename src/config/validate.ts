import type { Code } from "./codes/catalogue.ts";
import { explainErrors } from "./explain.ts";
import { wordingOf } from "./messages.ts";
import { escapePointerPart, type Finding, type Problem, sortProblems } from "./problem.ts";
import { isSecret } from "./schema.ts";
import type { CompiledSchema } from "./validator.ts";
import type { YamlDocument } from "./yaml.ts";

/**
 * All that a schema finds wrong with a document, with positions, in their order. `validator` is made of `schema`, by
 * generateValidators or compileValidator; `schema` itself says what to suggest, what is secret and which of several
 * alternatives was meant, and is not asked for where nothing is wrong. A document that could not be read has no problems
 * here: they are in `document.problems`.
 */
export function validateDocument(
  document: YamlDocument,
  compiled: Pick<CompiledSchema, "schema" | "validator">,
): Problem[] {
  const { validator } = compiled;
  const value = readableValue(document);
  if (value === undefined || validator(value)) return [];
  const { schema } = compiled;
  const findings = explainErrors(schema, value, validator.errors ?? []).map((explained): Finding => {
    const { below, ...wording } = wordingOf(explained, isSecret(schema, explained.error.instancePath));
    const pointer = below === undefined ? "" : `/${escapePointerPart(String(below))}`;
    return { severity: "error", pointer: explained.error.instancePath + pointer, ...wording };
  });
  return positionFindings(document, findings);
}

/** Faults that leave no doubt about the rest of a document. */
const harmless: ReadonlySet<string> = new Set(["duplicate-key", "several-documents"]);

function readableValue({ value, partial, problems }: YamlDocument): unknown {
  return value === undefined && problems.every(({ code }) => harmless.has(code)) ? partial : value;
}

/** The findings as problems with their position in the document, each only once, in the order of the text. */
export function positionFindings(document: Pick<YamlDocument, "locate">, findings: readonly Finding[]): Problem[] {
  const problems = new Map<string, Problem>();
  for (const { severity, code, pointer, atKey, message, hint } of findings) {
    const source = document.locate(pointer, atKey === true ? "key" : "value");
    problems.set(JSON.stringify([code, pointer, message]), {
      severity,
      // The codes of elements that others wrote pass through.
      code: code as Code,
      pointer,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(source === undefined ? {} : { source }),
    });
  }
  return sortProblems([...problems.values()]);
}
