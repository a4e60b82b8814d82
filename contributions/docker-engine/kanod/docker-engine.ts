import { register, registerContainerEngine } from "kanod-configure";
import { configureDocker } from "./docker/docker.ts";

register("Docker engine", 80, ({ provide }) => {
  registerContainerEngine("docker", configureDocker, { programs: ["dockerd"], before: ["containerd"] });
  // A run that is resumed needs the registration again.
  provide({});
});
