/** What a contribution uses: `import { register } from "kanod-configure"`. */
export * from "./agent/contribution.ts";
export { register, registerBoot, stopCloudInit } from "./agent/registry.ts";
export { AgentError } from "./config/agent-error.ts";
export type { AnyCode, Code } from "./config/codes/catalogue.ts";
export type { DeepReadonly } from "./config/deep-freeze.ts";
export { isMapping } from "./config/mapping.ts";
export { configurationPath } from "./config/paths.ts";
export {
  escapePointerPart,
  type Finding,
  hasErrors,
  jsonPointer,
  type Problem,
  pointerParts,
  type Severity,
} from "./config/problem.ts";
export { shellString } from "./config/shell-word.ts";
export { printable, shown } from "./config/shown.ts";
export { suggest } from "./config/suggest.ts";
export { parseYaml } from "./config/yaml.ts";
export { CommandError, HostError } from "./host/errors.ts";
export type * from "./host/facts/facts.ts";
export { describeInterfaces, readInterfaces } from "./host/facts/interfaces.ts";
export * from "./host/host.ts";
export * from "./kit/index.ts";
export type { LogFields, Logger } from "./log/logger.ts";
export { mask } from "./log/redactor.ts";
