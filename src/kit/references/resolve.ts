import { AgentError } from "../../config/agent-error.ts";
import type { Finding } from "../../config/problem.ts";
import { jsonPointer } from "../../config/problem.ts";
import { transformJson } from "../common.ts";
import { startsReference } from "../findings.ts";
import { isGeneral, VaultError } from "./errors.ts";
import { NestedYaml } from "./nested-yaml.ts";
import { holdsReference, MalformedReference, parseReference, type Reference } from "./reference.ts";

/** A reference that Vault itself can answer. */
export type LeafReference = Exclude<Reference, { kind: "yaml" }>;

/** A reference at its place. Those inside a `yaml` reference have the pointer of that one. */
export interface ReferenceUse {
  pointer: string;
  text: string;
  reference: LeafReference;
}

export interface FoundReferences {
  uses: ReferenceUse[];
  /** Malformed references, and references where none is resolved: they would be written as they are. */
  findings: Finding[];
}

/** Looks for references in all strings of a JSON-like value. `parts` lead to it in the configuration. */
export function findReferences(value: unknown, parts: readonly (string | number)[] = []): FoundReferences {
  const found: FoundReferences = { uses: [], findings: [] };
  collect(value, [...parts], found);
  return found;
}

function collect(value: unknown, parts: (string | number)[], found: FoundReferences): void {
  if (typeof value === "string") collectText(value, jsonPointer(parts), found);
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    parts.push(key);
    if (startsReference(key) || holdsReference(key)) {
      const message = "a reference to Vault cannot be a key";
      found.findings.push({ ...misplaced(jsonPointer(parts), message), atKey: true });
    }
    collect(item, parts, found);
    parts.pop();
  }
}

function collectText(text: string, pointer: string, found: FoundReferences): void {
  if (!startsReference(text)) {
    if (holdsReference(text)) {
      const hint = "@vault:yaml: resolves references inside of a YAML text";
      found.findings.push({ ...misplaced(pointer, "a reference to Vault must be the whole value"), hint });
    }
    return;
  }
  try {
    const reference = parseReference(text);
    if (reference.kind === "yaml") collectNested(reference.document, pointer, found);
    else found.uses.push({ pointer, text, reference });
  } catch (error) {
    if (!(error instanceof MalformedReference)) throw error;
    const { code, message, hint } = error;
    found.findings.push({ severity: "error", code, pointer, message, ...(hint === undefined ? {} : { hint }) });
  }
}

function collectNested(document: string, pointer: string, found: FoundReferences): void {
  const nested = new NestedYaml(document);
  for (const text of nested.values) collectText(text, pointer, found);
  if (nested.keys.some((key) => startsReference(key) || holdsReference(key))) {
    found.findings.push(misplaced(pointer, "a reference to Vault cannot be a key"));
  }
}

function misplaced(pointer: string, message: string): Finding {
  return { severity: "error", code: "vault-reference-misplaced", pointer, message };
}

/**
 * A copy of `value` with all references replaced by what `lookup` gives for them. Each distinct reference is looked up
 * once, all at the same time (bounding that is the matter of `lookup`). What a secret looks like does not matter: it is
 * not looked into.
 *
 * @param parts lead to `value` in the configuration, for the messages
 * @throws VaultError `vault-references` with one finding for each place that cannot be resolved, or the error of the
 *   server itself where that is the reason for all
 */
export async function resolveReferences<T>(
  value: T,
  lookup: (reference: LeafReference) => Promise<string>,
  parts: readonly (string | number)[] = [],
): Promise<T> {
  const { uses, findings } = findReferences(value, parts);
  if (findings.length > 0) throw referencesError(findings);
  const values = await lookUpAll(uses, lookup);
  const substitute = (text: string): string | undefined => {
    if (!startsReference(text)) return undefined;
    const reference = parseReference(text);
    if (reference.kind === "yaml") return new NestedYaml(reference.document).render(substitute);
    const found = values.get(text);
    if (found === undefined) throw new Error("a reference was found that was not looked up");
    return found;
  };
  return transformJson(value, (node) => (typeof node === "string" ? substitute(node) : undefined)) as T;
}

async function lookUpAll(
  uses: readonly ReferenceUse[],
  lookup: (reference: LeafReference) => Promise<string>,
): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  const failed = new Map<string, AgentError>();
  const distinct = new Map(uses.map(({ text, reference }) => [text, reference]));
  await Promise.all(
    [...distinct].map(async ([text, reference]) => {
      try {
        values.set(text, await lookup(reference));
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        failed.set(text, error);
      }
    }),
  );
  if (failed.size > 0) throw failure(uses, failed);
  return values;
}

function failure(uses: readonly ReferenceUse[], failed: ReadonlyMap<string, AgentError>): VaultError {
  const findings = uses.flatMap(({ pointer, text }): Finding[] => {
    const error = failed.get(text);
    if (error === undefined) return [];
    const { code, message, hint } = error;
    return [{ severity: "error", code, pointer, message, ...(hint === undefined ? {} : { hint }) }];
  });
  for (const error of failed.values()) {
    if (!isGeneral(error)) continue;
    return new VaultError(error.code, error.message, { hint: error.hint, findings });
  }
  return referencesError(findings);
}

function referencesError(findings: readonly Finding[]): VaultError {
  const [first] = findings;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : "";
  const message = `${first?.pointer ?? ""}: ${first?.message ?? "a reference cannot be resolved"}${more}`;
  return new VaultError("vault-references", message, { hint: first?.hint, findings });
}

/** A reference to Vault in a configuration without a `vault` section would be written to a file as it is. */
export function checkVaultSection(conf: object): Finding[] {
  // An image without the element of Vault has no such key in the type of its configuration.
  if ("vault" in conf && conf.vault !== undefined) return [];
  const message = "this refers to Vault, but the configuration has no section vault";
  return findReferences(conf).uses.map(({ pointer }) => ({
    severity: "error",
    code: "vault-section-missing",
    pointer,
    message,
  }));
}
