import { configureContainersImage, register, registerContainerEngine } from "kanod-configure";

register("CRI-O engine", 80, ({ provide }) => {
  registerContainerEngine("crio", configureContainersImage, { programs: ["crio", "podman"] });
  // A run that is resumed needs the registration again.
  provide({});
});
