import type { PlacedText } from "./placed-text.ts";
import type { ShellWord } from "./shell.ts";

/** The programs that cloud-init calls. */
export type Program = "kanod-bootcmd" | "kanod-runcmd";

const shells = /^(?:ba|da|a|z|k)?sh$/;
const copiers = /^(?:cp|mv|install|ln)$/;
const reserved = /^(?:if|then|else|elif|do|while|until|!|\{|[A-Za-z_]\w*=.*)$/s;
const wrappers = /^(?:sudo|env|nice|ionice|exec|time|timeout|setsid|nohup|systemd-run|command|stdbuf|cloud-init-per)$/;

/** A command from its program on, without what may stand before it: assignments, `if`, `sudo -E`, `timeout 60`. */
export function programWords(words: readonly ShellWord[]): readonly ShellWord[] {
  const start = words.findIndex(({ text }) => !reserved.test(text.text));
  if (start === -1) return [];
  const command = words.slice(start);
  const [first] = command;
  if (first === undefined || !wrappers.test(baseName(first))) return command;
  if (baseName(first) === "command" && /^-[vV]+$/.test(command[1]?.text.text ?? "")) return command;
  const isProgram = (word: ShellWord | undefined): boolean => {
    return word !== undefined && (ourProgram(word) !== undefined || isShell(word) || isCopier(word) || isTee(word));
  };
  // What is called like it before it is a name: `cloud-init-per once kanod-runcmd kanod-runcmd`.
  const wrapped = command.findIndex((word, index) => isProgram(word) && !isProgram(command[index + 1]));
  return wrapped === -1 ? command : command.slice(wrapped);
}

export function baseName({ text }: ShellWord): string {
  return text.text.slice(text.text.lastIndexOf("/") + 1);
}

export function ourProgram(word: ShellWord): Program | undefined {
  const name = baseName(word);
  return name === "kanod-bootcmd" || name === "kanod-runcmd" ? name : undefined;
}

/** Whether the program makes a file of another one. */
export function isCopier(word: ShellWord): boolean {
  return copiers.test(baseName(word));
}

export function isTee(word: ShellWord): boolean {
  return baseName(word) === "tee";
}

/** Whether the program is a shell. */
export function isShell(word: ShellWord): boolean {
  return shells.test(baseName(word));
}

/** The script of `sh -c SCRIPT`. */
export function shellScript([shell, ...rest]: readonly ShellWord[]): PlacedText | undefined {
  if (shell === undefined || !isShell(shell)) return undefined;
  const option = rest.findIndex(({ text }) => /^-\w*c$/.test(text.text));
  return option === -1 ? undefined : rest[option + 1]?.text;
}
