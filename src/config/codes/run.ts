/** The arguments of a program and its inputs. */
export const usageCodes = {
  unreadable: { meaning: "An input file cannot be read.", remedy: "Correct the path or the permissions." },
  "cannot-write": { meaning: "An output file cannot be written.", remedy: "Check permissions and free space." },
  "stdin-twice": {
    meaning: "Standard input (`-`) is given as two inputs.",
    remedy: "Give one of them as a file.",
  },
  "bad-root": { meaning: "The folder given with `--root` does not exist.", remedy: "Correct the path." },
  "bad-priority": { meaning: "MIN_PRIORITY is not a number.", remedy: "Give a number, such as 100." },
  "bad-timeout": { meaning: "`--timeout` is not a number of seconds.", remedy: "Give a number, such as 600." },
  "timeout-without-wait": { meaning: "`--timeout` is given without `--wait`.", remedy: "Add `--wait`." },
  "bad-number": {
    meaning: "The number of parallel builds is not a positive integer.",
    remedy: "Give a number, such as 2.",
  },
  "bad-setting": { meaning: "The argument of `--set` has no `=`.", remedy: "Write `--set NAME=VALUE`." },
  "options-conflict": {
    meaning: "Options are combined that exclude each other.",
    remedy: "Remove one of them.",
  },
  "lone-format": {
    meaning: "A format is combined with others but can only be built alone.",
    remedy: "Build it in a separate call.",
  },
  "no-module": { meaning: "No module is given.", remedy: "Name at least one module, or use `-f FILE`." },
  "unknown-image": { meaning: "The document has no image of this name.", remedy: "Use a name that `--list` prints." },
  "no-elements": { meaning: "No element is given.", remedy: "Use `--element`, or set IMAGE_ELEMENT_YAML." },
  "bad-element-name": {
    meaning: "The name is not valid for an element.",
    remedy: "Use lower-case letters and digits, in words separated by `-`.",
  },
  "key-taken": {
    meaning: "Another element already uses this key of the configuration.",
    remedy: "Choose another name.",
  },
  "no-folder": { meaning: "The name of the folder is empty.", remedy: "Give the name of a folder." },
  "not-empty": { meaning: "The folder exists and is not empty.", remedy: "Choose another folder." },
  "no-output": {
    meaning: "This format is binary, so it cannot be written to standard output.",
    remedy: "Add `-o FILE`.",
  },
  "no-name": { meaning: "The configuration has no `name`, or it is not a string.", remedy: "Add `name`." },
  "unknown-code": {
    meaning: "No program of kanod-configure reports this code.",
    remedy: "Correct the spelling. Codes of other elements are explained in their README.",
  },
} as const;

/** A run of the agent (`kanod-bootcmd`, `kanod-runcmd`) and its journal. */
export const agentCodes = {
  "invalid-configuration": {
    meaning: "The configuration is invalid, so nothing was changed (exit code 3).",
    remedy: "Correct the problems that are listed. `kanod-configure validate FILE` shows them without a run.",
  },
  "check-failed": {
    meaning: "The check of a contribution failed with an error of its own.",
    remedy: "Report it to the authors of the element.",
  },
  locked: {
    meaning: "Another run is in progress (exit code 4).",
    remedy: "Wait for it: `kanod-configure status --wait`.",
  },
  interrupted: {
    meaning: "The run was interrupted by a signal or a shutdown.",
    remedy: "Run it again. It resumes at the contribution that was interrupted.",
  },
  "contribution-timeout": {
    meaning: "A contribution took longer than its timeout and was ended.",
    remedy: "Look in the log for the last operation. The timeout is set in the contribution's registration.",
  },
  "contribution-over": {
    meaning: "Code of a contribution was still running after the contribution had ended.",
    remedy: "Await every promise in the contribution. Use `defer` for what belongs to the end of the run.",
  },
  "journal-not-written": {
    meaning: "The journal cannot be written, so nothing is done: a later run would not know of it.",
    remedy: "Check free space, permissions and mount options of /var/lib/kanod-configure.",
  },
  "still-owed": {
    meaning: "An action that an earlier run had begun cannot be completed.",
    remedy: "Correct the cause that the message names. The next run tries again.",
  },
  "damaged-state": {
    meaning: "The record of what was done on this machine is damaged, so a destructive action is refused.",
    remedy: "Check the machine, then remove the file that was set aside to confirm that the action may be repeated.",
  },
  "bad-provide": {
    meaning: "A contribution provides a value under a name that a parameter of contributions already has.",
    remedy: "Choose another name in the call of `provide`.",
  },
  "not-provided": {
    meaning: "A contribution needs a value that no earlier contribution of the run has provided.",
    remedy: "Run the contribution that provides it first: give it a lower priority number.",
  },
  exception: {
    meaning: "A contribution failed with an error that has no code.",
    remedy: "Read the message and the log. The error is one of the element or of a package that it uses.",
  },
  "damaged-journal": {
    meaning: "The journal of former runs cannot be read.",
    remedy: "Run the agent again, which starts a new journal.",
  },
  "no-journal": {
    meaning: "There is no journal: the agent has not run.",
    remedy: "Run `kanod-runcmd`, or give `--root` the root of the machine's files.",
  },
  "bad-cloud-init-module": {
    meaning: "The name is not valid for a cloud-init module.",
    remedy: "Use a name such as `users_groups`.",
  },
  "no-template": {
    meaning: "No element of the image has a template of this name.",
    remedy: "Correct the name in the contribution.",
  },
  "template-failed": {
    meaning: "A template of an element cannot be rendered.",
    remedy: "Correct the template. Values that may be missing need a default.",
  },
  "no-contribution": {
    meaning: "A test names a contribution that is not registered.",
    remedy: "Import the contribution's file, or correct the name.",
  },
} as const;

