import type { AgentPart } from "./code-cache/split-bundle.ts";

/**
 * Texts of programs. An agent has two sides: what is the same in every image, and the image with its contributions. Texts
 * hand both to a function `run`, which the text of a program defines.
 */

/** What the image's modules require for the agent. */
export const agentName = "kanod-configure";
/** What the image's modules require for its validators. */
export const validatorsName = "kanod-configure/validators";

/** The validators of an image: CompiledValidators of src/agent/image.ts. */
export const validatorNames = ["configuration", "boot", "system"] as const;

export type ValidatorName = (typeof validatorNames)[number];

/** The image's side of a program: its modules, and the validators, each of which is evaluated when it is asked for. */
export const imageParts = ["image", "configuration-validator", "boot-validator", "system-validator"] as const;

export type ImagePart = (typeof imageParts)[number];
/** The name of a script that a bundled agent is made of. */
export type ProgramPart = AgentPart | ImagePart;
export type ProgramTexts = Readonly<Record<ProgramPart, string>>;

/**
 * Modules of Node that take a noticeable part of an agent's start, and that most runs never use. What a part imports at its
 * top is a stand-in, which loads the module when something of it is asked for. The bundler makes the result of an `import()`
 * from the names that it has. The image's part gets `node:stream` itself, which elements' packages may take for a class.
 */
const slowModules = ["child_process", "crypto", "net", "stream", "timers/promises", "worker_threads", "zlib"].map(
  (name) => `node:${name}`,
);

/** A CommonJS module as a part: a script whose value is a function. */
export function partOf(module: string): string {
  return `((module, exports, require, __dirname) => {\n${module}\n})`;
}

/**
 * The script with characters beyond ASCII as escapes, which mean the same in texts. V8 keeps a script in which one
 * character is beyond Latin-1 with two bytes for each.
 */
export function inAscii(script: string): string {
  if (/String\.raw`[^`]*[\u0080-\uffff]/.test(script)) throw new Error("in String.raw an escape is no escape");
  return script.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Names of the files or assets that hold a part, and the code that V8 compiled for it in advance. */
export function assetsOf(part: ProgramPart): { text: string; code: string } {
  return { text: `${part}.cjs`, code: `${part}.code` };
}

/**
 * An expression for the value of a part that is stored outside of the program's text. V8 compiles most functions when they
 * are first called, and the code that Node itself keeps in an executable has only those that no call was needed for.
 *
 * @param withCode whether its code is stored as well
 */
export function storedPart(part: ProgramPart, withCode: boolean): string {
  const { text, code } = assetsOf(part);
  return `stored(${(withCode ? [text, code] : [text]).map((name) => JSON.stringify(name)).join(", ")})`;
}

/**
 * All parts in one program, which imports nothing but Node's own modules. The image's get the agent's exports for
 * "kanod-configure", whichever file imports it, and the validators for {@link validatorsName}.
 *
 * @param expressionOf the text of a part, or an expression for its value
 * @param options expressions. `content`: the bytes of a stored part by its `name`, those of an asset of the executable
 * otherwise. `cachedData`: its code by the name `code`. `kept`: what is done with its `script`. `given`: an agent that takes
 * the place of the one in the program; none if it is undefined.
 */
