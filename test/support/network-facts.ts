/** What files of systemd-networkd and NetworkManager say, line by line, so that two renderings can be compared in meaning. */

type Files = Readonly<Record<string, string>>;

interface Section {
  name: string;
  lines: [key: string, value: string][];
}

/** Each fact is `FILE [SECTION] KEY=VALUE`, without what has no meaning: order, comments, ways to write a boolean. */
export function networkdFacts(files: Files): Set<string> {
  const facts = Object.entries(files).flatMap(([path, text]) => {
    const file = path.replace(/^.*\/10-(cloud-init|netplan)-/, "");
    return sections(text).flatMap(({ name, lines }) => {
      const at = `${file} [${name}${identity(name, lines)}]`;
      const itself = name === "Route" ? [`${at} exists`] : [];
      const values = lines.flatMap(([key, value]) => {
        if (name === "Route" && (key === "Destination" || key === "Gateway")) return [];
        const each = key === "DNS" || key === "Domains" ? value.split(" ") : [seconds(key, plain(value))];
        return each.map((one) => `${at} ${key}=${one}`);
      });
      return [...itself, ...values];
    });
  });
  return new Set(facts);
}

/** References to connections are replaced by the names of those. */
export function keyfileFacts(files: Files): Set<string> {
  const names = new Map<string, string>();
  for (const text of Object.values(files)) {
    const [uuid, id] = [/^uuid=(.*)$/m.exec(text)?.[1], /^id=(.*)$/m.exec(text)?.[1]];
    if (uuid !== undefined && id !== undefined) names.set(uuid, id);
  }
  const facts = Object.entries(files).flatMap(([path, text]) => {
    const file = path.replace(/^.*\/cloud-init-/, "").replace(/^.*\/conf\.d\//, "");
    const found = sections(text).filter(({ lines }) => lines.length > 0);
    const isPort = /^slave-type=(bond|bridge)$/m.test(text);
    const isConnection = file.endsWith(".nmconnection") && !isPort;
    const hasIpv6 = found.some(({ name }) => name === "ipv6");
    // NetworkManager takes this for granted.
    if (isConnection && !hasIpv6) found.push({ name: "ipv6", lines: [["method", "auto"]] });
    return found.flatMap(({ name, lines }) => {
      const routes = new Map(lines.filter(([key]) => /^route\d+$/.test(key)));
      return lines.map(([key, value]) => {
        const route = routes.get(key.replace(/_options$/, ""));
        const known = route === undefined ? key : key.replace(/^route\d+/, `route to ${route.split(",")[0]}`);
        return `${file} [${name}] ${known}=${names.get(value) ?? value}`;
      });
    });
  });
  return new Set(facts);
}

/** Several sections have this name: what tells one from the others. */
function identity(name: string, lines: Section["lines"]): string {
  if (name !== "Route") return "";
  const values = new Map(lines);
  const gateway = values.get("Gateway") ?? "link";
  const to = values.get("Destination") ?? (gateway.includes(":") ? "::/0" : "0.0.0.0/0");
  return ` ${to} by ${gateway}`;
}

function sections(text: string): Section[] {
  const found: Section[] = [];
  for (const line of text.split("\n").map((each) => each.trim())) {
    const name = /^\[(.*)\]$/.exec(line)?.[1];
    if (name !== undefined) found.push({ name, lines: [] });
    else if (line !== "" && !line.startsWith("#")) {
      const [key = "", ...value] = line.split("=");
      found.at(-1)?.lines.push([key, value.join("=")]);
    }
  }
  return found;
}

function plain(value: string): string {
  const word = value.toLowerCase();
  if (["true", "yes", "on"].includes(word)) return "yes";
  if (["false", "no", "off"].includes(word)) return "no";
  return value;
}

/** Durations are in seconds where they have no unit. Source: systemd.time(7). */
function seconds(key: string, value: string): string {
  return key.endsWith("Sec") && /^\d+$/.test(value) ? `${value}s` : value;
}

/** Facts of the one side that the other does not have. */
export function difference(one: ReadonlySet<string>, other: ReadonlySet<string>): string[] {
  return [...one].filter((fact) => !other.has(fact)).sort();
}
