import { InvalidArgumentError, Option } from "commander";

/** The mark of decimals, of all commands that read a file. */
export function decimalOption(): Option {
  return new Option(
    "--decimal <mark>",
    "mark before decimals in text, the other one is between thousands; guessed where the values tell",
  ).choices([".", ","]);
}

/** Names of columns, with commas between. */
export function names(text: string): readonly string[] {
  const list = text.split(",").map((name) => name.trim());
  if (list.every((name) => name !== "")) return list;
  throw new InvalidArgumentError("Write names with commas between: shop,product.");
}

/** Numbers with commas between; NaN for what is none. */
export function numbers(text: string): readonly number[] {
  return text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
}

/** Lengths of seasons in steps, ascending, each once; none for 1. */
export function seasons(text: string): readonly number[] {
  const list = numbers(text);
  if (list.every((length) => Number.isSafeInteger(length) && length >= 1))
    return [...new Set(list)].filter((length) => length > 1).sort((a, b) => a - b);
  throw new InvalidArgumentError("Write whole numbers of steps: 24,168; 1 for none.");
}
