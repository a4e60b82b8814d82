/** Failures of our elements on a machine. */
export const elementRunCodes = {
  "bad-network": {
    meaning: "The section `network` cannot be read once references are resolved.",
    remedy: "Run `kanod-configure validate` on the configuration.",
  },
  "interface-absent": {
    meaning: "The machine has no interface for a device that the configuration defines.",
    remedy: "Correct name or `match`. A device that may be absent needs `optional: true`.",
  },
  "no-network-renderer": {
    meaning: "No supported network renderer is installed.",
    remedy: "Install one, such as netplan, or set `network.renderer` in system.yaml.",
  },
  "cloud-init-missing": {
    meaning: "The renderers sysconfig and eni need cloud-init, which is not installed.",
    remedy: "Install cloud-init, or set another renderer in system.yaml.",
  },
  "netplan-refuses": {
    meaning: "`netplan generate` rejects the configuration; the former one was restored.",
    remedy: "Correct the place that the message shows.",
  },
  "network-differs": {
    meaning: "After the network was configured, an interface does not have the state that the configuration asks for.",
    remedy: "Check the differences that the message names, and the log of the network's service.",
  },
  "network-not-restored": {
    meaning: "The new network configuration failed, and the former one could not be restored.",
    remedy: "Use the machine's console: restore the files that the message names, and restart the network's service.",
  },
  "network-check-failed": {
    meaning: "A target of `network_checks` cannot be reached.",
    remedy: "Check the network configuration, the target and the firewalls between them.",
  },
  "no-disk": { meaning: "The machine has no disk of this name.", remedy: "Correct the name; `lsblk` lists the disks." },
  "disk-in-use": { meaning: "A disk that is to be wiped is in use.", remedy: "Unmount it, or choose another disk." },
  "disk-not-empty": {
    meaning: "A disk or partition already contains something.",
    remedy: "Choose another disk, or set `wipe: true` to destroy what it contains.",
  },
  "does-not-fit": { meaning: "A partition or volume is larger than the free space.", remedy: "Reduce its size." },
  "bad-size": { meaning: "A size is not valid.", remedy: "Write a size such as `10G` or `50%FREE`." },
  "no-volume": {
    meaning: "The volume group has no volume of this name.",
    remedy: "Correct the name; `lvs` lists the volumes.",
  },
  "inactive-volume": { meaning: "The logical volume is not active.", remedy: "Activate it: `lvchange -ay VG/LV`." },
  "unknown-file-system": {
    meaning: "This file system cannot be grown.",
    remedy: "Use ext2, ext3, ext4, xfs or btrfs.",
  },
  "mount-conflict": {
    meaning: "Something else is mounted, or listed in /etc/fstab, at this mount point.",
    remedy: "Remove that entry, or choose another mount point.",
  },
  "not-mounted": {
    meaning: "The mount command succeeded, but nothing is mounted because the device is absent.",
    remedy: "Check the device; `lsblk --fs` lists labels and UUIDs.",
  },
  "command-line-too-long": {
    meaning: "With the new parameters the kernel command line exceeds the kernel's limit.",
    remedy: "Remove parameters.",
  },
  "kernel-parameters-without-effect": {
    meaning: "After a reboot for new kernel parameters, the kernel runs without them.",
    remedy: "Check which boot loader starts the machine: it is not the one that was configured.",
  },
  "live-system": {
    meaning: "A live system cannot keep kernel parameters.",
    remedy: "Set them in the image's build document.",
  },
  "no-boot-loader": {
    meaning: "No supported boot loader was found.",
    remedy: "Use GRUB 2, or a boot loader that reads boot loader entries, such as systemd-boot.",
  },
  "bad-grub-settings": {
    meaning: "/etc/default/grub is not valid shell.",
    remedy: "Correct the file in the image.",
  },
  "reboot-refused": {
    meaning: "The machine did not begin to reboot in time.",
    remedy: "Check `systemctl list-jobs` and inhibitors, then reboot.",
  },
  "no-locale": {
    meaning: "The machine does not have this locale.",
    remedy: "Correct the name, or install the locale in the image.",
  },
  "no-time-zone": {
    meaning: "The machine does not have this time zone.",
    remedy: "Correct the name; `timedatectl list-timezones` lists them.",
  },
  "no-ntp-client": {
    meaning: "Neither chrony nor systemd-timesyncd is installed.",
    remedy: "Install one of them in the image.",
  },
  "no-ntp-server": {
    meaning: "`ntp.clients` needs chrony, which is not installed.",
    remedy: "Install chrony in the image, or remove `clients`.",
  },
  "no-container-engine": {
    meaning: "There is no container engine to configure registries for.",
    remedy: "Add the element of a container engine (NAME-engine) to the image.",
  },
  "unknown-container-engine": {
    meaning: "No element of the image provides this container engine.",
    remedy: "Correct the name, or add the element.",
  },
  "bad-json-file": {
    meaning: "A JSON file of the machine is not a JSON object, so nothing can be added to it.",
    remedy: "Correct or remove the file.",
  },
  "old-containerd-config": {
    meaning: "containerd's config.toml has version 1, which does not support hosts.toml.",
    remedy: "Convert it with `containerd config migrate`.",
  },
  "containerd-config": {
    meaning: "containerd's config.toml, or a file that it imports, has settings that ours cannot be added to safely.",
    remedy: "Remove from the image what the message names: `container_registries` takes its place.",
  },
  "bad-toml-file": {
    meaning: "A TOML file of the machine is not valid, so nothing can be added to it.",
    remedy: "Correct the place that the message names.",
  },
  "engine-not-ready": {
    meaning: "A container engine was started and does not answer, or did not load its plugin for Kubernetes.",
    remedy: "Read the log of its service: `journalctl -u UNIT`.",
  },
  "no-trust-store": {
    meaning: "The system has no folder for certificate authorities.",
    remedy: "Install the package ca-certificates in the image.",
  },
  "bad-certificate-name": {
    meaning: "The name of a certificate cannot be used as a file name.",
    remedy: "Use letters, digits, `.`, `_` and `-`.",
  },
  "service-not-running": {
    meaning: "A service does not run after it was restarted.",
    remedy: "Read its log: `journalctl -u SERVICE`.",
  },
  "report-refused": {
    meaning: "The server rejected the report.",
    remedy: "Check the URL, the token and the server's log.",
  },
} as const;

