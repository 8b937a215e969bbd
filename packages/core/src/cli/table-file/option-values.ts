import { InvalidArgumentError, Option } from "commander";
import { parseFrequency } from "../../time/frequency.ts";

/** The mark of decimals, of all commands that read a file. */
export function decimalOption(): Option {
  return new Option(
    "--decimal <mark>",
    "mark before decimals in text, the other one is between thousands; guessed where the values tell",
  ).choices([".", ","]);
}

/** The frequency of times, of all commands that read a file. */
export function frequencyOption(): Option {
  return new Option("--freq <frequency>", "15m, 1h, 1d, 1w, 1mo, business, step")
    .argParser(frequency)
    .default("auto");
}

const frequencyWords = {
  "1h": ["hour", "hourly"],
  "1d": ["day", "daily"],
  "1w": ["week", "weekly"],
  "1mo": ["month", "monthly"],
  "3mo": ["quarter", "quarterly"],
  "1y": ["year", "yearly", "annual"],
};

/** What the library calls it: `business` is `1b`, `steps` is `step`. */
function frequency(text: string): string {
  if (text === "business") return "1b";
  if (text === "steps") return "step";
  if (["auto", "step"].includes(text)) return text;
  try {
    parseFrequency(text, { zone: "UTC" });
    return text;
  } catch {
    const meant = Object.entries(frequencyWords).find(([, words]) => words.includes(text.toLowerCase()));
    throw new InvalidArgumentError(
      `Write ${meant === undefined ? "a whole number and a unit, as 15m, 1h, 1d, 1w, 1mo, 1y" : meant[0]}; business for Mondays to Fridays, step for whole numbers that count steps, auto to have it guessed.`,
    );
  }
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

/** Lengths of seasons in steps, ascending, each once; none for 1, for "none", and for [] as it is written in code. */
export function seasons(text: string): readonly number[] {
  if (["none", "[]"].includes(text.trim())) return [];
  const list = numbers(text);
  if (list.every((length) => Number.isSafeInteger(length) && length >= 1))
    return [...new Set(list)].filter((length) => length > 1).sort((a, b) => a - b);
  throw new InvalidArgumentError("Write whole numbers of steps: 24,168; 1 or none for no season.");
}
