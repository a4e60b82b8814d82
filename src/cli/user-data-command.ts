import { userDataFormats } from "../user-data/write/formats.ts";
import { clusterApiVersions } from "../user-data/write/kubernetes.ts";
import type { CommandContext, Program } from "./command-line.ts";
import { choiceOption } from "./options.ts";
import type { UserDataOptions } from "./user-data.ts";

const description =
  "Make of a configuration what to hand to cloud-init, Metal3 or Cluster API. It is validated first; the boot part is given to kanod-bootcmd.";

const help = `
Formats:
  cloud-config     user-data for any platform
  metal3           Secret for userData of a BareMetalHost
  kubeadm          Secret, and a KubeadmConfigTemplate whose files refer to it (Cluster API)
  nocloud-iso      medium for the data source NoCloud, with the label cidata
  configdrive-iso  medium for the data source ConfigDrive, with the label config-2
  nocloud-dir, configdrive-dir
                   the files of these media in a folder
Exit codes: 0 done, 1 the configuration is invalid, 2 usage error, 3 input unreadable.`;

/** `user-data`: see user-data.ts, which is loaded when it is called. */
export function defineUserData(program: Program, context: CommandContext): void {
  const command = program.command
    .command("user-data")
    .description(description)
    .requiredOption("--config <file>", "configuration; - is standard input")
    .option("--boot <file>", "boot document, instead of the boot part of the configuration")
    .option("--schema <file>", "merged schema of the image (NAME-schema.yaml)")
    .addOption(choiceOption("--format <format>", "see below", userDataFormats, "cloud-config"))
    .addOption(
      choiceOption(
        "--cluster-api <version>",
        "API version of the objects of Cluster API",
        clusterApiVersions,
        "v1beta2",
      ),
    )
    .option("--name <name>", "name of the objects of Kubernetes, default: that of the machine")
    .option("--namespace <name>", "namespace of these objects")
    .option("-o, --output <file>", "file, or for -dir folder, to write; media need it")
    .addHelpText("after", help);
  program.setAction<UserDataOptions>(command, async (options) => {
    const { userData } = await import(/* webpackMode: "eager" */ "./user-data.ts");
    return userData(context, options);
  });
}
