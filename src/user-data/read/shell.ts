import { type PlacedText, partText, type Segment } from "./placed-text.ts";

/** A word of a command after quotes are removed (POSIX.1-2024, Shell Command Language, 2.2). */
export interface ShellWord {
  text: PlacedText;
  /** The shell puts something else in the place of a `$…` or a command in backquotes. */
  expands: boolean;
}

/** What a command reads that the script itself says. */
export type ShellInput =
  | { kind: "text"; text: PlacedText; expands: boolean; isComplete: boolean; isHereString?: true }
  | { kind: "file"; path: ShellWord };

/** One command of a pipeline. */
export interface ShellCommand {
  words: ShellWord[];
  /** Its last redirection of standard input. */
  input?: ShellInput;
  /** The files that its standard output goes to. */
  outputs: { path: ShellWord; appends: boolean }[];
  /** Of the last one of a pipeline: what separates it from the next one. */
  end?: string;
}

/** The pipelines of a script, in order; what is in `$(…)` and in functions' quotes is not looked into. */
export function readShell(script: PlacedText): ShellCommand[][] {
  return new ShellReader(script).read();
}

interface PendingDocument {
  command: ShellCommand;
  delimiter: string;
  quoted: boolean;
  /** `<<-`: tabs at the beginning of lines are removed. */
  stripsTabs: boolean;
}

class ShellReader {
  readonly #script: PlacedText;
  readonly #text: string;
  readonly #pending: PendingDocument[] = [];
  readonly #pipelines: ShellCommand[][] = [];
  #pipeline: ShellCommand[] = [];
  #command: ShellCommand = { words: [], outputs: [] };
  /** A `|` stands at the end of the pipeline so far. */
  #isPiped = false;
  #at = 0;

  constructor(script: PlacedText) {
    this.#script = script;
    this.#text = script.text;
  }

  read(): ShellCommand[][] {
    while (this.#at < this.#text.length) this.#next();
    for (const each of this.#pending.splice(0)) this.#readDocument(each);
    this.#endPipeline();
    return this.#pipelines;
  }

  #next(): void {
    const [blank] = this.#match(/(?:[ \t\r]|\\\r?\n)+/y) ?? this.#match(/#.*/y) ?? [];
    if (blank !== undefined) return;
    const redirection = this.#match(/\d*(<<<|<<-?|<&|<>|<|>>|>&|>\||>|&>>?)/y);
    if (redirection !== undefined) {
      this.#redirect(redirection[0], redirection[1] ?? "");
      return;
    }
    const [operator] = this.#match(/\n|&&|\|\||\|&|;;|[|&;()]/y) ?? [];
    if (operator === undefined) {
      this.#command.words.push(this.#word());
    } else if (operator === "|" || operator === "|&") {
      this.#endCommand();
      this.#isPiped = true;
    } else {
      const goesOn = operator === "\n" && this.#isPiped && this.#command.words.length === 0;
      if (!goesOn) this.#endPipeline(operator);
      if (operator === "\n") for (const each of this.#pending.splice(0)) this.#readDocument(each);
    }
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }

  #redirect(whole: string, operator: string): void {
    this.#match(/[ \t]+/y);
    const start = this.#at;
    const word = this.#word();
    if (/^1?>[>|]?$|^&>>?$/.test(whole)) this.#command.outputs.push({ path: word, appends: whole.includes(">>") });
    if (!/^0?</.test(whole)) return;
    if (operator === "<<" || operator === "<<-") {
      const quoted = /['"\\]/.test(this.#text.slice(start, this.#at));
      this.#pending.push({
        command: this.#command,
        delimiter: word.text.text,
        quoted,
        stripsTabs: operator === "<<-",
      });
    } else if (operator === "<<<") {
      const { text, expands } = word;
      this.#command.input = { kind: "text", text, expands, isComplete: true, isHereString: true };
    } else if (operator === "<") {
      this.#command.input = { kind: "file", path: word };
    }
  }

