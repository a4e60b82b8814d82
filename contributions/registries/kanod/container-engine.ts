import {
  AgentError,
  findContainerEngine,
  register,
  registryFindings,
  registryModel,
  requireNoErrors,
  translateDeprecated,
} from "kanod-configure";

register("Container engine", 150, async ({ conf, system, host, log }) => {
  const { containers, container_registries: settings } = conf;
  // With a MIN_PRIORITY above 50 nobody has translated the deprecated section.
  const registries = containers === undefined ? settings : translateDeprecated(settings, containers);
  requireNoErrors(registryFindings(registries, host.now()));
  const engine = await findContainerEngine(host, system);
  if (engine !== undefined) return engine.code({ conf, system, host, log, registries: registryModel(registries) });
  if (registries === undefined) return;
  throw new AgentError("no-container-engine", "no container engine was found to configure registries for", {
    hint: "add an element of a container engine (NAME-engine) to the image",
  });
});
