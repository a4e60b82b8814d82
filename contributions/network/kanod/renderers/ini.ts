/** First line of every file that is written. */
export const fileHeader = "# Written by kanod-configure from the section network: changes made here are lost.\n";

/**
 * Text in the form of systemd.syntax(7) and of GKeyFile: sections of `key=value` lines. Sections and lines keep the order
 * in which they were added, so that the same input gives the same bytes.
 */
export class IniFile {
  readonly #sections: IniSection[] = [];

  /** The section of this name, which is added where it is missing. */
  section(name: string): IniSection {
    return this.#sections.find((section) => section.name === name) ?? this.addSection(name);
  }

  /** A further section, also where there is one of this name. */
  addSection(name: string): IniSection {
    const section = new IniSection(name);
    this.#sections.push(section);
    return section;
  }

  /** Sections without a line are left out. */
  text(header: string): string {
    const sections = this.#sections.filter((section) => section.lines.length > 0);
    return [header, ...sections.map((section) => section.text())].join("\n");
  }
}

export class IniSection {
  readonly name: string;
  readonly lines: string[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** Adds a line; nothing where the value is undefined. Booleans are written as `yes` and `no`. */
  add(key: string, value: string | number | boolean | undefined): void {
    if (value === undefined) return;
    this.lines.push(`${key}=${typeof value === "boolean" ? (value ? "yes" : "no") : value}`);
  }

  /** Replaces the line of this key, or adds one. */
  set(key: string, value: string | number | undefined): void {
    if (value === undefined) return;
    const index = this.lines.findIndex((line) => line.startsWith(`${key}=`));
    if (index < 0) this.add(key, value);
    else this.lines[index] = `${key}=${value}`;
  }

  text(): string {
    return `[${this.name}]\n${this.lines.map((line) => `${line}\n`).join("")}`;
  }
}
