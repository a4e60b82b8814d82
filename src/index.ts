/** What a contribution uses: `import { register } from "kanod-configure"`. */
export * from "./agent/contribution.ts";
export { register, registerBoot, stopCloudInit } from "./agent/registry.ts";
export { AgentError } from "./config/agent-error.ts";
export { CommandError, HostError } from "./host/errors.ts";
export * from "./host/host.ts";
export type { LogFields, Logger } from "./log/logger.ts";
export { b64, propagateVar, transformJson } from "./services/common/common.ts";
export { renderTemplate } from "./services/common/templates.ts";
export * from "./services/index.ts";
