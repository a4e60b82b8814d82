import { register, translateDeprecated } from "kanod-configure";

register("Registries", 50, ({ conf, log, provide }) => {
  const { containers, ...rest } = conf;
  if (containers === undefined) return;
  const container_registries = translateDeprecated(conf.container_registries, containers);
  log.warn("`containers` is deprecated: write `container_registries` instead, passwords left out here");
  log.warn(JSON.stringify({ container_registries }, masked));
  provide({ conf: { ...rest, container_registries } });
});

function masked(key: string, value: unknown): unknown {
  return key === "password" || key === "client_key" ? "…" : value;
}
