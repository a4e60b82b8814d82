/** What one code means, for people. */
export interface CodeText {
  /** What is wrong: one or two sentences. */
  meaning: string;
  /** What to do about it: begins with a verb. */
  remedy: string;
  /** Default `error`. */
  severity?: "error" | "warning" | "note";
  /** A configuration in which it is found; a test validates it. */
  example?: string;
}

export type CodeTexts = Readonly<Record<string, CodeText>>;
