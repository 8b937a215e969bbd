import { InvalidArgumentError } from "commander";

/** A count on the command line. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError("It must be a whole number of at least 1.");
}

/** A count that may be 0. @param none - What 0 means. */
export function wholeNumberOrZero(text: string, none: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError(`It must be a whole number of at least 1, or 0 for ${none}.`);
}
