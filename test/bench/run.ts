/** `npm run bench`: prints all figures as a table and keeps them in results.json. They are never asserted. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { benchAgent } from "./agent.ts";
import { benchCompile } from "./compile.ts";
import { benchImage } from "./image.ts";
import type { Figure } from "./measure.ts";
import { benchNetwork } from "./network.ts";
import { benchValidate } from "./validate.ts";
import { benchVault } from "./vault.ts";

const figures = [
  ...(await benchAgent()),
  ...(await benchCompile()),
  ...(await benchValidate()),
  ...(await benchVault()),
  ...(await benchNetwork()),
  ...(await benchImage()),
];
const shown = ({ name, value, unit, range, goal }: Figure): string => {
  const spread = range === undefined ? "" : ` (${range.map((end) => end.toFixed(2)).join(" to ")})`;
  const wanted = goal === undefined ? "" : `   goal ${goal}`;
  return `${name.padEnd(68)} ${value.toFixed(2).padStart(8)} ${unit}${spread}${wanted}`;
};
console.log(figures.map(shown).join("\n"));
const file = fileURLToPath(new URL("results.json", import.meta.url));
writeFileSync(file, `${JSON.stringify({ node: process.version, arch: process.arch, figures }, undefined, 2)}\n`);
