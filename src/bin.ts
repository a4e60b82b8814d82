#!/usr/bin/env node
/** The package's program: what a workstation has. The agent in an image is compiled from `cli/agent.ts` alone. */
import type { CompiledImage } from "./agent/image.ts";
import { runAgent } from "./cli/agent.ts";
import { buildSide } from "./cli/build-side.ts";

// Made by `npm run build`, after this file was compiled.
const image = new URL("image/image.js", import.meta.url).href;
const { default: shipped } = (await import(image)) as { default: CompiledImage };
await runAgent(shipped, { embedded: false, buildSide });
