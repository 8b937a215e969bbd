/** Something that was not said and is therefore a guess. */
export interface Guess {
  /** What it is about, e.g. `"time column"`. */
  readonly what: string;
  readonly value: string;
  /** Why, in a few words. */
  readonly because: string;
  /** How to say it. */
  readonly option: string;
}

/** Guesses in the order in which they were made; each is told at once. */
export interface Guesses {
  readonly list: readonly Guess[];
  add(what: string, value: string, because: string, option: string): void;
}

/** @param tell - Shows a line. */
export function collectGuesses(tell: (line: string) => void): Guesses {
  const list: Guess[] = [];
  return {
    list,
    add(what, value, because, option) {
      list.push({ what, value, because, option });
      tell(`guessed ${what}: ${value} (${because}; ${option} says otherwise)`);
    },
  };
}
