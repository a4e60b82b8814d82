import { explainErrors } from "./explain.ts";
import { tell } from "./messages.ts";
import { escapePointerPart, type Problem, type Severity, sortProblems } from "./problem.ts";
import { isSecret } from "./schema.ts";
import type { CompiledSchema } from "./validator.ts";
import type { YamlDocument } from "./yaml.ts";

/** Something that a check found at a place in the data, such as a contribution's `Finding`. */
export interface PlacedFinding {
  severity: Severity;
  code: string;
  /** JSON pointer into the document's value. */
  pointer: string;
  /** It is about the key, not the value. */
  atKey?: boolean;
  message: string;
  hint?: string | undefined;
}

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
  const findings = explainErrors(schema, value, validator.errors ?? []).map((explained): PlacedFinding => {
    const { below, ...told } = tell(explained, isSecret(schema, explained.error.instancePath));
    const pointer = below === undefined ? "" : `/${escapePointerPart(String(below))}`;
    return { severity: "error", pointer: explained.error.instancePath + pointer, ...told };
  });
  return positionFindings(document, findings);
}

/** Faults that leave no doubt about the rest of a document. */
const harmless: ReadonlySet<string> = new Set(["duplicate-key", "several-documents"]);

function readableValue({ value, partial, problems }: YamlDocument): unknown {
  return value === undefined && problems.every(({ code }) => harmless.has(code)) ? partial : value;
}

/** The findings as problems with their position in the document, each only once, in the order of the text. */
export function positionFindings(
  document: Pick<YamlDocument, "locate">,
  findings: readonly PlacedFinding[],
): Problem[] {
  const problems = new Map<string, Problem>();
  for (const { severity, code, pointer, atKey, message, hint } of findings) {
    const source = document.locate(pointer, atKey === true ? "key" : "value");
    problems.set(JSON.stringify([code, pointer, message]), {
      severity,
      code,
      pointer,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(source === undefined ? {} : { source }),
    });
  }
  return sortProblems([...problems.values()]);
}
