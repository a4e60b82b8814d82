/** Lets one after the other do something, in the order in which they ask. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Waits for the turn; the function that it gives ends it, and may be called more than once. */
  async take(): Promise<() => void> {
    const before = this.#last;
    let end = (): void => undefined;
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return end;
  }
}
