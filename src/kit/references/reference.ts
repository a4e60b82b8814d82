import { AgentError } from "../../config/agent-error.ts";

/** What stands in a configuration in the place of a value that Vault holds. */
export type Reference =
  | { kind: "kv1" | "kv2"; path: string; key: string }
  | { kind: PkiPart; name: string }
  | { kind: "ca" }
  | { kind: "yaml"; document: string };

/** The parts of an issued certificate that can be referred to. */
export type PkiPart = (typeof pkiParts)[number];

const pkiParts = ["pki-key", "pki-cert", "pki-ca-chain", "pki-chain"] as const;
const prefix = "@vault:";

/** A reference in the middle of other text. A user in a URL (`https://admin@vault:8200/`) is none. */
const embedded = new RegExp(`${prefix}(?:(?:kv1|kv2|yaml|${pkiParts.join("|")}):|ca(?![\\w.-]))`);

/** A text that looks like a reference and is none. The message holds nothing of it. */
export class MalformedReference extends AgentError {
  override readonly name = "MalformedReference";

  constructor(message: string, hint?: string) {
    super("vault-reference-malformed", message, { hint });
  }
}

/**
 * Whether a reference stands inside of `text`, where it is not resolved: it would reach a file as it is, so it has to
 * be refused.
 */
export function holdsReference(text: string): boolean {
  return embedded.test(text);
}

/** Reads a text that `startsReference` accepts. @throws MalformedReference */
export function parseReference(text: string): Reference {
  const rest = text.slice(prefix.length);
  if (rest === "ca") return { kind: "ca" };
  const colon = rest.indexOf(":");
  const kind = colon < 0 ? rest : rest.slice(0, colon);
  const subject = colon < 0 ? "" : rest.slice(colon + 1);
  if (kind === "yaml") return { kind, document: subject };
  requirePlain(subject);
  if (kind === "kv1" || kind === "kv2") return keyValueReference(kind, subject);
  const part = pkiParts.find((name) => name === kind);
  if (part === undefined) {
    const known = ["kv1", "kv2", ...pkiParts, "ca", "yaml"].join(", ");
    throw new MalformedReference("this is no kind of reference to Vault", `the kinds are ${known}`);
  }
  if (subject === "") throw new MalformedReference(`a reference ${part} names a certificate`, `${prefix}${part}:NAME`);
  return { kind: part, name: subject };
}

function keyValueReference(kind: "kv1" | "kv2", subject: string): Reference {
  const colon = subject.indexOf(":");
  const path = subject.slice(0, colon);
  const key = subject.slice(colon + 1);
  if (colon < 0 || key === "") {
    throw new MalformedReference(`a reference ${kind} names a path and a key`, `${prefix}${kind}:PATH:KEY`);
  }
  requirePath(path);
  return { kind, path, key };
}

/** @throws MalformedReference for a path that is empty or leaves the folder that it is below */
export function requirePath(path: string): void {
  const wrong = path.split("/").some((segment) => segment === "" || segment === "." || segment === "..");
  if (wrong) {
    const hint = 'no "/" at its ends, no "//", and neither "." nor ".." between slashes';
    throw new MalformedReference("a path in Vault consists of names separated by single slashes", hint);
  }
}

function requirePlain(subject: string): void {
  // A block scalar of YAML (`|`) ends with a newline, which would silently become part of the name.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f]|^\s|\s$/.test(subject)) {
    throw new MalformedReference("a reference to Vault is one line without spaces around its parts");
  }
}
