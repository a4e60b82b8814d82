/** What the services give to contributions, ours and other people's: `kanod-configure` exports all of it. */
export { type Account, findAccount, groupMembers, passwordHash } from "./accounts/accounts.ts";
export { fitsHash, hashPassword, isPasswordHash, passwordFault, setPasswordHash } from "./accounts/password.ts";
export { publicKeyFault, withKeys } from "./accounts/public-keys.ts";
export { isReference, requireNoErrors } from "./common/findings.ts";
export { hostNameFault, isHost } from "./common/host-names.ts";
export { machineNameFault, setHostName } from "./identity/host-name.ts";
export { localeFault, setLocale, setTimeZone, timeZoneFault } from "./identity/locale.ts";
export type { CommandLineChange, KernelParameter } from "./kernel/command-line.ts";
export { commandLineFault, parameterFault, parseCommandLine } from "./kernel/command-line.ts";
export { applyKernelParameters, describeChange, type KernelParameterState } from "./kernel/kernel-parameters.ts";
export type { FstabEntry } from "./mounts/fstab.ts";
export { type MountForm, mountEntry, mountFault } from "./mounts/mount-entry.ts";
export { applyMounts } from "./mounts/mounts.ts";
export { parseNetwork } from "./network/address.ts";
export { rebootMachine } from "./systemd/reboot.ts";
export { ensureService, hasUnit, reloadUnits, type ServiceChange, type ServiceOptions } from "./systemd/units.ts";
