/** Long work in pieces: it yields wherever others may have their turn, and returns what it was for. */
export type InTurns<Result> = Generator<undefined, Result, undefined>;

/** Does all of it now. */
export function atOnce<Result>(work: InTurns<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
