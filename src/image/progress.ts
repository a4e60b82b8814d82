/** Where a build is, from what diskimage-builder prints. */
export interface BuildPosition {
  /** Name of the phase as diskimage-builder calls it, such as `install`; before the first and behind the last one a word for it. */
  readonly phase: string;
  /** The script that runs, such as `50-debian`; undefined between scripts. */
  readonly script: string | undefined;
}

/** What `disk-image-create` prints between phases, and what that is. */
const milestones: readonly (readonly [RegExp, string])[] = [
  [/^Building elements:/, "elements"],
  [/^Calculating image size/, "image-size"],
  [/^Converting image using qemu-img/, "convert"],
  [/^Build completed successfully/, "done"],
];

/** outfilter.py puts the time before each line. */
const timestamp = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \| /;
const running = /^dib-run-parts Running \S*\/(?<phase>[a-z-]+)\.d\/(?<script>\S+)$/;
const completed = /^dib-run-parts (?<script>\S+) completed$/;
const hooks = /^Running hooks from \S*\/(?<phase>[a-z-]+)\.d$/;

/** Follows a build line by line. */
export class BuildProgress {
  #position: BuildPosition = { phase: "start", script: undefined };
  readonly #last: string[] = [];
  readonly #keep: number;

  /** `keep`: how many of the last lines are kept. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  get position(): BuildPosition {
    return this.#position;
  }

  /** The last lines, without the noise of the program that runs the scripts. */
  get lastLines(): readonly string[] {
    return this.#last;
  }

  /** Another phase begins, of which no line tells. Returns true. */
  enter(phase: string): true {
    this.#position = { phase, script: undefined };
    return true;
  }

  /** Takes the next line. Returns true where another phase begins. */
  take(line: string): boolean {
    const text = line.replace(timestamp, "");
    const before = this.#position.phase;
    this.#position = nextPosition(this.#position, text);
    if (isTelling(text)) {
      this.#last.push(text.trimEnd());
      if (this.#last.length > this.#keep) this.#last.shift();
    }
    return this.#position.phase !== before;
  }
}

function nextPosition(position: BuildPosition, text: string): BuildPosition {
  const { phase, script } = (running.exec(text) ?? hooks.exec(text))?.groups ?? {};
  if (phase !== undefined) return { phase, script };
  if (completed.test(text)) return { ...position, script: undefined };
  const milestone = milestones.find(([pattern]) => pattern.test(text));
  return milestone === undefined ? position : { phase: milestone[1], script: undefined };
}

/** Profiles and traces of environment files say nothing about why something failed. */
function isTelling(text: string): boolean {
  if (text.trim() === "") return false;
  return !/^dib-run-parts (?:Sourcing environment|-{5,}|Target:|Script |\s*$|\S+\s+\d+\.\d{3}$)/.test(text);
}