  /** The lines of a here-document (POSIX.1-2024, Shell Command Language, 2.7.4). */
  #readDocument({ command, delimiter, quoted, stripsTabs }: PendingDocument): void {
    const segments: Segment[] = [{ inner: 0, outer: this.#at }];
    let body = "";
    let isComplete = false;
    while (this.#at < this.#text.length && !isComplete) {
      const [line = ""] = this.#match(/[^\n]*\n?/y) ?? [];
      const kept = stripsTabs ? line.replace(/^\t+/, "") : line;
      isComplete = kept.replace(/[\r\n]+$/, "") === delimiter;
      if (isComplete) break;
      segments.push({ inner: body.length, outer: this.#at - kept.length });
      body += kept;
    }
    const text = partText(this.#script, body, segments);
    command.input = { kind: "text", text, expands: !quoted && /[$`\\]/.test(body), isComplete };
  }

  #word(): ShellWord {
    const word = new WordBuilder();
    while (this.#at < this.#text.length) {
      const [plain] = this.#match(/[^ \t\r\n|&;()<>'"\\`$]+/y) ?? [];
      if (plain !== undefined) word.add(plain, this.#at - plain.length);
      else if (!this.#special(word)) break;
    }
    return word.finish(this.#script);
  }

  /** Quotes, escapes and expansions; false at the end of the word. */
  #special(word: WordBuilder): boolean {
    const sign = this.#text[this.#at] ?? "";
    if (this.#match(/\$'/y) !== undefined) {
      this.#dollarQuoted(word);
    } else if (sign === "'") {
      const start = this.#at + 1;
      const [, quoted = ""] = this.#match(/'([^']*)(?:'|$)/y) ?? [];
      word.add(quoted, start);
    } else if (sign === '"') {
      this.#at++;
      this.#doubleQuoted(word);
    } else if (sign === "\\") {
      const [, escaped = ""] = this.#match(/\\(\r?\n|[\s\S]|$)/y) ?? [];
      if (!escaped.endsWith("\n")) word.add(escaped, this.#at - escaped.length);
    } else if (sign === "$" || sign === "`") {
      this.#expansion(word);
    } else {
      return false;
    }
    return true;
  }

  /** POSIX.1-2024, Shell Command Language, 2.2.4; characters by their number are left as they are written. */
  #dollarQuoted(word: WordBuilder): void {
    word.add("", this.#at);
    while (this.#at < this.#text.length && this.#match(/'/y) === undefined) {
      const [piece = "", escaped] = this.#match(/[^'\\]+|\\([\s\S]|$)/y) ?? [];
      word.add(escaped === undefined ? piece : (backslashed[escaped] ?? piece), this.#at - piece.length);
    }
  }

  /** POSIX.1-2024, Shell Command Language, 2.2.3. */
  #doubleQuoted(word: WordBuilder): void {
    word.add("", this.#at);
    while (this.#at < this.#text.length) {
      const [plain] = this.#match(/[^"\\$`]+/y) ?? [];
      if (plain !== undefined) {
        word.add(plain, this.#at - plain.length);
      } else if (this.#match(/"/y) !== undefined) {
        return;
      } else if (this.#text[this.#at] === "\\") {
        const [, escaped] = this.#match(/\\([$`"\\]|\r?\n)/y) ?? [];
        if (escaped === undefined) word.add("\\", this.#at++);
        else if (!escaped.endsWith("\n")) word.add(escaped, this.#at - escaped.length);
      } else {
        this.#expansion(word);
      }
    }
  }

  #expansion(word: WordBuilder): void {
    const start = this.#at;
    if (this.#match(/\$\(/y) !== undefined) this.#skipParentheses();
    else this.#match(/`[^`]*(?:`|$)|\$\{[^}]*(?:\}|$)|\$[A-Za-z_]\w*|\$[0-9@*#?$!-]?/y);
    const text = this.#text.slice(start, this.#at);
    word.add(text, start);
    word.expands ||= text.length > 1;
  }

  #skipParentheses(): void {
    for (let depth = 1; depth > 0 && this.#at < this.#text.length; this.#at++) {
      if (this.#text[this.#at] === "(") depth++;
      else if (this.#text[this.#at] === ")") depth--;
    }
  }

  #endCommand(): void {
    const { words, input, outputs } = this.#command;
    if (words.length > 0 || input !== undefined || outputs.length > 0) this.#pipeline.push(this.#command);
    this.#command = { words: [], outputs: [] };
  }

  #endPipeline(operator = "\n"): void {
    this.#endCommand();
    const last = this.#pipeline.at(-1);
    if (last !== undefined) this.#pipelines.push(this.#pipeline);
    if (last !== undefined) last.end = operator;
    this.#pipeline = [];
    this.#isPiped = false;
  }
}

/** What a backslash and a sign stand for in `$'…'`. */
const backslashed: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\", "'": "'", '"': '"' };

class WordBuilder {
  readonly #segments: Segment[] = [];
  #text = "";
  expands = false;

  add(text: string, outer: number): void {
    this.#segments.push({ inner: this.#text.length, outer });
    this.#text += text;
  }

  finish(script: PlacedText): ShellWord {
    return { text: partText(script, this.#text, this.#segments), expands: this.expands };
  }
}
