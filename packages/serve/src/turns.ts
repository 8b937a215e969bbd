/** Lets pieces of work that wait in between run one after the other, in the order in which they were asked for. */
export class Turns {
  #last: Promise<void> | null = null;

  /** Begins at once when nothing is under way, else when everything asked for earlier has ended, well or not. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last === null ? work() : this.#last.then(work);
    const ended = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#last = ended;
    void ended.then(() => {
      if (this.#last === ended) this.#last = null;
    });
    return turn;
  }
}
