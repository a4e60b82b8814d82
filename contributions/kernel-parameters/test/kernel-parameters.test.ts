import { withMarkedBlock } from "kanod-configure";
import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { describe, expect, test } from "vitest";
import { readmeExamples } from "../../../test/support/readme.ts";
import "../kanod/kernel-parameters.ts";

const snippet = "/etc/default/grub.d/95-kanod-configure.cfg";
const running = {
  "/proc/cmdline": "BOOT_IMAGE=/vmlinuz root=UUID=1 ro quiet splash\n",
  "/proc/sys/kernel/random/boot_id": "boot-1\n",
};
const debian = {
  ...running,
  "/etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet splash"\n',
  "/usr/sbin/grub-mkconfig": "for x in $sysconfdir/default/grub.d/*.cfg",
  "/usr/sbin/update-grub": "",
};
/** What the shell says the two variables are. */
const values = (all: string, normal: string) => ({ argv: ["sh"], stdout: `${all}\0${normal}\0` });
const stopping = { argv: ["systemctl", "is-system-running"], stdout: "stopping", exitCode: 1 };
const rebooting = { argv: ["systemctl", "reboot"] };
const commands = [values("", "quiet splash"), stopping, rebooting, { argv: ["update-grub"] }];

function runKernel(conf: object, test: Partial<ContributionTest> = {}): Promise<ContributionRun> {
  return runContribution("Kernel parameters", {
    stage: "boot",
    conf,
    files: debian,
    commands,
    ...test,
  } as ContributionTest);
}

const commandsOf = (run: ContributionRun): string[] =>
  run.steps.flatMap((step) => (step.kind === "run" ? [step.argv.join(" ")] : []));
const said = (run: ContributionRun): string[] => run.log.map(({ message }) => message);

test.each([{}, { grub: "" }, { kernel: {} }, { kernel: { add: [], remove: [] } }])("%j does nothing", async (conf) => {
  expect(await runKernel(conf)).toMatchObject({ state: "done", steps: [] });
});

test("a live system has the parameters of its medium, and is not rebooted again and again for others", async () => {
  const files = { ...debian, "/proc/cmdline": "boot=live quiet\n" };
  expect(await runKernel({ kernel: { add: ["quiet"] } }, { files })).toMatchObject({ state: "done", steps: [] });
  const refused = await runKernel({ kernel: { add: ["nosmt"] } }, { files });
  expect(refused).toMatchObject({ state: "failed", error: { code: "live-system" }, steps: [] });
});

