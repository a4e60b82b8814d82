/** What a new element is called. */
export interface ElementNames {
  /** The element, its folder and its files: `kanod-hello`. */
  element: string;
  /** Its key in the configuration: `hello`. */
  key: string;
  /** Its contribution: `Hello`. */
  contribution: string;
}

export interface NewElementOptions {
  /** The contribution is one of the boot stage. */
  boot: boolean;
  language: "ts" | "js";
}

/** The files of a new element, by path. `version` is that of kanod-configure. */
export function elementFiles(names: ElementNames, version: string, options: NewElementOptions): Record<string, string> {
  const { element } = names;
  return {
    "README.md": readme(names, options),
    "element-deps": "kanod-configure\n",
    "schema.yaml": schema(names, options),
    "example.yaml": example(names, options),
    ...(options.boot ? { "boot.yaml": bootExample(names) } : {}),
    [`kanod/${element}.${options.language}`]: contribution(names, options),
    [`test/${element}.test.${options.language}`]: test(names, options),
    "package.json": manifest(names, version),
    ...(options.language === "ts" ? { "tsconfig.json": editorSettings() } : {}),
    ".gitignore": "node_modules/\nbuild/\n",
  };
}

function readme({ element, key, contribution: title }: ElementNames, { boot, language }: NewElementOptions): string {
  const indent = boot ? "  " : "";
  const stage = boot ? "boot stage, on every boot" : "run stage";
  return `# ${element}

Writes a text to \`/etc/${key}\`: change this sentence together with the code. Contribution \`${title}\`, ${stage}.

\`\`\`yaml
name: machine-42
${boot ? "boot:\n" : ""}${indent}${key}:
${indent}  text: Hello
\`\`\`

| file | what it is |
|---|---|
| \`schema.yaml\` | what users may write; it is merged with the schemas of the other elements |
| \`kanod/${element}.${language}\` | what is done with it |
| \`test/${element}.test.${language}\` | shows that it is done: \`npm test\` |
| \`example.yaml\` | a configuration that uses it${boot ? "; `boot.yaml` is its boot part alone" : ""} |
| \`element-deps\` | the elements of diskimage-builder that it needs |
${language === "ts" ? "| `tsconfig.json` | lets editors know what `conf` has, once `kanod-configure compile --element . -o build/agent` has run |\n" : ""}`;
}

/** What `compile` checks contributions with, for editors; nothing else reads it. */
function editorSettings(): string {
  const compilerOptions = {
    target: "es2023",
    lib: ["es2023"],
    module: "nodenext",
    strict: true,
    noUncheckedIndexedAccess: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    skipLibCheck: true,
    noEmit: true,
    types: ["node"],
    // Where npm lays what kanod-configure needs depends on how it was installed.
    typeRoots: ["node_modules/@types", "node_modules/kanod-configure/node_modules/@types"],
  };
  const settings = { compilerOptions, include: ["kanod", "test", "build/agent/kanod-configure.types/*"] };
  return `${JSON.stringify(settings, undefined, 2)}\n`;
}

function schema({ element, key }: ElementNames, { boot }: NewElementOptions): string {
  const property = `${key}:
  type: object
  description: What ${element} does for this machine.
  additionalProperties: false
  required: [text]
  properties:
    text:
      type: string
      description: Text that is written to /etc/${key}.
      minLength: 1
      examples: [Hello]
  examples:
    - text: Hello
`;
  const head = "$schema: http://json-schema.org/draft-07/schema#\n";
  if (!boot) return `${head}properties:\n${indented(property, 2)}`;
  return `${head}definitions:\n  boot_definition:\n    properties:\n${indented(property, 6)}`;
}

function indented(text: string, blanks: number): string {
  return text.replace(/^(?=.)/gm, " ".repeat(blanks));
}

function example({ key }: ElementNames, { boot }: NewElementOptions): string {
  return boot ? `name: machine-42\nboot:\n  ${key}:\n    text: Hello\n` : `name: machine-42\n${key}:\n  text: Hello\n`;
}

function bootExample({ key }: ElementNames): string {
  return `${key}:\n  text: Hello\n`;
}

function contribution({ key, contribution: title }: ElementNames, { boot }: NewElementOptions): string {
  const register = boot ? "registerBoot" : "register";
  return `import { ${register} } from "kanod-configure";

${register}("${title}", 200, async ({ conf, host, log }) => {
  const { ${key} } = conf;
  if (${key} === undefined) {
    log.info("nothing is configured");
    return;
  }
  await host.writeFile("/etc/${key}", \`\${${key}.text}\\n\`);
});
`;
}

function test({ element, key, contribution: title }: ElementNames, { boot, language }: NewElementOptions): string {
  const conf = (value: string): string =>
    boot ? `stage: "boot", conf: {${value}}` : `conf: { name: "machine-42"${value === "" ? "" : `,${value}`}}`;
  return `import "../kanod/${element}.${language}";
import assert from "node:assert/strict";
import test from "node:test";
import { runContribution } from "kanod-configure/testing";

test("the text is written", async () => {
  const { state, files } = await runContribution("${title}", { ${conf(` ${key}: { text: "Hello" } `)} });
  assert.equal(state, "done");
  assert.deepEqual(files, { "/etc/${key}": "Hello\\n" });
});

test("without a text nothing is touched", async () => {
  const { state, steps } = await runContribution("${title}", { ${conf("")} });
  assert.equal(state, "done");
  assert.deepEqual(steps, []);
});
`.replace('"machine-42"}', '"machine-42" }');
}

function manifest({ element }: ElementNames, version: string): string {
  const content = {
    name: element,
    private: true,
    type: "module",
    scripts: { test: "node --test" },
    devDependencies: { "kanod-configure": version },
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}
