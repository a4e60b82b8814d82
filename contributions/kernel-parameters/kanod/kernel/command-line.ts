/** One parameter of the kernel's command line: `quiet`, `console=ttyS0`, `dyndbg="file ec.c +p"`. */
export interface KernelParameter {
  name: string;
  /** Without quotes. Undefined for a parameter without `=`. */
  value: string | undefined;
}

/** What is to be different on a command line. */
export interface CommandLineChange {
  add: readonly KernelParameter[];
  /** One with a value removes only that value, one without every occurrence of the name; what is added as well stays. */
  remove: readonly KernelParameter[];
}

/**
 * How parameters are written in a place that a boot loader reads: `kernel` for text that reaches the kernel as it is,
 * `grub` for text that GRUB's script language interprets first.
 */
export interface CommandLineSyntax {
  split(text: string): { text: string; parameter: KernelParameter }[];
  print(parameter: KernelParameter): string;
}

/**
 * In bytes: the kernel cuts a longer line off (COMMAND_LINE_SIZE is 2048 on x86 and arm64, with the final NUL).
 */
export const maxCommandLine = 2047;

/** The kernel's own rules, from `next_arg` in its lib/cmdline.c: double quotes group, nothing escapes. */
export const kernelSyntax: CommandLineSyntax = {
  split: splitByKernelRules,
  print: ({ name, value }) => {
    if (value === undefined) return name;
    return /\s/.test(value) ? `${name}="${value}"` : `${name}=${value}`;
  },
};

/**
 * GRUB's script language: words as in a shell. GRUB puts a word that holds a space in double quotes when it hands it to
 * the kernel (grub-core/lib/cmdline.c), so that one quoted word arrives as one parameter.
 */
export const grubSyntax: CommandLineSyntax = {
  split: splitByGrubRules,
  print: (parameter) => {
    const { name, value } = parameter;
    const word = value === undefined ? name : `${name}=${value}`;
    return /^[A-Za-z0-9_.,:=/@%+-]+$/.test(word) ? word : `'${word}'`;
  },
};

export function parseCommandLine(text: string): KernelParameter[] {
  return kernelSyntax.split(text).map(({ parameter }) => parameter);
}

/**
 * What is wrong with a parameter that was asked for, or undefined. Refused is what does not survive the way through
 * GRUB to the kernel, which knows no escape for it: quotes within a value, backslashes, other than printable ASCII.
 */
