import {
  AgentError,
  type Checked,
  type CheckParams,
  type Finding,
  findContainerEngine,
  owedRestarts,
  type RegistryModel,
  register,
  registryFindings,
  registryModel,
  translateDeprecated,
} from "kanod-configure";

register(
  "Container engine",
  150,
  async ({ conf, parsed: registries, system, host, log, store }) => {
    const engine = await findContainerEngine(host, system);
    if (engine !== undefined) return engine.code({ conf, system, host, log, store, registries });
    if (conf.container_registries === undefined && conf.containers === undefined) return;
    throw new AgentError("no-container-engine", "no container engine was found to configure registries for", {
      hint: "add an element of a container engine (NAME-engine) to the image",
    });
  },
  { check, owed: owedRestarts },
);

/** The deprecated section is checked as what it is translated to: what is wrong there has its place in this one. */
function check({ conf, now }: CheckParams): Checked<RegistryModel> {
  const { containers, container_registries: settings } = conf;
  const findings = registryFindings(settings, now);
  if (containers === undefined) return { findings, parsed: registryModel(settings) };
  const translated = registryFindings(translateDeprecated(undefined, containers), now);
  const old = translated.map((finding) => ({ ...finding, pointer: "/containers", atKey: true }));
  // With a MIN_PRIORITY above 50 nobody has translated the deprecated section.
  return {
    findings: [...findings, ...old, deprecation],
    parsed: registryModel(translateDeprecated(settings, containers)),
  };
}

const deprecation: Finding = {
  severity: "warning",
  code: "deprecated",
  pointer: "/containers",
  atKey: true,
  message: "`containers` is deprecated: `container_registries` takes its place",
};
