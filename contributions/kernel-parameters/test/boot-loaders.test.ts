import { recordingHost } from "kanod-configure/testing";
import { expect, test } from "vitest";
import type { BootLoader } from "../kanod/kernel/boot-loader.ts";
import { bootLoaders, findBootLoader } from "../kanod/kernel/boot-loaders.ts";

const entry = { "/boot/loader/entries/1.conf": "options quiet\n" };
const grub = { "/etc/default/grub": "\n", "/usr/sbin/update-grub": "" };

test.each([
  ["systemd-boot", entry],
  ["GRUB", { ...grub, ...entry }],
  ["GRUB with boot loader entries", { ...grub, ...entry, "/etc/default/grub": 'GRUB_ENABLE_BLSCFG="true"\n' }],
  [undefined, {}],
])("%s is found by its files", async (name, files) => {
  expect((await findBootLoader(recordingHost({ files })))?.name).toBe(name);
});

test("a boot loader is added by one object in the list", async () => {
  const toy: BootLoader = {
    name: "toy",
    isUsed: async (host) => (await host.stat("/boot/toy")) !== undefined,
    apply: async () => {},
  };
  const host = recordingHost({ files: { ...grub, "/boot/toy": "" } });
  expect((await findBootLoader(host, [toy, ...bootLoaders]))?.name).toBe("toy");
});
