import { type Configuration, type Finding, isReference, register } from "kanod-configure";
import { machineNameFault, setHostName } from "./names/host-name.ts";
import { localeFault, setLocale, setTimeZone, timeZoneFault } from "./names/locale.ts";

register(
  "Host name",
  5,
  async ({ conf, host, log }) => {
    const done = await setHostName(host, conf.name);
    log.info(`${conf.name}: ${done.join(", ") || "nothing changed"}`);
  },
  { check: ({ conf }) => finding("name", conf.name, machineNameFault) },
);

register(
  "Locale and time zone",
  90,
  async ({ conf, host, log }) => {
    if (conf.locale === undefined && conf.timezone === undefined) return;
    const done = conf.locale === undefined ? [] : await setLocale(host, conf.locale);
    if (conf.timezone !== undefined) done.push(...(await setTimeZone(host, conf.timezone)));
    log.info(done.join(", ") || "nothing changed");
  },
  { check: ({ conf }) => findings(conf) },
);

function findings({ locale, timezone }: Configuration): Finding[] {
  return [...finding("locale", locale, localeFault), ...finding("timezone", timezone, timeZoneFault)];
}

function finding(key: string, value: string | undefined, fault: (text: string) => string | undefined): Finding[] {
  const reason = value === undefined || isReference(value) ? undefined : fault(value);
  if (reason === undefined) return [];
  return [{ severity: "error", code: `bad-${key}`, pointer: `/${key}`, message: `it ${reason}` }];
}
