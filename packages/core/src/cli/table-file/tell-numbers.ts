import type { Guesses } from "./guessed.ts";
import type { NumberForm } from "./table-files.ts";

const words = { ".": "points", ",": "commas", " ": "blanks", "'": "quotes" } as const;

/** Says how the numbers of a column were read that people wrote; nothing where they are as programs write them, in a column with a few mistakes. */
export function tellOfNumbers(
  name: string,
  { thousands, sign, decimal, example }: NumberForm,
  guesses: Guesses,
): void {
  if (example.text === String(example.value)) return;
  const because = [
    ...(decimal === "," ? ["decimal commas"] : []),
    ...(thousands === null ? [] : [`${words[thousands]} between thousands`]),
    ...(sign === null ? [] : [`${sign} left out`]),
  ];
  guesses.add(
    `numbers of ${name}`,
    `${example.text} is ${example.value}`,
    because.join(", ") || "all are written so",
    thousands === null && decimal === "." ? "a column of plain numbers" : "--decimal",
  );
}
