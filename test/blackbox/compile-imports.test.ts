import { join } from "node:path";
import { execa } from "execa";
import { expect, test, vi } from "vitest";
import { temporaryFolder } from "../support/cli.ts";
import { programFile, targetTree, writtenElement } from "../support/compiled-agent.ts";

vi.setConfig({ testTimeout: 180_000 });

const contribution = `import { register, renderTemplate } from "kanod-configure";
const early = await Promise.resolve(1);
const { value } = await import("./lib/value.ts");
register("dynamic", 100, async ({ host }) => {
  const [own, packaged] = [await import("./lib/value.ts"), await import("late")];
  await host.writeFile("/etc/dynamic", [early, value, own.value, packaged.late()].join(" "));
  await renderTemplate(host, "sub/list.j2", "/etc/list", { list: [] });
});
`;

test.each([["system"], ["embedded"]])(
  "what is imported dynamically, and top-level await, work in an agent for the runtime %s",
  async (runtime) => {
    const element = writtenElement("dynamic", {
      "kanod/dynamic.ts": contribution,
      "kanod/lib/value.ts": "export const value: number = 2;\n",
      "kanod/late.d.ts": 'declare module "late" { export function late(): string; }\n',
      "kanod/templates/sub/list.j2": "{% if list %}\nfull\n{% else %}\nempty\n{% endif %}\n",
      "node_modules/late/package.json": '{ "name": "late", "version": "1.0.0", "main": "index.js" }',
      "node_modules/late/index.js": 'exports.late = () => "three"; exports.later = () => import("./later.mjs");\n',
      "node_modules/late/later.mjs": "export default 1;\n",
    });
    const output = join(temporaryFolder(), "out");
    await execa(process.execPath, [programFile, "compile", "--element", element, "-o", output, "--runtime", runtime]);
    const root = targetTree("name: m\n");
    await execa(join(output, "kanod-runcmd"), ["--root", root]);
    expect((await execa("cat", [join(root, "etc/dynamic"), join(root, "etc/list")])).stdout).toBe("1 2 2 threeempty");
  },
);

test("JavaScript is checked too: a key that no schema has is an error, missing types are none", async () => {
  const element = writtenElement("plain", {
    "kanod/plain.js": `import { register } from "kanod-configure";
function twice(text) { return text + text; }
register("plain", 100, ({ conf, log }) => { log.info(twice(conf.nothing)); });
`,
  });
  const args = [programFile, "compile", "--element", element, "-o", join(temporaryFolder(), "out")];
  const { exitCode, stderr } = await execa(process.execPath, args, { reject: false });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/plain\.js:3:65: error\[type-error\]/);
  expect(stderr).toContain("1 error");
});
