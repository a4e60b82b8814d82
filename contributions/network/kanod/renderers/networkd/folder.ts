export const networkdFolder = "/etc/systemd/network";
/** Files of cloud-init's renderer have this prefix too: the ones replace the others. */
export const networkdPrefix = "10-cloud-init-";
