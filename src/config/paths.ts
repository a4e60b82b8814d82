/** The configuration of a machine, which cloud-init or the image writes. */
export const configurationPath = "/etc/kanod-configure/configuration.yaml";
/** The settings of the image. */
export const systemPath = "/etc/kanod-configure/system.yaml";
