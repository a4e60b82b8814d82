import { resolve } from "node:path";
import { type JsonSchema, knownKeys } from "../config/schema.ts";
import { shellWord } from "../config/shell-word.ts";
import { type CommandContext, type Program, usageError } from "./command-line.ts";
import { exitCodes } from "./io.ts";
import { choiceOption } from "./options.ts";

interface NewElementArguments {
  boot?: boolean;
  language: "ts" | "js";
}

/** `new-element`: the folder that an author begins with. */
export function defineNewElement(program: Program, context: CommandContext): void {
  const command = program.command
    .command("new-element")
    .description("Create an element with a working schema, contribution, test, example and README.")
    .argument("<NAME>", "name of the element, such as kanod-hello")
    .argument("[DIR]", "its folder, default NAME")
    .option("--boot", "create a boot contribution, which runs early on every boot")
    .addOption(choiceOption("--language <language>", "TypeScript or JavaScript", ["ts", "js"], "ts"))
    .addHelpText("after", "\nExit codes: 0 done, 1 the folder is not empty, 2 usage error.");
  program.setAction<NewElementArguments>(command, (options, [name = "", folder = name]) =>
    newElement(context, options, name, folder),
  );
}

async function newElement(
  { io, image }: CommandContext,
  { boot = false, language }: NewElementArguments,
  name: string,
  folder: string,
): Promise<number> {
  if (folder === "") throw usageError("no-folder", "the name of the folder is empty");
  const { elementNames, writeElement } = await import("../compile/new-element.ts");
  const names = elementNames(name);
  const { ownerOfElement } = await import("../compile/element-names.ts");
  const owner = await ownerOfElement(name);
  if (owner !== undefined) {
    const hint = `choose another name, such as ${name}-site`;
    throw usageError("bad-element-name", `${owner} has an element "${name}", which this one would hide`, hint);
  }
  const schema = JSON.parse(await image.schema()) as JsonSchema;
  if (knownKeys(schema, boot ? "/boot" : "").includes(names.key)) {
    throw usageError("key-taken", `the key \`${names.key}\` is already used by another element`, "choose another name");
  }
  await writeElement(resolve(io.workingDirectory, folder), names, { boot, language });
  io.out(nextSteps(shellWord(folder), names.element, language, boot));
  return exitCodes.done;
}

/** Every line that is indented by four blanks is a command. */
function nextSteps(folder: string, name: string, language: string, boot: boolean): string {
  const run = boot
    ? `${folder}/build/agent/kanod-bootcmd --root ${folder}/build/tree < ${folder}/boot.yaml`
    : `${folder}/build/agent/kanod-runcmd --root ${folder}/build/tree --config ${folder}/example.yaml`;
  return `${folder} is an element that works. The next three steps:

1. Say what users may write in ${folder}/schema.yaml, and what is done with it in
   ${folder}/kanod/${name}.${language}. Its test shows that it is done:
    npm test --prefix ${folder}
2. Compile it to an agent, which knows its schema and validates the example:
    kanod-configure compile --element ${folder} -o ${folder}/build/agent
    ${folder}/build/agent/kanod-configure validate ${folder}/example.yaml
3. Let the agent show what it would do to a machine, then do it to a tree that stands for one:
    mkdir -p ${folder}/build/tree
    ${folder}/build/agent/kanod-configure plan --root ${folder}/build/tree --config ${folder}/example.yaml
    ${run}
`;
}
