import { join } from "node:path";
import { agentBundle, agentCode, filesOf } from "../agent-files.ts";
import { imageParts, partOf, type ValidatorName, validatorNames } from "../launcher.ts";
import { writeText } from "../workspace.ts";
import { type CodeOptions, compileCode } from "./agent-code.ts";
import { type AgentPart, agentParts, splitBundle } from "./split-bundle.ts";

/**
 * An image with contributions that do nothing, in the form of launcher.ts. What is measured and compiled in advance is the
 * agent's part.
 */
const emptyImage = `const { register } = require("kanod-configure");
const load = async () => {
  for (let priority = 0; priority < 10; priority++) register(\`empty-\${priority}\`, priority, () => {});
};
exports.default = {
  modules: [{ element: "empty", file: "kanod/empty.js", load }],
  schema: async () => "{}",
  systemSchema: async () => "{}",
  validators: async () => require("kanod-configure/validators"),
  secrets: async () => ({ configuration: true, boot: true, system: true }),
  template: async () => undefined,
  manifest: async () => ({ agent: "" }),
};`;
const validatorOf = (name: ValidatorName): string => `exports.${name} = Object.assign(() => true, { errors: null });`;

/** What configurations look like in YAML. */
const typical = `# Comment
name: machine
network:
  version: 2
  ethernets:
    eth0:
      addresses: [192.0.2.10/24, "2001:db8::10/64"]
ntp:
  servers:
    - ntp.example.org
certificates:
  ca: |
    one line
    another line
`;
const typicalUserData = `#cloud-config
write_files:
  - path: /etc/kanod-configure/configuration.yaml
    permissions: "0600"
    content: |
${typical.replace(/^/gm, "      ")}
bootcmd:
  - |
    kanod-bootcmd <<'EOF'
    kernel: {}
    EOF
runcmd:
  - [kanod-runcmd]
`;

/**
 * Writes {@link agentBundle} and {@link agentCode}: finds out which modules a run of a stage uses, and which `validate` uses
 * besides, then keeps what V8 compiles of each part in a run that uses it.
 *
 * @param script the bundle of ncc
 */
export async function splitByUse(script: string, work: string): Promise<void> {
  const configuration = join(work, "etc/kanod-configure/configuration.yaml");
  const userData = join(work, "user-data.yaml");
  await writeText(configuration, typical);
  await writeText(userData, typicalUserData);
  const image = filesOf(imageParts, (part) => join(work, `${part}.cjs`));
  await writeText(image.image, partOf(emptyImage));
  for (const name of validatorNames) await writeText(image[`${name}-validator`], partOf(validatorOf(name)));
  const texts = { ...agentBundle, ...image };
  const runs: Readonly<Record<AgentPart, readonly string[]>> = {
    agent: ["kanod-runcmd", "--root", work],
    "agent-offline": ["kanod-configure", "validate", configuration, userData],
    "agent-rest": ["kanod-configure", "plan", "--config", configuration],
  };
  const run = async (options: Pick<CodeOptions, "argv" | "asked" | "code">): Promise<ReadonlySet<string>> => {
    const { exitCode, stderr, asked } = await compileCode({ work, texts, ...options });
    if (exitCode !== 0) throw new Error(`the agent's code cannot be compiled: ${stderr}`);
    return asked;
  };
  const split = async (partOfModule: (number: string) => AgentPart): Promise<void> => {
    const bundle = splitBundle(script, partOfModule);
    for (const part of agentParts) await writeText(agentBundle[part], bundle[part]);
  };
  await split(() => "agent-rest");
  const ofRun = await run({ argv: runs.agent, asked: "agent-rest" });
  const ofValidate = await run({ argv: runs["agent-offline"], asked: "agent-rest" });
  await split((number) => (ofRun.has(number) ? "agent" : ofValidate.has(number) ? "agent-offline" : "agent-rest"));
  for (const part of agentParts) await run({ argv: runs[part], code: { [part]: agentCode[part] } });
}