describe("parameters that the running kernel lacks", () => {
  test("are written, and the machine reboots at the end of the run, which is no failure", async () => {
    const run = await runKernel({ kernel: { add: ["nosmt", 'a="b c"'], remove: ["splash"] } });
    expect(run.error).toBeUndefined();
    expect(run.state).toBe("stopped");
    expect(run.files[snippet]).toMatch(/^GRUB_CMDLINE_LINUX_DEFAULT='quiet nosmt '\\''a=b c'\\'''$/m);
    expect(run.store.values).toEqual({ change: { change: '+nosmt +a="b c" -splash', bootId: "boot-1" } });
    expect(commandsOf(run)).toEqual(["update-grub", "systemctl reboot"]);
    expect(said(run)).toContain('stops the run: reboots for the kernel parameters +nosmt +a="b c" -splash');
  });

  test("go on following what other packages say where nothing is removed", async () => {
    const run = await runKernel({ grub: "nosmt  mitigations=off\n" });
    expect(run.files[snippet]).toMatch(
      /^GRUB_CMDLINE_LINUX_DEFAULT="\$GRUB_CMDLINE_LINUX_DEFAULT"' nosmt mitigations=off'$/m,
    );
  });

  test("are only written where the reboot is left to others; a second run says so", async () => {
    const conf = { kernel: { add: ["nosmt"], reboot: false } };
    const first = await runKernel(conf);
    expect(first.state).toBe("done");
    expect(commandsOf(first)).toEqual(["update-grub"]);
    expect(said(first)).toContain("written for the next boot: +nosmt");
    const second = await runKernel(conf, { files: { ...debian, ...first.files }, store: first.store });
    expect(second.steps).toEqual([]);
    expect(said(second)).toContain("waiting for the next boot: +nosmt");
  });

  test("reboot a machine that was interrupted before its reboot", async () => {
    const first = await runKernel({ kernel: { add: ["nosmt"] } });
    const second = await runKernel(
      { kernel: { add: ["nosmt"] } },
      { files: { ...debian, ...first.files }, store: first.store },
    );
    expect(commandsOf(second)).toEqual(["systemctl reboot"]);
  });

  test("never reboot it twice", async () => {
    const first = await runKernel({ kernel: { add: ["nosmt"] } });
    const rebooted = { ...debian, ...first.files, "/proc/sys/kernel/random/boot_id": "boot-2\n" };
    const second = await runKernel({ kernel: { add: ["nosmt"] } }, { files: rebooted, store: first.store });
    expect(second).toMatchObject({ state: "failed", error: { code: "kernel-parameters-without-effect" }, steps: [] });
    const changed = await runKernel({ kernel: { add: ["mitigations=off"] } }, { files: rebooted, store: first.store });
    expect(changed.state).toBe("stopped");
  });

  test("are an error where no boot loader is known", async () => {
    const run = await runKernel({ kernel: { add: ["nosmt"] } }, { files: running });
    expect(run).toMatchObject({ state: "failed", error: { code: "no-boot-loader" }, steps: [] });
  });

  test("are an error where the kernel would cut them off", async () => {
    const add = Array.from({ length: 50 }, (_, index) => `p${index}=${"x".repeat(40)}`);
    expect(await runKernel({ kernel: { add } })).toMatchObject({
      state: "failed",
      error: { code: "command-line-too-long" },
    });
  });

  test("wait for the machine to go down, and say when it does not", async () => {
    const run = await runKernel(
      { kernel: { add: ["nosmt"] } },
      { commands: [...commands.filter((one) => one !== stopping), { ...stopping, stdout: "running" }] },
    );
    expect(run.steps.filter(({ kind }) => kind === "sleep")).toHaveLength(60);
    expect(said(run)).toContain("reboot at the end of the run failed: the machine did not begin to reboot within 60 s");
  });
});

test("parameters that are in effect are left alone, and the log says so", async () => {
  const run = await runKernel({ kernel: { add: ["quiet"], remove: ["nosmt"] } });
  expect(run).toMatchObject({ state: "done", steps: [] });
  expect(said(run)).toContain("in effect already: +quiet -nosmt");
});

describe("on a target tree, where no kernel runs", () => {
  test("they are written", async () => {
    const { "/proc/cmdline": _, "/proc/sys/kernel/random/boot_id": __, ...tree } = debian;
    const run = await runKernel({ kernel: { add: ["nosmt"] } }, { files: tree, commands: [values("", "quiet")] });
    expect(run.files[snippet]).toContain(" nosmt");
    expect(run.state).toBe("stopped");
  });
});

describe("GRUB without a folder for snippets", () => {
  const suse = {
    ...running,
    "/etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet splash"',
    "/usr/sbin/grub2-mkconfig": "#!/bin/sh",
    "/boot/grub2/grub.cfg": "### BEGIN /etc/grub.d/00_header ###\n",
  };

  test("has a block at the end of its defaults, which is replaced", async () => {
    const first = await runKernel({ kernel: { add: ["nosmt"] } }, { files: suse });
    expect(first.files["/etc/default/grub"]).toBe(
      withMarkedBlock(suse["/etc/default/grub"], [`GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT"' nosmt'`]),
    );
    expect(commandsOf(first)[0]).toBe("grub2-mkconfig -o /boot/grub2/grub.cfg");
    const second = await runKernel({ kernel: { remove: ["splash"] } }, { files: { ...suse, ...first.files } });
    expect(second.files["/etc/default/grub"]).toBe(
      withMarkedBlock(suse["/etc/default/grub"], ["GRUB_CMDLINE_LINUX_DEFAULT='quiet'"]),
    );
  });

  test("has its menu on the EFI partition regenerated where that is one, and not a pointer", async () => {
    const menu = "### BEGIN /etc/grub.d/00_header ###\n";
    const efi = {
      "/boot/efi/EFI/centos/grub.cfg": menu,
      "/etc/grub2-efi.cfg": { link: "../boot/efi/EFI/centos/grub.cfg" },
    };
    const both = await runKernel({ kernel: { add: ["nosmt"] } }, { files: { ...suse, ...efi } });
    expect(commandsOf(both).slice(0, 2)).toEqual([
      "grub2-mkconfig -o /boot/grub2/grub.cfg",
      "grub2-mkconfig -o /etc/grub2-efi.cfg",
    ]);
    const pointer = { ...efi, "/boot/efi/EFI/centos/grub.cfg": "configfile $prefix/grub.cfg\n" };
    const one = await runKernel({ kernel: { add: ["nosmt"] } }, { files: { ...suse, ...pointer } });
    expect(commandsOf(one)[1]).toBe("systemctl reboot");
    const same = { "/etc/grub2-efi.cfg": { link: "../boot/grub2/grub.cfg" } };
    const once = await runKernel({ kernel: { add: ["nosmt"] } }, { files: { ...suse, ...same } });
    expect(commandsOf(once)[1]).toBe("systemctl reboot");
  });
});