export function parameterFault(text: string): string | undefined {
  if (text.startsWith("@vault:")) return "is a reference to Vault, which cannot be reached at boot";
  if (!/^[\x20-\x7e]*$/.test(text)) return "holds other characters than printable ASCII";
  if ((text.match(/"/g) ?? []).length % 2 === 1) return "has a double quote that is not closed";
  const parameters = parseCommandLine(text);
  const [only] = parameters;
  if (only === undefined) return "is empty";
  if (parameters.length > 1) return "is more than one parameter: spaces need double quotes around the value";
  if (text.trim() !== text) return "begins or ends with a space";
  if (/["'\\]/.test(`${only.name}${only.value ?? ""}`)) return "holds a quote or a backslash";
  if (only.name === "" || /\s/.test(only.name)) return "has no name";
  if (only.name === "--") return "would give all that follows to init";
  return undefined;
}

/** The first {@link parameterFault} among parameters separated by white space, or undefined. */
export function commandLineFault(text: string): string | undefined {
  const faults = kernelSyntax.split(text).map((word) => parameterFault(word.text));
  return faults.find((fault) => fault !== undefined);
}

/** Whether the command line `current` already is as the change wants it. */
export function isApplied(current: readonly KernelParameter[], change: CommandLineChange): boolean {
  return missing(current, change.add).length === 0 && !current.some((parameter) => isUnwanted(parameter, change));
}

function isUnwanted(parameter: KernelParameter, { add, remove }: CommandLineChange): boolean {
  return remove.some((entry) => matches(parameter, entry)) && !add.some((wanted) => isSameParameter(parameter, wanted));
}

/**
 * The parameters that `current` lacks, in their order. Where several of `wanted` have an order among themselves, as
 * consoles or the sizes and numbers of huge pages, they must be there in that order.
 */
export function missing(current: readonly KernelParameter[], wanted: readonly KernelParameter[]): KernelParameter[] {
  return wanted.filter((parameter) => {
    const family = familyOf(parameter);
    const ofFamily = (one: KernelParameter): boolean => familyOf(one) === family;
    const [present, members] = [current.filter(ofFamily), wanted.filter(ofFamily)];
    if (family === hugePages && members.length > 1) return !holdsRow(present, members);
    return members.indexOf(parameter) >= matchedInOrder(present, members);
  });
}

const hugePages = "hugepages";

/** Parameters whose order counts among each other. A number of huge pages is of the size that was named last. */
function familyOf({ name }: KernelParameter): string {
  const normal = name.replaceAll("-", "_");
  return normal === "hugepagesz" ? hugePages : normal;
}

function holdsRow(present: readonly KernelParameter[], members: readonly KernelParameter[]): boolean {
  return present.some((_, start) =>
    members.every((member, index) => {
      const there = present[start + index];
      return there !== undefined && isSameParameter(there, member);
    }),
  );
}

function matchedInOrder(present: readonly KernelParameter[], members: readonly KernelParameter[]): number {
  let matched = 0;
  for (const parameter of present) {
    const next = members[matched];
    if (next !== undefined && isSameParameter(parameter, next)) matched += 1;
  }
  return matched;
}

/**
 * `text` with the change made. Parameters that are already there stay where and as they are; new ones come last, but
 * before a `--`, after which everything belongs to init.
 */
export function editCommandLine(text: string, change: CommandLineChange, syntax: CommandLineSyntax): string {
  const kept = removeParameters(text, change, syntax);
  return appendParameters(kept, missing(parametersOf(kept, syntax), change.add), syntax);
}

export function parametersOf(text: string, syntax: CommandLineSyntax): KernelParameter[] {
  return syntax.split(text).map(({ parameter }) => parameter);
}

/** `text` without what the change removes. */
export function removeParameters(text: string, change: CommandLineChange, syntax: CommandLineSyntax): string {
  const kept = syntax.split(text).filter(({ parameter }) => !isUnwanted(parameter, change));
  return kept.map((word) => word.text).join(" ");
}

/** `text` with parameters at its end, but before a `--`. */
export function appendParameters(
  text: string,
  parameters: readonly KernelParameter[],
  syntax: CommandLineSyntax,
): string {
  const words = syntax.split(text);
  const forInit = words.findIndex(({ parameter }) => parameter.name === "--");
  const end = forInit === -1 ? words.length : forInit;
  const texts = words.map((word) => word.text);
  return [...texts.slice(0, end), ...parameters.map((one) => syntax.print(one)), ...texts.slice(end)].join(" ");
}

/** The kernel takes dashes and underscores in names for the same (`parameq`). */
function sameName(one: string, other: string): boolean {
  return one.replaceAll("-", "_") === other.replaceAll("-", "_");
}

export function isSameParameter(one: KernelParameter, other: KernelParameter): boolean {
  return sameName(one.name, other.name) && one.value === other.value;
}

function matches(parameter: KernelParameter, entry: KernelParameter): boolean {
  return entry.value === undefined ? sameName(parameter.name, entry.name) : isSameParameter(parameter, entry);
}

function splitByKernelRules(text: string): { text: string; parameter: KernelParameter }[] {
  const words: string[] = text.match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? [];
  return words.map((word) => ({ text: word, parameter: kernelParameter(word) }));
}

function kernelParameter(word: string): KernelParameter {
  const whole = word.startsWith('"');
  const inner = whole ? word.slice(1).replace(/"$/, "") : word;
  // Not at 0: the kernel takes a leading "=" for a part of the name.
  const equals = inner.indexOf("=", 1);
  if (equals === -1) return { name: inner, value: undefined };
  const value = inner.slice(equals + 1);
  const bare = value.startsWith('"') ? value.slice(1).replace(/"$/, "") : value;
  return { name: inner.slice(0, equals), value: bare };
}

function splitByGrubRules(text: string): { text: string; parameter: KernelParameter }[] {
  const words: string[] = text.match(/(?:[^\s'"\\]|\\.?|'[^']*(?:'|$)|"(?:[^"\\]|\\.)*(?:"|$))+/gs) ?? [];
  return words.map((word) => ({ text: word, parameter: plainParameter(grubWord(word)) }));
}

/** A word of GRUB's script language without its quotes. Variables stay as they are written. */
function grubWord(word: string): string {
  return word.replace(/\\(.?)|'([^']*)'?|"((?:[^"\\]|\\.)*)"?/gs, (_, escaped, single, double) => {
    if (escaped !== undefined) return escaped;
    return single ?? (double as string).replace(/\\(["\\$])/g, "$1");
  });
}

/** `word` as the kernel will see it, after GRUB has taken its own quotes off and put new ones around. */
function plainParameter(word: string): KernelParameter {
  const equals = word.indexOf("=", 1);
  if (equals === -1) return { name: word, value: undefined };
  return { name: word.slice(0, equals), value: word.slice(equals + 1) };
}
