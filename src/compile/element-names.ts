import { join } from "node:path";
import { listFolder, packageFolder } from "./workspace.ts";

/** The elements of diskimage-builder 3.43. */
const ofDiskimageBuilder = [
  "almalinux-container apt-conf apt-preferences apt-sources autoupdates baremetal base block-device-efi block-",
  "device-efi-4k block-device-efi-lvm block-device-gpt block-device-mbr bootloader cache-url centos centos-",
  "minimal cleanup-kernel-initrd cloud-init cloud-init-datasources cloud-init-disable-resizefs cloud-init-",
  "growpart cloud-init-nocloud containerfile debian debian-minimal debian-systemd debian-upstart debootstrap",
  "deploy-baremetal deploy-kexec deploy-targetcli deploy-tgtadm devuser dhcp-all-interfaces dib-init-system dib-",
  "python dib-run-parts disable-nouveau disable-selinux dkms docker dpkg dracut-network dracut-ramdisk dracut-",
  "regenerate dynamic-login element-manifest elrepo enable-serial-console ensure-venv epel fail2ban fedora",
  "fedora-container fedora-minimal fips gentoo growroot growvols grub2 hpdsa hwburnin hwdiscovery ibft-interfaces",
  "ilo install-bin install-static install-types iscsi-boot iso journal-to-console keylime-agent local-config lvm",
  "manifests mellanox modprobe modprobe-blacklist nm-dhcp-ib-interfaces no-final-image oat-client openeuler-",
  "minimal openssh-server openstack-ci-mirrors opensuse opensuse-minimal package-installs pip-and-virtualenv pip-",
  "cache pkg-map posix proliant-tools pypi python-brickclient python-stow-versions ramdisk ramdisk-base rax-nova-",
  "agent redhat-common replace-partition replace-partition-redhat rhel rhel-common rocky-container rpm-distro",
  "runtime-ssh-host-keys select-boot-kernel-initrd selinux-fixfiles-restore selinux-permissive simple-init",
  "source-repositories stable-interface-names svc-map sysctl sysprep tpm-emulator uboot ubuntu ubuntu-common",
  "ubuntu-minimal ubuntu-signed ubuntu-systemd-container vm yum yum-minimal zipl zypper zypper-minimal",
].join(" ");

/** Whose element of this name an element of another author would hide; undefined where there is none. */
export async function ownerOfElement(name: string): Promise<string | undefined> {
  if (ofDiskimageBuilder.split(" ").includes(name)) return "diskimage-builder";
  const folders = [
    "contributions",
    "packaging/elements",
    ...["core", "demo"].map((each) => `packaging/modules/${each}/elements`),
  ];
  const entries = await Promise.all(folders.map((folder) => listFolder(join(packageFolder, folder))));
  return entries.flat().some((entry) => entry?.kind === "folder" && entry.name === name)
    ? "kanod-configure"
    : undefined;
}