export function bundledParts(
  expressionOf: (part: ProgramPart) => string,
  options: { content?: string; cachedData?: string; kept?: string; given?: string } = {},
): string {
  const { content = 'require("node:sea").getRawAsset(name)', kept = "", given = "undefined" } = options;
  const { cachedData = "code === undefined ? undefined : bytes(code)" } = options;
  const getters = validatorNames.map(
    (name) => `  get ${name}() {
    const { ${name}: value } = evaluate(${expressionOf(`${name}-validator`)}, require);
    Object.defineProperty(validators, "${name}", { value });
    return value;
  },
`,
  );
  return `const lazily = (name) => {
  if (!${JSON.stringify(slowModules)}.includes(name)) return require(name);
  return new Proxy({}, {
    get: (_, key) => (key === "__esModule" ? undefined : require(name)[key]),
    has: (_, key) => key in require(name),
    ownKeys: () => Reflect.ownKeys(require(name)),
    getOwnPropertyDescriptor: (_, key) => {
      const found = Reflect.getOwnPropertyDescriptor(require(name), key);
      return found && { configurable: true, enumerable: found.enumerable, value: require(name)[key] };
    },
  });
};
const stored = (name, code) => {
  const [{ Script }, { isAscii }] = [require("node:vm"), require("node:buffer")];
  const bytes = (name) => Buffer.from(${content});
  const text = bytes(name);
  const options = { filename: name, cachedData: ${cachedData} };
  const script = new Script(isAscii(text) ? text.latin1Slice() : text.utf8Slice(), options);
  ${kept}
  return script.runInThisContext();
};
const evaluate = (part, require, others) => {
  const module = { exports: {} };
  part(module, module.exports, require, __dirname, others);
  return module.exports;
};
const loaded = (part) => {
  let modules;
  return () => (modules ??= part()(lazily, __dirname));
};
const offline = loaded(() => ${expressionOf("agent-offline")});
const rest = loaded(() => ${expressionOf("agent-rest")});
const others = new Proxy({}, { get: (_, number) => offline()[number] ?? rest()[number] });
const agent = ${given} ?? evaluate(${expressionOf("agent")}, lazily, others);
const validators = {
${getters.join("")}};
const image = evaluate(${expressionOf("image")}, (name) => (name === "${agentName}" ? agent : name === "${validatorsName}" ? validators : name === "node:stream" ? require(name) : lazily(name)));
run(agent, image.default);
`;
}

/**
 * A CommonJS module for programs of this package: a function that gives the agent and the image, whose parts lie beside it.
 * Its arguments: an agent that takes the place of the bundled one, such as that of a program which has loaded the modules;
 * and CompiledCode (src/host/compiled-code.ts).
 */
export function packagedProgram(): string {
  const options = {
    content: 'require("node:fs").readFileSync(require("node:path").join(__dirname, name))',
    cachedData: "compiled?.of(name)",
    kept: "compiled?.keep(name, script);",
    given: "given",
  };
  return `module.exports = (given, compiled) => {
let made;
const run = (agent, image) => (made = { agent, image });
${bundledParts((part) => storedPart(part, false), options)}return made;
};
`;
}

/** Both parts in modules of their own, at paths as `import` takes them. */
export function separateParts(agent: string, image: string): string {
  const imports = [agent, image].map((path) => `import(${JSON.stringify(path)})`);
  return `Promise.all([${imports.join(", ")}]).then(([agent, image]) => run(agent, image.default));
`;
}

/** The agent, as a CommonJS module. `embedded`: Node is in the same executable. */
export function agentProgram(parts: string, embedded: boolean): string {
  return `const run = (agent, image) => agent.runAgent(image, {${embedded ? " program: process.argv0 " : ""}});
${parts}`;
}

/**
 * A program for the build: it runs the agent, and writes which module it imports to the file that is named by its last
 * argument: lines `INDEX begins` and `INDEX ends`.
 */
export function trialProgram(parts: string): string {
  return `const { appendFileSync } = require("node:fs");
const trace = process.argv.pop();
const traced = (module, index) => ({
  ...module,
  load: async () => {
    appendFileSync(trace, \`\${index} begins\\n\`);
    await module.load();
    appendFileSync(trace, \`\${index} ends\\n\`);
  },
});
const run = (agent, image) => {
  agent.runAgent({ ...image, modules: image.modules.map(traced) }, {});
};
${parts}`;
}

/** The oldest Node that the agent runs on. */
export const oldestNode = "20.12";

/**
 * The text of `kanod-configure` where the agent runs on the image's own Node: it runs `main`, which lies beside it. It
 * is valid both as a CommonJS and as an ES module, so a package.json in a folder above does not matter, and in versions
 * of Node that are too old, so that they can say so. Links to it keep their names: they tell the agent what to do.
 */
export function launcher(main: string): string {
  const [major, minor] = oldestNode.split(".");
  return `#!/usr/bin/env -S -u NODE_OPTIONS node
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < ${major} || (major === ${major} && minor < ${minor})) {
  console.error(\`kanod-configure: Node ${oldestNode} or newer is needed, this is \${process.versions.node}\`);
  process.exit(1);
}
import("node:module").then(({ createRequire }) => {
  const require = createRequire(process.argv[1]);
  const { dirname, join } = require("node:path");
  require(join(dirname(require("node:fs").realpathSync(process.argv[1])), ${JSON.stringify(main)}));
});
`;
}
