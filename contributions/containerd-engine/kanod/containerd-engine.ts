import { configureContainerd, register, registerContainerEngine } from "kanod-configure";

register("containerd engine", 80, ({ provide }) => {
  registerContainerEngine("containerd", configureContainerd, { programs: ["containerd"] });
  // A run that is resumed needs the registration again.
  provide({});
});
