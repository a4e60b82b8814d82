/** Whether a text is the place of a value that only Vault has, so that nothing can be said about it yet. */
export function isReference(text: string): boolean {
  return startsReference(text) || /^\(.* from Vault\)$/.test(text);
}

export function startsReference(text: string): boolean {
  return text.startsWith("@vault:");
}

/** What a plan shows in the place of a value: {@link isReference} recognizes it. */
export function plannedValue(subject: string): string {
  return `(${subject} from Vault)`;
}
