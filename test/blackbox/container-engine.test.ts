import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compiledAgent, fixtureElement, runProgram, targetTree } from "../support/compiled-agent.ts";

const shipped = (name: string): string => fileURLToPath(new URL(`../../contributions/${name}`, import.meta.url));
const elements = [shipped("registries"), shipped("docker-engine"), fixtureElement("toy-engine")];
const agent = compiledAgent(elements, ["--runtime", "system"]);
const configuration = `name: node
container_registries:
  map:
    - name: docker.io
      mirrors: ["https://mirror.example.com"]
`;

test("a container engine is added by the folder of its element alone", () => {
  const run = (settings: string, installed: readonly string[]): [number | null, string] => {
    const root = targetTree(configuration);
    writeFileSync(join(root, "etc/kanod-configure/system.yaml"), settings);
    mkdirSync(join(root, "usr/bin"), { recursive: true });
    for (const program of installed) writeFileSync(join(root, "usr/bin", program), "");
    const { exitCode, err, out } = runProgram(join(agent, "kanod-runcmd"), ["--root", root]);
    if (exitCode !== 0) return [exitCode, `${out}${err}`];
    return [exitCode, readFileSync(join(root, "etc/toy/mirrors"), "utf8")];
  };
  const mirrors = "https://mirror.example.com\n";
  expect(run("container_engine: toy\n", [])).toEqual([0, mirrors]);
  expect(run("{}\n", ["dockerd", "toyd"])).toEqual([0, mirrors]);
  expect(run("container_engine: other\n", [])).toEqual([1, expect.stringContaining("docker, toy")]);
});
