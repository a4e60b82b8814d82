/** Disks and kernel parameters as a user meets them: what is refused, where, and what happens on a target tree. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compiledAgent, runProgram, targetTree } from "../support/compiled-agent.ts";

const contributions = fileURLToPath(new URL("../../contributions", import.meta.url));
const elements = ["disks", "kernel-parameters"].map((name) => join(contributions, name));
const program = join(compiledAgent(elements, ["--runtime", "system"]), "kanod-bootcmd");

const bootcmd = (input: object, root: string) =>
  runProgram(program, ["--root", root], { input: JSON.stringify(input) });

describe("refused with its position, before anything is changed", () => {
  test.each<[string, object, string]>([
    ["a volume's name with a command", { lvm: [{ name: "a;reboot", size: "1G" }] }, "1:17"],
    ["a volume's name that is an option", { lvm: [{ name: "--force", size: "1G" }] }, "1:17"],
    ["a size that is none", { lvm: [{ name: "a", size: "$(id)" }] }, "1:28"],
    ["a size that shrinks", { lvm: [{ name: "a", size: "-1G" }] }, "1:28"],
    ["a group's name with a slash", { lvm: [{ name: "a", size: "1G", vg: "../x" }] }, "1:38"],
    ["a disk outside of /dev", { partitions: [{ device: "/etc/passwd", name: "a" }] }, "1:26"],
    ["a disk with a line feed", { partitions: [{ device: "/dev/a\n/dev/b", name: "a" }] }, "1:26"],
    ["a partition's name with a quote", { partitions: [{ device: "/dev/a", name: 'x", type="y' }] }, "1:42"],
    [
      "a label that is too long for its file system",
      { partitions: [{ device: "/dev/a", name: "x".repeat(20) }] },
      "1:42",
    ],
    ["10,000 characters", { partitions: [{ device: `/dev/${"x".repeat(10_000)}`, name: "a" }] }, "1:26"],
    ["a parameter with a line feed", { kernel: { add: ["a=1\nb"] } }, "1:19"],
    ["a parameter of another alphabet", { kernel: { add: ["ok", "é=1"] } }, "1:24"],
    ["a parameter that is added and removed", { kernel: { add: ["a"], remove: ["a"] } }, "1:19"],
    ["a quote that is not closed", { grub: 'a="b' }, "1:9"],
  ])("%s", (_, input, position) => {
    const ended = bootcmd(input, targetTree());
    expect(ended.exitCode).toBe(3);
    expect(ended.err).toContain(`:${position}: error[`);
  });
});

describe("on a target tree", () => {
  test("there are no disks to grow, and nobody else's are touched", () => {
    const ended = bootcmd({ lvm: [{ name: "lv_root", size: "+100%FREE" }] }, targetTree());
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(ended.out).toContain("Disks: nothing to grow or to create");
  });

  test("boot loader entries get the parameters, and nothing reboots", () => {
    const root = targetTree();
    const entry = join(root, "boot/loader/entries/linux.conf");
    mkdirSync(join(root, "boot/loader/entries"), { recursive: true });
    writeFileSync(entry, "title Linux\noptions root=UUID=1 quiet\n");
    const ended = bootcmd({ kernel: { add: ['a="b c"'], remove: ["quiet"] } }, root);
    expect(ended.exitCode).toBe(0);
    expect(readFileSync(entry, "utf8")).toBe('title Linux\noptions root=UUID=1 a="b c"\n');
    expect(bootcmd({ kernel: { add: ['a="b c"'], remove: ["quiet"] } }, root).exitCode).toBe(0);
    expect(readFileSync(entry, "utf8")).toBe('title Linux\noptions root=UUID=1 a="b c"\n');
  });
});
