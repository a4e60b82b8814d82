import { ValueError } from "./values.ts";

/**
 * Python's `re.sub(pattern, replacement, subject)`: every match is replaced, `\1` and `\g<name>` in the replacement are
 * groups, `$` there is an ordinary character.
 *
 * @throws ValueError for a pattern or replacement that Python refuses, or that JavaScript has no counterpart for
 */
export function regexReplace(subject: string, pattern: string, replacement: string): string {
  const expression = compile(pattern);
  const parts = replacementParts(replacement);
  return subject.replaceAll(expression, (...match) => {
    const named = match.at(-1);
    const groups = typeof named === "object" ? (named as Record<string, string | undefined>) : {};
    const end = match.findIndex((value, index) => index > 0 && typeof value === "number");
    const numbered = match.slice(0, end) as (string | undefined)[];
    return parts.map((part) => (typeof part === "string" ? part : groupText(part.group, numbered, groups))).join("");
  });
}

function groupText(
  group: string,
  numbered: readonly (string | undefined)[],
  named: Readonly<Record<string, string | undefined>>,
): string {
  const isNumber = /^\d+$/.test(group);
  const exists = isNumber ? Number(group) < numbered.length : Object.hasOwn(named, group);
  if (!exists) throw new ValueError(`the replacement names a group that the pattern does not have: ${group}`);
  return (isNumber ? numbered[Number(group)] : named[group]) ?? "";
}

/** A text, or a group of the match. */
type ReplacementPart = string | { group: string };

/** By the letters behind a backslash that stand for them, in Python's string literals and replacements. */
export const controlCharacters: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Python's rules for the replacement: docs.python.org/3/library/re.html#re.sub. */
function replacementParts(replacement: string): ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  const escapes = /\\(?:g<(?<name>[^>]+)>|(?<octal>0[0-7]{0,2}|[1-3][0-7]{2})|(?<group>[1-9]\d?)|(?<other>[\s\S]|$))/gu;
  let end = 0;
  for (const match of replacement.matchAll(escapes)) {
    parts.push(replacement.slice(end, match.index), replacementEscape(match));
    end = match.index + match[0].length;
  }
  parts.push(replacement.slice(end));
  return parts;
}

function replacementEscape(match: RegExpMatchArray): ReplacementPart {
  const { name, octal, group, other = "" } = match.groups ?? {};
  if (name !== undefined) return { group: name };
  if (group !== undefined) return { group };
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
  if (other === "\\") return "\\";
  const control = controlCharacters[other];
  if (control !== undefined) return control;
  if (other === "" || /[A-Za-z]/.test(other)) throw new ValueError(`bad escape in the replacement: \\${other}`);
  return match[0];
}

/** JavaScript's expression for Python's pattern. */
function compile(pattern: string): RegExp {
  const { flags, body } = leadingFlags(pattern);
  try {
    return new RegExp(translate(body, flags.includes("m")), `gu${flags}`);
  } catch (error) {
    if (error instanceof ValueError) throw error;
    throw new ValueError(`the regular expression is not valid: ${(error as Error).message.split(": ").at(-1)}`);
  }
}

function leadingFlags(pattern: string): { flags: string; body: string } {
  const match = /^\(\?(?<flags>[aimsuLx]+)\)/.exec(pattern);
  if (match === null) return { flags: "", body: pattern };
  const flags = match.groups?.["flags"] ?? "";
  if (/[xLa]/.test(flags)) throw new ValueError("the flags a, L and x of a regular expression are not supported");
  return { flags: [...new Set(flags.replaceAll("u", ""))].join(""), body: pattern.slice(match[0].length) };
}

/** What is written differently, token by token: in and outside of a character class. */
function translate(pattern: string, multiline: boolean): string {
  const token =
    /\\(?<escaped>[\s\S]|$)|(?<group>\(\?(?:P<|P=\w+\)|P>|\(|>|#[^)]*\))|[*+?}]\+)|(?<class>\[\^?\]?(?:\\[\s\S]|[^\]\\])*\])|(?<brace>\{\d*,?\d*\})|(?<single>[\s\S])/gu;
  let translated = "";
  for (const match of pattern.matchAll(token)) {
    const { escaped, group, class: characters, brace, single } = match.groups ?? {};
    if (escaped !== undefined) translated += translateEscape(escaped);
    else if (group !== undefined) translated += groupSyntax(group);
    else if (characters !== undefined) translated += characterClass(characters);
    else if (brace !== undefined) translated += quantifier(brace);
    else translated += singleCharacter(single ?? "", multiline);
  }
  return translated;
}

/** Classes are Unicode's in Python; JavaScript's `\w` and `\d` know only ASCII. */
const classEscapes: Readonly<Record<string, string>> = {
  d: "\\p{Nd}",
  D: "\\P{Nd}",
  w: "[\\p{L}\\p{N}_]",
  W: "[^\\p{L}\\p{N}_]",
  A: "(?<![\\s\\S])",
  Z: "(?![\\s\\S])",
  a: "\\x07",
};

function translateEscape(character: string): string {
  const known = classEscapes[character];
  if (known !== undefined) return known;
  if (/[bBsSnrtfv\d]/.test(character)) return `\\${character}`;
  if (/[xuU]/.test(character)) throw new ValueError(`write the character itself instead of \\${character}`);
  if (character === "" || /[A-Za-z]/.test(character)) throw new ValueError(`bad escape in the pattern: \\${character}`);
  return literal(character);
}

function literal(character: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

function groupSyntax(syntax: string): string {
  if (syntax === "(?P<") return "(?<";
  if (syntax.startsWith("(?P=")) return `\\k<${syntax.slice(4, -1)}>`;
  if (syntax.startsWith("(?#")) return "";
  throw new ValueError(`JavaScript's regular expressions have nothing for ${syntax}`);
}

function characterClass(characters: string): string {
  const negated = characters.startsWith("[^");
  const body = characters.slice(negated ? 2 : 1, -1);
  const translated = body.replaceAll(/\\([\s\S])|([\s\S])/gu, (_, escaped?: string, single = "") =>
    escaped === undefined ? classCharacter(single) : classEscape(escaped),
  );
  return `[${negated ? "^" : ""}${translated}]`;
}

function classCharacter(character: string): string {
  return character === "[" || character === "]" ? `\\${character}` : character;
}

function classEscape(character: string): string {
  if (character === "w") return "\\p{L}\\p{N}_";
  if (character === "b") return "\\x08";
  if (character === "W") throw new ValueError("\\W in a character class is not supported: write the class negated");
  if (character === "-") return "\\-";
  return translateEscape(character);
}

/** `{,3}` is `{0,3}` in Python; braces that are no quantifier are ordinary characters. */
function quantifier(brace: string): string {
  if (/^\{,?\}$/.test(brace)) return `\\{${brace.slice(1, -1)}\\}`;
  return brace.replace(/^\{,/, "{0,");
}

function singleCharacter(character: string, multiline: boolean): string {
  // Python's $ also stands before a newline that ends the text.
  if (character === "$" && !multiline) return "(?=\\n?(?![\\s\\S]))";
  return "{}]".includes(character) ? `\\${character}` : character;
}
