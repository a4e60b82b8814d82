import type { Facts } from "../host/facts/facts.ts";
import type { CommandContext, Program } from "./command-line.ts";
import { table } from "./contributions.ts";
import { exitCodes } from "./io.ts";
import { formatOption } from "./options.ts";
import { quietHost } from "./tree.ts";

/** `facts`: the hardware of this machine, as the report sends it. */
export function defineFacts(program: Program, { io }: CommandContext): void {
  const command = program.command
    .command("facts")
    .description("Show the hardware of this machine: system, firmware, processors, memory, disks, network interfaces.")
    .addOption(formatOption(["text", "json"]));
  program.setAction<{ format: string }>(command, async ({ format }) => {
    const { host } = quietHost(io, undefined);
    const facts = await host.facts();
    // Only a target tree has none.
    if (facts === undefined) throw new Error("a machine without facts");
    io.out(format === "json" ? `${JSON.stringify(facts, undefined, 2)}\n` : formatFacts(facts));
    return exitCodes.done;
  });
}

const gibibyte = 2 ** 30;

/** The facts for people. */
export function formatFacts({ system, firmware, processors, memory, kernel, disks, interfaces }: Facts): string {
  const { model, count, cores, sockets, architecture } = processors;
  const line = (name: string, ...values: (string | undefined)[]): string =>
    `${name.padEnd(13)} ${values.filter((value) => value !== undefined).join(", ") || "not known"}\n`;
  const withUnit = (value: number | string | undefined, show: (value: string) => string): string | undefined =>
    value === undefined ? undefined : show(String(value));
  const diskRows = disks.map((disk) => [
    disk.path,
    size(disk.size),
    disk.transport ?? "",
    disk.rotational === undefined ? "" : disk.rotational ? "rotational" : "solid state",
    [disk.vendor, disk.model].filter(Boolean).join(" "),
    disk.serial ?? "",
    disk.wwn ?? "",
  ]);
  const links = interfaces.map(({ name, mac, driver, state, speed, isVirtual }) => [
    name,
    mac,
    driver ?? (isVirtual ? "(virtual)" : ""),
    state,
    speed === undefined ? "" : `${speed} Mbit/s`,
  ]);
  return [
    line(
      "system",
      system.vendor,
      system.model,
      withUnit(system.serial, (serial) => `serial ${serial}`),
    ),
    line("uuid", system.uuid),
    line("firmware", firmware.vendor, firmware.version, firmware.date),
    line(
      "processors",
      withUnit(count, (number) => `${number} threads`),
      withUnit(cores, (number) => `${number} cores`),
      withUnit(sockets, (number) => `${number} sockets`),
      model,
    ),
    line("architecture", architecture),
    line("kernel", kernel),
    line("memory", memory === undefined ? undefined : size(memory)),
    "\n",
    table(["DISK", "SIZE", "TRANSPORT", "KIND", "MODEL", "SERIAL", "WWN"], diskRows),
    "\n",
    table(["INTERFACE", "PERMANENT MAC", "DRIVER", "STATE", "SPEED"], links),
  ].join("");
}

function size(bytes: number): string {
  return `${(bytes / gibibyte).toFixed(1)} GiB`;
}
