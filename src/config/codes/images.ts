/** A build document (`kanod-image-builder -f FILE`). */
export const imageDocumentCodes = {
  "unknown-base": { meaning: "No image in the file has the name that `base` gives.", remedy: "Correct the name." },
  "circular-base": {
    meaning: "An image is, through its bases, its own base.",
    remedy: "Remove one of the `base` keys.",
  },
  "same-name": {
    meaning: "Two images, volumes or mount points have the same name.",
    remedy: "Rename one of them.",
  },
  "empty-matrix": { meaning: "A variable of the matrix has no values.", remedy: "Add values, or remove the variable." },
  "large-matrix": {
    meaning: "One declaration yields more than 1000 images.",
    remedy: "Use fewer values, or split the document.",
  },
  "same-output": {
    meaning: "Two outputs would be written to the same file.",
    remedy: "Choose different names or folders.",
  },
  "wrong-format": {
    meaning: "The action cannot produce this format.",
    remedy: "Choose one of the formats of the action.",
  },
  "wrong-architecture": {
    meaning: "Live systems can be built for amd64 only.",
    remedy: "Set the architecture to amd64, or choose another action.",
  },
  "no-live-system": {
    meaning: "Live systems can be built from Debian and Ubuntu only.",
    remedy: "Choose another distribution or another action.",
  },
  "useless-seed": {
    meaning: "Only `build-iso` accepts a seed (user-data and network configuration).",
    remedy: "Remove the key, or choose the action `build-iso`.",
  },
  "missing-input": { meaning: "A file that the document names does not exist.", remedy: "Correct the path." },
  "missing-folder": { meaning: "A folder of `elementsPath` does not exist.", remedy: "Correct the path." },
  "missing-variable": {
    meaning: "A variable of `requiredEnv` is not set in the environment.",
    remedy: "Export the variable.",
  },
  "needs-agent": {
    meaning: "`configuration`, `networking` and `software.repositories` need the element kanod-configure in the image.",
    remedy: "Add the module `core`.",
  },
  "output-unwritable": {
    meaning: "An output file or its folder cannot be created or written.",
    remedy: "Check permissions and free space, or choose another folder.",
  },
  "no-root": {
    meaning: "Nothing is mounted at `/`.",
    remedy: "Give one partition or volume the mount point `/`.",
  },
  "no-use": {
    meaning: "A partition has neither a use nor a mount point.",
    remedy: "Add `use` or `mountPoint`.",
  },
  "useless-mount-point": {
    meaning: "A partition for a boot loader or for LVM has no mount point of its own.",
    remedy: "Remove `mountPoint`.",
  },
  "wrong-table": { meaning: "This use of a partition needs a GPT.", remedy: "Set the partition table to `gpt`." },
  "no-volume-group": {
    meaning: "A volume group is needed but does not exist.",
    remedy: "Correct the name. In a build document, give one partition the use `lvm`.",
  },
  "no-volumes": {
    meaning: "A partition has the use `lvm`, but there are no logical volumes.",
    remedy: "Add `volumes`, or choose another use.",
  },
  "no-meaning": {
    meaning: "This key of Airship's image builder has no meaning here and is ignored.",
    remedy: "Remove it.",
    severity: "warning",
  },
} as const;

/** Modules and their options. */
export const moduleCodes = {
  "unknown-module": {
    meaning: "There is no such module.",
    remedy: "Correct the name, or add its folder to the search path.",
  },
  "unknown-option": { meaning: "No module has this option.", remedy: "Correct the name." },
  "unknown-flag": { meaning: "No module has this flag.", remedy: "Correct the name." },
  "not-a-choice": { meaning: "The value is not one of the option's choices.", remedy: "Use one of the choices." },
  "wrong-kind-of-option": {
    meaning: "An option is used as a flag, or a flag as an option.",
    remedy: "Use `--set NAME=VALUE` for options and `--bool NAME` for flags.",
  },
  "default-not-a-choice": {
    meaning: "The default of an option is not one of its choices.",
    remedy: "Correct the module's `config.yaml`.",
  },
  "dead-condition": {
    meaning: "A condition names an option that no module has, or a value that is not one of the option's choices.",
    remedy: "Correct the name or the value, or declare the option.",
    severity: "warning",
  },
  "double-negation": { meaning: "An entry begins with more than one `!`.", remedy: "Write one `!`." },
  "missing-file": {
    meaning: "A file of a module, or of this package, does not exist.",
    remedy: "Correct the name, or install the package again.",
  },
  "template-syntax": {
    meaning: "A template is not valid Jinja2.",
    remedy: "Correct the place that the message shows.",
  },
  "undefined-variable": {
    meaning: "A template uses a variable that no option and no matrix defines.",
    remedy: "Correct the name, or add the option.",
  },
  "template-error": {
    meaning: "A template cannot be evaluated.",
    remedy: "Correct the expression that the message shows.",
  },
  "unknown-element": {
    meaning: "diskimage-builder finds no element of this name.",
    remedy: "Correct the name, or add the folder to `elementsPath` or ELEMENTS_PATH.",
  },
} as const;

/** The build of an image on this host. */
export const imageBuildCodes = {
  "missing-tool": {
    meaning: "A program that the build needs is not installed.",
    remedy: "Install the package that the message names.",
  },
  "needs-root": {
    meaning: "The build needs root, but sudo asks for a password and there is no terminal to enter it.",
    remedy: "Run the build as root, or allow sudo without a password.",
  },
  "no-agent": {
    meaning: "There is no agent for this architecture and kind of runtime.",
    remedy: "Use amd64 or arm64, and `embedded` or `system` for KANOD_AGENT_RUNTIME.",
  },
  "no-kernel": {
    meaning: "The image has no kernel with an initial RAM disk, which a live system needs.",
    remedy: "Add a kernel package to the image.",
  },
  "image-build-failed": {
    meaning: "diskimage-builder failed.",
    remedy: "Read the last lines of the log file that the message names.",
  },
  "output-failed": {
    meaning: "A program that produces an output of the image failed.",
    remedy: "Fix the cause that the message names; often the disk is full.",
  },
} as const;
