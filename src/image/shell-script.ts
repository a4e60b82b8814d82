import { shellString, shellWord } from "../config/shell-word.ts";

type Variables = Iterable<readonly [name: string, value: string]>;

/** A shell script that runs the commands in an environment with the variables. */
export function shellScript(variables: Variables, commands: readonly (readonly string[])[]): string {
  return `#!/bin/sh\n${exports(variables)}${commands.map(commandLine).join("")}`;
}

/** A shell script that runs commands one after the other, each in an environment with its own variables, to the first failure. */
export function shellScripts(runs: readonly { variables: Variables; command: readonly string[] }[]): string {
  const parts = runs.map(({ variables, command }) => `(\n${exports(variables)}${commandLine(command)})\n`);
  return `#!/bin/sh\nset -e\n${parts.join("")}`;
}

function exports(variables: Variables): string {
  return [...variables].map(([name, value]) => `export ${name}=${shellString(value)}\n`).join("");
}

function commandLine(argv: readonly string[]): string {
  return `${argv.map(shellWord).join(" ")}\n`;
}
