import type { SplitBundle } from "./split-bundle.ts";

/**
 * Texts of programs. An agent has two parts: what is the same in every image, and the image with its contributions. Texts
 * of parts hand both to a function `run`, which the text of a program defines.
 */

/** What the image's part requires for the agent's part. */
export const agentName = "kanod-configure";
/** What the image's part requires for its validators. */
export const validatorsName = "kanod-configure/validators";

/**
 * Modules of Node that take a noticeable part of an agent's start, and that most runs never use. What the agent's part
 * imports at its top is a stand-in, which loads the module when something of it is asked for. The bundler makes the result
 * of an `import()` from the names that it has.
 */
const slowModules = ["child_process", "crypto", "net", "stream", "timers/promises", "zlib"].map(
  (name) => `node:${name}`,
);

/**
 * A CommonJS module as a part: a script whose value is a function. The parentheses around it are for V8: it compiles such
 * functions at once, with the modules in them, so that they get into the executable's code cache.
 */
export function partOf(module: string): string {
  return `((module, exports, require, __dirname) => {\n${module}\n})`;
}

/**
 * An expression for the value of a script that is stored in the executable. V8 compiles most functions when they are
 * first called, and the code that Node itself keeps in an executable has only those that no call was needed for.
 *
 * @param code name under which the code is stored that was compiled for it in advance
 */
export function storedScript(name: string, code: string | undefined): string {
  return `stored(${[name, ...(code === undefined ? [] : [code])].map((each) => JSON.stringify(each)).join(", ")})`;
}

/**
 * Both parts in one program, which imports nothing but Node's own modules. The image's gets the agent's exports for
 * "kanod-configure", whichever file imports it, and the validators for {@link validatorsName}.
 *
 * @param agent texts of the agent's part (split-bundle.ts), or expressions for them, whose module exports `runAgent`
 * @param image text of a CommonJS module whose default export is the image
 * @param validators texts of CommonJS modules by the name that each exports; one is evaluated when it is asked for
 */
export function bundledParts(agent: SplitBundle, image: string, validators: Readonly<Record<string, string>>): string {
  const getters = Object.entries(validators).map(
    ([name, text]) => `  get ${name}() {
    const { ${name}: value } = evaluate(${partOf(text)}, require);
    Object.defineProperty(validators, "${name}", { value });
    return value;
  },
`,
  );
  return `const lazily = (name) => {
  if (!${JSON.stringify(slowModules)}.includes(name)) return require(name);
  return new Proxy({}, {
    get: (_, key) => (key === "__esModule" ? undefined : require(name)[key]),
    ownKeys: () => Reflect.ownKeys(require(name)),
  });
};
const stored = (name, code) => {
  const [{ Script }, { getRawAsset }] = [require("node:vm"), require("node:sea")];
  const bytes = (asset) => Buffer.from(getRawAsset(asset));
  const options = { filename: name, ...(code === undefined ? {} : { cachedData: bytes(code) }) };
  return new Script(bytes(name).latin1Slice(), options).runInThisContext();
};
const evaluate = (part, require, rest) => {
  const module = { exports: {} };
  part(module, module.exports, require, __dirname, rest);
  return module.exports;
};
let others;
const agent = evaluate(${agent.core}, lazily, () => (others ??= ${agent.rest}(lazily, __dirname)));
const validators = {
${getters.join("")}};
const image = evaluate(${partOf(image)}, (name) => (name === "${agentName}" ? agent : name === "${validatorsName}" ? validators : require(name)));
run(agent, image.default);
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
  return `const run = (agent, image) => agent.runAgent(image, ${JSON.stringify({ embedded })});
${parts}`;
}

/**
 * A program for the build: it runs the agent, and writes which module it imports to the file that is named by its last
 * argument: lines `INDEX begins` and `INDEX ends`.
 */
export function rehearsalProgram(parts: string): string {
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
  agent.runAgent({ ...image, modules: image.modules.map(traced) }, { embedded: false });
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
