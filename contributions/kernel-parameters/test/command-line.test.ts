import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  commandLineFault,
  editCommandLine,
  grubSyntax,
  isApplied,
  type KernelParameter,
  kernelSyntax,
  parameterFault,
  parseCommandLine,
} from "../kanod/kernel/command-line.ts";

const change = (add: string[], remove: string[] = []) => ({
  add: add.flatMap(parseCommandLine),
  remove: remove.flatMap(parseCommandLine),
});

describe("the kernel's own rules", () => {
  test.each<[string, KernelParameter[]]>([
    ["quiet", [{ name: "quiet", value: undefined }]],
    ["a=b=c", [{ name: "a", value: "b=c" }]],
    ["a=", [{ name: "a", value: "" }]],
    [
      'a="b c" d',
      [
        { name: "a", value: "b c" },
        { name: "d", value: undefined },
      ],
    ],
    [
      '"a=b c" d',
      [
        { name: "a", value: "b c" },
        { name: "d", value: undefined },
      ],
    ],
    [
      "  a \t b\n",
      [
        { name: "a", value: undefined },
        { name: "b", value: undefined },
      ],
    ],
    ["=x", [{ name: "=x", value: undefined }]],
    ["", []],
  ])("%j", (text, parameters) => {
    expect(parseCommandLine(text)).toEqual(parameters);
  });
});

describe("editing", () => {
  test("keeps what is there as it is written, and adds behind it", () => {
    const before = 'root=UUID=1 ro  dyndbg="file a.c +p" console=tty0';
    expect(editCommandLine(before, change(["quiet"]), kernelSyntax)).toBe(
      'root=UUID=1 ro dyndbg="file a.c +p" console=tty0 quiet',
    );
  });

  test.each([
    ["console=tty0 quiet", ["console=ttyS1"], ["console"], "quiet console=ttyS1"],
    ["console=ttyS1 console=tty0", ["console=ttyS1"], ["console"], "console=ttyS1"],
    ["hugepages=16", ["hugepagesz=1G", "hugepages=16"], [], "hugepages=16 hugepagesz=1G hugepages=16"],
    [
      "hugepages=16 hugepagesz=1G",
      ["hugepagesz=1G", "hugepages=16"],
      [],
      "hugepages=16 hugepagesz=1G hugepagesz=1G hugepages=16",
    ],
    [
      "hugepagesz=1G hugepages=4 quiet",
      ["hugepagesz=1G", "hugepages=4", "hugepagesz=2M", "hugepages=4"],
      [],
      "hugepagesz=1G hugepages=4 quiet hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=4",
    ],
    ["console=ttyS0 console=tty0", ["console=tty0", "console=ttyS0"], [], "console=ttyS0 console=tty0 console=ttyS0"],
    ["b a", ["a", "b"], [], "b a"],
  ])("%s with %j, without %j", (before, add, remove, expected) => {
    const wanted = change(add, remove);
    const after = editCommandLine(before, wanted, kernelSyntax);
    expect(after).toBe(expected);
    expect(isApplied(parseCommandLine(after), wanted)).toBe(true);
    expect(isApplied(parseCommandLine(before), wanted)).toBe(before === after);
    expect(editCommandLine(after, wanted, kernelSyntax)).toBe(after);
  });

  test("adds another value of a name, the last of which counts, and not a second time", () => {
    const once = editCommandLine("console=tty0", change(["console=ttyS0", "console=tty0"]), kernelSyntax);
    expect(once).toBe("console=tty0 console=ttyS0 console=tty0");
    expect(editCommandLine(once, change(["console=ttyS0", "console=tty0"]), kernelSyntax)).toBe(once);
  });

  test("removes a name with any value, or only one value", () => {
    const before = "a=1 a=2 b quiet";
    expect(editCommandLine(before, change([], ["a"]), kernelSyntax)).toBe("b quiet");
    expect(editCommandLine(before, change([], ["a=1"]), kernelSyntax)).toBe("a=2 b quiet");
  });

  test("takes dashes and underscores in a name for the same", () => {
    expect(editCommandLine("intel_iommu=on x-y", change(["intel-iommu=on"], ["x_y"]), kernelSyntax)).toBe(
      "intel_iommu=on",
    );
  });

  test("leaves to init what is behind two dashes", () => {
    expect(editCommandLine("ro -- single", change(["quiet"]), kernelSyntax)).toBe("ro quiet -- single");
  });

  test("quotes for the place it is written to", () => {
    const wanted = change(['dyndbg="file a.c +p; file b.c +p"', "memmap=64K$0x100000", "nosmt"]);
    expect(editCommandLine("ro", wanted, kernelSyntax)).toBe(
      'ro dyndbg="file a.c +p; file b.c +p" memmap=64K$0x100000 nosmt',
    );
    expect(editCommandLine("ro", wanted, grubSyntax)).toBe(
      "ro 'dyndbg=file a.c +p; file b.c +p' 'memmap=64K$0x100000' nosmt",
    );
  });

  test("knows its parameters again in GRUB's other ways to quote", () => {
    for (const text of ["'a=b c'", 'a="b c"', '"a=b c"', "a=b\\ c", "a='b c'"]) {
      expect(editCommandLine(text, change(['a="b c"']), grubSyntax)).toBe(text);
      expect(editCommandLine(text, change([], ["a"]), grubSyntax)).toBe("");
    }
  });
});

