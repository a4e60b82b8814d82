import { register, registerContainerEngine } from "kanod-configure";
import { configureContainerd } from "./containerd/containerd.ts";

register("containerd engine", 80, ({ provide }) => {
  registerContainerEngine("containerd", configureContainerd, { programs: ["containerd"] });
  // A run that is resumed needs the registration again.
  provide({});
});