describe("boot loader entries", () => {
  const entry = "/boot/loader/entries/0123-6.1.conf";
  const rescue = "/boot/loader/entries/0123-0-rescue.conf";

  test("of systemd-boot get the parameters as the kernel reads them", async () => {
    const files = {
      ...running,
      [entry]: "title Linux\nlinux /vmlinuz\noptions root=UUID=1 quiet splash\n",
      "/etc/kernel/cmdline": "root=UUID=1 quiet splash\n",
    };
    const run = await runKernel({ kernel: { add: ['dyndbg="file a.c +p"'], remove: ["splash"] } }, { files });
    expect(run.error).toBeUndefined();
    expect(run.files[entry]).toBe('title Linux\nlinux /vmlinuz\noptions root=UUID=1 quiet dyndbg="file a.c +p"\n');
    expect(run.files["/etc/kernel/cmdline"]).toBe('root=UUID=1 quiet dyndbg="file a.c +p"\n');
    expect(commandsOf(run)).toEqual(["systemctl reboot"]);
  });

  const fedora = {
    ...running,
    "/etc/default/grub": 'GRUB_ENABLE_BLSCFG=true\nGRUB_CMDLINE_LINUX="quiet splash"\n',
    [entry]: "title Linux\noptions root=UUID=1 quiet\noptions splash $tuned_params\n",
    [rescue]: "title Rescue\n",
  };

  test("of the RHEL family's GRUB get them as GRUB's script language wants them", async () => {
    const run = await runKernel(
      { kernel: { add: ["a;b=1", "nosmt"] } },
      { files: fedora, commands: [values("quiet splash", ""), ...commands] },
    );
    expect(run.error).toBeUndefined();
    expect(run.files[entry]).toBe(
      "title Linux\noptions root=UUID=1 quiet\noptions splash $tuned_params 'a;b=1' nosmt\n",
    );
    expect(run.files[rescue]).toBe("title Rescue\noptions 'a;b=1' nosmt\n");
    expect(run.files["/etc/default/grub"]).toContain("GRUB_CMDLINE_LINUX_DEFAULT=''\\''a;b=1'\\'' nosmt'\n");
  });

  test("that share their parameters have them removed there", async () => {
    const list = {
      argv: ["grub2-editenv", "-", "list"],
      stdout: "saved_entry=0\nkernelopts=root=UUID=1 quiet splash\n",
    };
    const files = { ...fedora, [entry]: "title Linux\noptions $kernelopts\n" };
    const run = await runKernel(
      { kernel: { remove: ["splash"] } },
      { files, commands: [list, values("quiet splash", ""), ...commands] },
    );
    expect(commandsOf(run)[0]).toBe("grub2-editenv - set kernelopts=root=UUID=1 quiet");
  });

  test("of GRUB cannot hold a dollar sign", async () => {
    const run = await runKernel({ kernel: { add: ["memmap=64K$0x1000"] } }, { files: fedora });
    expect(run).toMatchObject({ state: "failed", error: { code: "bad-kernel-parameter" }, steps: [] });
  });

  test("that Debian's GRUB does not read do not count", async () => {
    const run = await runKernel({ kernel: { add: ["nosmt"] } }, { files: { ...debian, [entry]: "title old\n" } });
    expect(run.files[entry]).toBeUndefined();
    expect(run.files[snippet]).toContain(" nosmt");
  });
});

test("the README's example runs", async () => {
  for (const { boot } of readmeExamples<{ boot: object }>(new URL("../", import.meta.url))) {
    expect(await runKernel(boot)).toMatchObject({ state: "stopped" });
  }
});
