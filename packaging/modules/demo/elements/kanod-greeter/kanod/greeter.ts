import { register } from "kanod-configure";

register("Greeter", 100, async ({ conf, host, log }) => {
  if (conf.greeting === undefined) {
    log.info("no greeting is configured");
    return;
  }
  // In issue(5) a backslash begins an escape sequence: one of the user's is text. \n is the host name, \l the terminal.
  const text = conf.greeting.replaceAll("\\", "\\\\");
  const change = await host.writeFile("/etc/issue", `${text} - \\n \\l\n`);
  // issue.net is shown as it is, and by the update-motd.d script of this element at each login.
  await host.writeFile("/etc/issue.net", `${conf.greeting}\n`);
  // agetty(8): a console that waits for a login already goes on showing what was there before.
  if (change !== "same" && (await host.stat("/usr/sbin/agetty")) !== undefined)
    await host.run(["agetty", "--reload"], { why: "show the greeting at consoles that wait for a login" });
});
