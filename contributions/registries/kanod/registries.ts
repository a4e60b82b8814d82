import { type Configuration, type Finding, register, registryFindings, translateDeprecated } from "kanod-configure";

register(
  "Registries",
  50,
  ({ conf, log, provide }) => {
    const { containers, ...rest } = conf;
    if (containers === undefined) return;
    const container_registries = translateDeprecated(conf.container_registries, containers);
    log.warn("`containers` is deprecated: write `container_registries` instead, passwords left out here");
    log.warn(JSON.stringify({ container_registries }, masked));
    provide({ conf: { ...rest, container_registries } });
  },
  { check: ({ conf }) => findings(conf) },
);

function masked(key: string, value: unknown): unknown {
  return key === "password" || key === "client_key" ? "…" : value;
}

/** The deprecated section is checked as what it is translated to: what is wrong there has its place in this one. */
function findings({ containers, container_registries: settings }: Configuration): Finding[] {
  const now = new Date();
  const found = registryFindings(settings, now);
  if (containers === undefined) return found;
  const translated = registryFindings(translateDeprecated(undefined, containers), now);
  const old = translated.map((finding) => ({ ...finding, pointer: "/containers", atKey: true }));
  return [...found, ...old, deprecation];
}

const deprecation: Finding = {
  severity: "warning",
  code: "deprecated",
  pointer: "/containers",
  atKey: true,
  message: "`containers` is deprecated: `container_registries` takes its place",
};