/** Failures between the machine and Vault. */
export const vaultRunCodes = {
  "vault-unreachable": { meaning: "Vault cannot be reached.", remedy: "Check the network, `vault.url` and firewalls." },
  "vault-timeout": { meaning: "Vault does not answer in time.", remedy: "Check the server's load and the network." },
  "vault-unavailable": {
    meaning: "Vault answers with an error of the server.",
    remedy: "Check the server's log.",
  },
  "vault-sealed": { meaning: "Vault is sealed.", remedy: "Unseal it: `vault operator unseal`." },
  "vault-tls": {
    meaning: "The server's certificate is not trusted, is for another name, or has expired.",
    remedy: "Set `vault.ca` to the server's certificate authority, or correct the certificate.",
  },
  "vault-redirected": {
    meaning: "The server redirects to another one, which is not followed.",
    remedy: "Set `vault.url` to the active server or a load balancer.",
  },
  "vault-answer-invalid": {
    meaning: "The answer is not one of Vault.",
    remedy: "Check `vault.url`: another server may answer there.",
  },
  "vault-login-failed": {
    meaning: "Vault rejects the login: role-id or secret-id is wrong, used up or expired.",
    remedy: "Give the machine a new secret-id.",
  },
  "vault-wrapping-token-used": {
    meaning: "The wrapping token has been used or has expired. Somebody else may have read the secret-id.",
    remedy: "Destroy the secret-id, check Vault's audit log, and give the machine a new token.",
  },
  "vault-gatekeeper": {
    meaning: "The gatekeeper rejects the machine or answers with an error.",
    remedy: "Check the gatekeeper's log and the machine's name.",
  },
  "vault-tpm": {
    meaning: "The TPM cannot load the key or sign with it.",
    remedy: "Check that the key was created for this TPM, and that the image has tpm2-tools.",
  },
  "vault-references": {
    meaning: "Some references cannot be resolved; each is listed with its position.",
    remedy: "Correct the references that are listed.",
  },
  "vault-denied": {
    meaning: "The policy of the role does not allow the request.",
    remedy: "Extend the policy in Vault.",
  },
  "vault-path-missing": {
    meaning: "Vault has no secret at this path.",
    remedy: "Correct the path, or create the secret.",
  },
  "vault-secret-deleted": {
    meaning: "The latest version of the secret is deleted.",
    remedy: "Restore it with `vault kv undelete`, or write a new version.",
  },
  "vault-key-missing": { meaning: "The secret does not have this key.", remedy: "Correct the key." },
  "vault-secret-not-text": {
    meaning: "The value is a mapping or a list, which a reference cannot insert.",
    remedy: "Refer to a string, a number or a boolean.",
  },
  "vault-issue-failed": {
    meaning: "Vault refuses to issue a certificate.",
    remedy: "Check the role of the PKI engine: allowed names, lifetimes and key types.",
  },
  "vault-request-failed": { meaning: "Vault rejects a request.", remedy: "Read Vault's message." },
} as const;
