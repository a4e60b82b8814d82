import { configureDocker, register, registerContainerEngine } from "kanod-configure";

register("Docker engine", 80, ({ provide }) => {
  registerContainerEngine("docker", configureDocker, { programs: ["dockerd"] });
  // A run that is resumed needs the registration again.
  provide({});
});
