import { defineConfig, type ViteUserConfig } from "vitest/config";

const source = (file: string): string => new URL(`./src/${file}`, import.meta.url).pathname;

/** All tests that need no root and no server. test/README.md says what belongs where. */
const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^kanod-configure$/, replacement: source("index.ts") },
      { find: /^kanod-configure\/testing$/, replacement: source("testing.ts") },
      { find: /^kanod-configure\/build$/, replacement: source("build.ts") },
    ],
  },
  test: {
    include: ["test/{unit,blackbox}/**/*.test.ts", "contributions/**/*.test.ts", "packaging/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary", "json-summary"],
    },
  },
});

export default config;
