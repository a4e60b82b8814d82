import { AgentError } from "../config/agent-error.ts";
import type { BuildPosition } from "./progress.ts";

/** A build that diskimage-builder began and did not bring to its end. */
export class ImageBuildError extends AgentError {
  override readonly name = "ImageBuildError";
  /** Where it stopped; the element is undefined where that cannot be known. */
  readonly position: BuildPosition & { readonly element: string | undefined };
  /** The last lines that it printed. */
  readonly lastLines: readonly string[];
  readonly logFile: string;

  constructor(
    code: "image-build-failed" | "interrupted",
    message: string,
    details: Pick<ImageBuildError, "position" | "lastLines" | "logFile"> & { hint?: string | undefined },
  ) {
    super(code, message, { hint: details.hint });
    this.position = details.position;
    this.lastLines = details.lastLines;
    this.logFile = details.logFile;
  }
}
