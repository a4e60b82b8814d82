import type { Finding } from "kanod-configure";
import { escapePointerPart, shown } from "kanod-configure";
import { settingsOf } from "../model/network.ts";
import { error, type Rule } from "./context.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u001f\u007f]/;

/** A line feed would begin a line of its own in the files of every renderer. */
export const controlCharacters: Rule = ({ network }) => {
  const walk = (value: unknown, pointer: string): Finding[] => {
    if (!holdsControl(value)) return [];
    if (typeof value !== "object" || value === null) return [controlFound(pointer, false)];
    return Object.entries(value).flatMap(([key, item]) => {
      const at = `${pointer}/${escapePointerPart(key)}`;
      return control.test(key) ? [controlFound(at, true)] : walk(item, at);
    });
  };
  return network.devices.flatMap(({ id, values, pointer }) =>
    control.test(id) ? [controlFound(pointer, true)] : walk(values, pointer),
  );
};

function holdsControl(value: unknown): boolean {
  if (typeof value === "string") return control.test(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, item]) => control.test(key) || holdsControl(item));
}

function controlFound(pointer: string, atKey: boolean): Finding {
  return error("bad-network-text", pointer, "this holds a line feed or another control character", { atKey });
}

/** As systemd.network(5) has them; to some renderers' files quotes, blanks and `$` mean something. */
function isSearchDomain(text: string): boolean {
  // In here for the same reason as in src/config/shown.ts.
  return /^~?(\.|[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,252})$/u.test(text);
}

export const searchDomains: Rule = ({ network }) =>
  network.devices.flatMap((device) => {
    const section = settingsOf(device).section("nameservers");
    return (section?.texts("search") ?? []).flatMap((text, index) =>
      isSearchDomain(text) || control.test(text)
        ? []
        : [error("bad-domain", `${section?.at("search")}/${index}`, `${shown(text)} is no domain to search in`)],
    );
  });
