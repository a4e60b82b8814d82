import { defineConfig, type ViteUserConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** Tests against real parts (root, namespaces, nspawn, servers, guests), one file at a time. */
const config: ViteUserConfig = defineConfig({
  ...base,
  test: {
    include: ["test/{system,e2e}/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 1_200_000,
  },
});

export default config;
