import type { Host } from "kanod-configure";
import { AgentError } from "kanod-configure";

/** In seconds: compiling a locale takes some 5 s a piece, and all that locale.gen lists are compiled. */
const generationTimeout = 900;

/** What is wrong with the name of a locale as setlocale(3) has them, such as `en_US.UTF-8`, or undefined. */
export function localeFault(name: string): string | undefined {
  return /^[A-Za-z]+(_[A-Za-z]+)?(\.[A-Za-z0-9-]+)?(@[A-Za-z]+)?$/.test(name) && name.length <= 64
    ? undefined
    : "is no name of a locale, such as en_US.UTF-8";
}

/**
 * Makes a locale the system's, and compiles it first where the distribution is Debian's kind and lacks it.
 *
 * @returns what was done, for people; empty when all was right already
 * @throws AgentError `no-locale` when the machine has no such locale
 */
export async function setLocale(host: Host, name: string): Promise<string[]> {
  const done = (await ensureLocale(host, name)) ? ["locale compiled"] : [];
  // Debian's own place; since Debian 13 it is a link to the other one.
  const path = (await host.stat("/etc/default/locale")) === undefined ? "/etc/locale.conf" : "/etc/default/locale";
  const before = (await host.readFile(path)) ?? "";
  const others = before.split("\n").filter((line) => line !== "" && !/^\s*LANG=/.test(line));
  const change = await host.writeFile(path, [`LANG=${name}`, ...others, ""].join("\n"));
  return change === "same" ? done : [...done, `locale ${name}`];
}

async function ensureLocale(host: Host, name: string): Promise<boolean> {
  const { stdout, skipped } = await host.query(["locale", "-a"], { onTree: "chroot" });
  if (skipped || stdout.split("\n").some((line) => normal(line) === normal(name))) return false;
  const supported = ((await host.readFile("/usr/share/i18n/SUPPORTED")) ?? "").split("\n");
  const line = supported.find((candidate) => candidate.split(" ")[0] === name);
  const list = await host.readFile("/etc/locale.gen");
  if (line === undefined || list === undefined) {
    const hint = "install the distribution's locales: locales (Debian), glibc-langpack-… (RHEL), glibc-locale (SUSE)";
    throw new AgentError("no-locale", `the machine has no locale ${name}`, { hint });
  }
  if (!list.split("\n").includes(line)) {
    await host.writeFile("/etc/locale.gen", `${list.replace(/\n?$/, "\n")}${line}\n`);
  }
  await host.run(["locale-gen"], { timeout: generationTimeout, onTree: "chroot", why: `compile the locale ${name}` });
  return true;
}

/** `locale -a` writes the character set in its own way: en_US.utf8. */
function normal(name: string): string {
  return name.toLowerCase().replace(/\.[^@]*/, (charset) => charset.replaceAll("-", ""));
}

/** What is wrong with the name of a time zone as tzselect(8) gives them, such as `Europe/Paris`, or undefined. */
export function timeZoneFault(name: string): string | undefined {
  const isName = /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(name) && name.length <= 255;
  return isName ? undefined : "is no name of a time zone, such as Europe/Paris";
}

/**
 * Makes a time zone the system's, through the link that localtime(5) describes. Returns what was done, for people.
 *
 * @throws AgentError `no-time-zone` when the machine has no such zone
 */
export async function setTimeZone(host: Host, name: string): Promise<string[]> {
  const zone = `/usr/share/zoneinfo/${name}`;
  const status = await host.stat(zone);
  if (status === undefined || status.kind === "directory") {
    throw new AgentError("no-time-zone", `the machine has no time zone ${name} in /usr/share/zoneinfo`, {
      hint: "`timedatectl list-timezones` lists them; they come with the package tzdata (timezone on SUSE)",
    });
  }
  const changes = [await host.symlink(`..${zone}`, "/etc/localtime")];
  // Java and others on Debian read the name there; no other distribution has the file.
  if ((await host.stat("/etc/timezone")) !== undefined)
    changes.push(await host.writeFile("/etc/timezone", `${name}\n`));
  return changes.every((change) => change === "same") ? [] : [`time zone ${name}`];
}
