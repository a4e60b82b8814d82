/** What `user-data` makes: files for a platform, media, and the files of these in a folder. */
export const userDataFormats = [
  "cloud-config",
  "metal3",
  "kubeadm",
  "nocloud-iso",
  "configdrive-iso",
  "nocloud-dir",
  "configdrive-dir",
] as const;

export type UserDataFormat = (typeof userDataFormats)[number];
