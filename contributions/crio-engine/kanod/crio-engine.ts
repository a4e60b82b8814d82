import { register, registerContainerEngine } from "kanod-configure";
import { configureContainersImage } from "./containers-image/containers-image.ts";

register("CRI-O engine", 80, ({ provide }) => {
  registerContainerEngine("crio", configureContainersImage, { programs: ["crio", "podman"], before: ["containerd"] });
  // A run that is resumed needs the registration again.
  provide({});
});
