import { stringify } from "yaml";

/** User-data as an operator writes it: the configuration as a file, and the calls of both commands. */
export function userData(given: { boot: object; configuration: object }): string {
  const indented = stringify(given.boot).trimEnd();
  const data = {
    write_files: [
      {
        path: "/etc/kanod-configure/configuration.yaml",
        permissions: "0600",
        content: stringify(given.configuration),
      },
    ],
    bootcmd: [`kanod-bootcmd <<'EOF'\n${indented}\nEOF\n`],
    runcmd: [["kanod-runcmd"]],
  };
  return `#cloud-config\n${stringify(data)}`;
}
