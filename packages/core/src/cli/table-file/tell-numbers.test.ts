import { expect, it } from "vitest";
import { collectGuesses } from "./guessed.ts";
import type { NumberForm } from "./table-files.ts";
import { tellOfNumbers } from "./tell-numbers.ts";

function told(form: NumberForm): readonly string[] {
  const lines: string[] = [];
  tellOfNumbers(
    "y",
    form,
    collectGuesses((line) => lines.push(line)),
  );
  return lines;
}

it("tells how numbers were read that people wrote, and nothing of plain ones", () => {
  const plain = { decimal: ".", thousands: null, sign: null } as const;
  expect(told({ ...plain, example: { text: "104.4", value: 104.4 } })).toEqual([]);
  expect(told({ ...plain, example: { text: "(3.20)", value: -3.2 } })).toEqual([
    "guessed numbers of y: (3.20) is -3.2 (all are written so; a column of plain numbers says otherwise)",
  ]);
  expect(told({ ...plain, decimal: ",", example: { text: "1,5", value: 1.5 } })).toEqual([
    "guessed numbers of y: 1,5 is 1.5 (decimal commas; --decimal says otherwise)",
  ]);
});