/** Files, commands and the network of the machine. */
export const hostCodes = {
  "permission-denied": {
    meaning: "The system denied access to a file.",
    remedy: "Run as root, and check the file's attributes.",
  },
  "no-space": { meaning: "The file system or the quota is full.", remedy: "Free space, or use a larger disk." },
  "read-only": {
    meaning: "The file system is mounted read-only.",
    remedy: "Mount it read-write, and check the disk for errors.",
  },
  "untrusted-link": {
    meaning: "A symbolic link on the way to a file is in a folder that a user other than root controls.",
    remedy: "Remove the link: what it points to would be changed as root.",
  },
  "symlink-loop": { meaning: "Symbolic links form a loop.", remedy: "Remove one of the links." },
  "not-a-file": { meaning: "A folder or device is in the place of a file.", remedy: "Remove it, or use another path." },
  "not-a-folder": { meaning: "A file is in the place of a folder.", remedy: "Remove it, or use another path." },
  "bad-path": {
    meaning: "The path is not usable: too long, not absolute or with a NUL character.",
    remedy: "Use another path.",
  },
  "no-proc": { meaning: "/proc is not mounted, which `--root` needs.", remedy: "Mount /proc." },
  "io-error": {
    meaning: "The system reported another error for a file.",
    remedy: "Read the message. Often the disk is damaged: see `dmesg`.",
  },
  "command-failed": { meaning: "A command ended with an error.", remedy: "Read its output in the log." },
  "command-not-found": {
    meaning: "A command is not installed.",
    remedy: "Install the package that contains it in the image.",
  },
  "command-timeout": {
    meaning: "A command took too long and was ended.",
    remedy: "Read its output in the log to see what it waited for.",
  },
  "command-killed": { meaning: "A signal ended a command.", remedy: "Check the kernel log: memory may have run out." },
  "bad-command": {
    meaning: "A command is empty or contains a NUL character.",
    remedy: "Correct the argument list in the contribution.",
  },
  "bad-command-output": {
    meaning: "The output of a command does not have the expected form.",
    remedy: "Run the command by hand. Its version may not be supported.",
  },
  "bad-variable": {
    meaning: "The name or value of an environment variable is not possible.",
    remedy: "Correct the name or value in the contribution.",
  },
  "fetch-failed": {
    meaning: "An HTTP request failed.",
    remedy: "Check the network, the URL, the proxy and the certificates.",
  },
  "fetch-timeout": {
    meaning: "A server did not answer an HTTP request in time.",
    remedy: "Check the network and the server.",
  },
  "connect-failed": {
    meaning: "A TCP connection could not be made.",
    remedy: "Check the network, the address and the port.",
  },
  "connect-timeout": {
    meaning: "A TCP connection was not accepted in time.",
    remedy: "Check the network and firewalls.",
  },
  "lookup-failed": { meaning: "A host name could not be resolved.", remedy: "Check the name and the DNS servers." },
  "lookup-timeout": {
    meaning: "The DNS servers did not answer in time.",
    remedy: "Check the network and the DNS servers.",
  },
} as const;
