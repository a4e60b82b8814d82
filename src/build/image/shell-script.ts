/** One word of a POSIX shell command, quoted where its characters ask for it. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : shellString(text);
}

/** A text between single quotes, in which a POSIX shell changes nothing. */
export function shellString(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A shell script that runs the commands in an environment with the variables. */
export function shellScript(
  variables: Iterable<readonly [name: string, value: string]>,
  commands: readonly (readonly string[])[],
): string {
  const exports = [...variables].map(([name, value]) => `export ${name}=${shellString(value)}\n`);
  const calls = commands.map((argv) => `${argv.map(shellWord).join(" ")}\n`);
  return ["#!/bin/sh\n", ...exports, ...calls].join("");
}
