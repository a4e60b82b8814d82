import { register, registerContainerEngine } from "kanod-configure";
import { configureDocker, mirrorFindings } from "./docker/docker.ts";

register(
  "Docker engine",
  80,
  ({ provide }) => {
    registerContainerEngine("docker", configureDocker, { programs: ["dockerd"], before: ["containerd"] });
    // A run that is resumed needs the registration again.
    provide({});
  },
  {
    check: ({ conf, system }) =>
      system.container_engine === "docker" ? mirrorFindings(conf.container_registries) : [],
  },
);