describe("any acceptable parameter", () => {
  const value = fc.string({ unit: fc.constantFrom(..."abz09 $;|&<>(){}*?#~`!=,.:/@%+-_[]") });
  const parameter = fc
    .tuple(fc.stringMatching(/^[a-z][a-z0-9_.-]{0,9}$/), fc.option(value, { nil: undefined }))
    .map(([name, its]): KernelParameter => ({ name, value: its }))
    .filter((made) => parameterFault(kernelSyntax.print(made)) === undefined);

  test.each([
    ["kernel", kernelSyntax],
    ["grub", grubSyntax],
  ])("survives printing and splitting (%s)", (_, syntax) => {
    fc.assert(
      fc.property(fc.array(parameter), (parameters) => {
        const text = editCommandLine("ro", { add: parameters, remove: [] }, syntax);
        const read = syntax.split(text).map((word) => word.parameter);
        expect(isApplied(read, { add: parameters, remove: [] })).toBe(true);
        expect(editCommandLine(text, { add: [], remove: parameters }, syntax)).toBe(
          parameters.some(({ name, value: its }) => name === "ro" && its === undefined) ? "" : "ro",
        );
      }),
    );
  });
});

test("whether a change is in effect", () => {
  const running = parseCommandLine("BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro quiet");
  expect(isApplied(running, change(["quiet"], ["splash"]))).toBe(true);
  expect(isApplied(running, change(["quiet", "nosmt"]))).toBe(false);
  expect(isApplied(running, change([], ["quiet"]))).toBe(false);
});

describe("what is refused", () => {
  test.each([
    ["", "is empty"],
    ["a b", "is more than one parameter"],
    [" a", "begins or ends with a space"],
    ["a=b\nc", "printable ASCII"],
    ["a=é", "printable ASCII"],
    ["a=\u0000", "printable ASCII"],
    ['a="b', "not closed"],
    ["a='b'", "holds a quote or a backslash"],
    ["a=b\\c", "holds a quote or a backslash"],
    ['a=b"c d"', "holds a quote or a backslash"],
    ["--", "to init"],
  ])("%j", (text, fault) => {
    expect(parameterFault(text)).toContain(fault);
  });

  test("and what is not", () => {
    for (const text of ["quiet", "a=b", 'a="b c"', "memmap=64K$0x1", "a=b;c", "rd.luks.uuid=1-2"]) {
      expect(parameterFault(text)).toBeUndefined();
    }
  });

  test("a whole line, of which a line feed only separates parameters", () => {
    expect(commandLineFault("a b=c\nd\n")).toBeUndefined();
    expect(commandLineFault("a b='c'")).toContain("quote");
    expect(commandLineFault('a b="c')).toContain("not closed");
  });
});
