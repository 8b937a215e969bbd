import { Command } from "commander";
import { expect, it } from "vitest";
import { frequencyOption } from "./option-values.ts";

/** What the command gets for a `--freq`. */
function read(text: string): string {
  const command = new Command()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .addOption(frequencyOption());
  return command.parse(["--freq", text], { from: "user" }).opts<{ freq: string }>().freq;
}

it("has one name for each frequency, however it was written", () => {
  expect(["business", "1b", "steps", "step", "auto", "15m"].map(read)).toEqual([
    "1b",
    "1b",
    "step",
    "step",
    "auto",
    "15m",
  ]);
  expect(() => read("1x")).toThrow("Write a whole number and a unit");
  expect(() => read("monthly")).toThrow("Write 1mo;");
});
