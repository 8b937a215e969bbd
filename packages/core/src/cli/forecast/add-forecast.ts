import { type Command, InvalidArgumentError, Option } from "commander";
import type { TsopsError } from "../../errors.ts";
import { longestHorizon } from "../../forecast/check.ts";
import { durationMicros } from "../../time/duration.ts";
import { requireOption } from "../require-option.ts";
import type { CommandIo } from "../session.ts";
import { decimalOption, frequencyOption, names, numbers, seasons } from "../table-file/option-values.ts";
import { wholeNumber, wholeNumberOrZero } from "../whole-number.ts";
import { aggregates } from "./aggregate-rows.ts";
import { intervalSources, modelNames } from "./choose-forecaster.ts";
import { forecastCommand } from "./command.ts";
import type { ForecastCommandOptions } from "./options.ts";

/** Adds `tsops forecast` to the program. */
export function addForecast(program: Command, io: CommandIo, exit: (code: number) => void): void {
  program
    .command("forecast")
    .summary("forecast the rows of a CSV or Parquet file")
    .description(
      "Forecasts the rows of a file: one line for each time, and for each series if there are several. What is not said is guessed, and told on stderr. Needs @tsops/store to read files, and @tsops/monitor to draw.",
    )
    .argument("<file>", "history, as .csv, .tsv (also .gz) or .parquet")
    .option("--horizon <steps>", "steps to forecast (required)", horizon)
    .option("--time <column>", "column of times, or of whole numbers that count steps")
    .option(
      "--time-format <form>",
      "form of times that are not ISO 8601: %d.%m.%Y, or unix, unix-ms, quarter (2024-Q1), week (2024-W09), step",
    )
    .option("--target <column>", "column to forecast")
    .option("--key <columns>", "columns that tell several series apart, with commas between", names)
    .addOption(frequencyOption())
    .addOption(
      new Option(
        "--aggregate <how>",
        "make one row of those within each step of --freq: for times that are irregular, or closer than wanted",
      ).choices(aggregates),
    )
    .option("--zone <zone>", "zone or offset of times without one, and in which days begin")
    .addOption(decimalOption())
    .option("--season <steps>", "seasons in steps, e.g. 24,168; 1 or none for no season", seasons)
    .option("--level <percent>", "central intervals", percents, [80, 95])
    .option("--future <file>", "columns that are known for the future: a row for each series and step")
    .addOption(new Option("--model <name>", "the model").choices(modelNames).default("auto"))
    .addOption(
      new Option(
        "--intervals <from>",
        "where those of a named model come from: its own formulas, or its errors in the past, as those of auto do",
      )
        .choices(intervalSources)
        .default("model"),
    )
    .option("--budget <duration>", "time to choose a model in, backtest included, about", budget, "60s")
    .option(
      "--backtest <folds>",
      "horizons at the end that the model is judged by; 0 for none (default: 3, or fewer where a season would be too short before them)",
      (text) => wholeNumberOrZero(text, "none"),
    )
    .option("--out <file>", "write the forecast as .csv, .tsv or .parquet")
    .option("--plot <file>", "draw history, forecast and intervals as .svg")
    .addHelpText(
      "after",
      `
Examples:
  $ tsops forecast sales.csv --horizon 12
  $ tsops forecast load.parquet --horizon 48 --out forecast.parquet --plot forecast.svg
  $ tsops forecast shops.csv --time day --target sold --key shop,product --horizon 14
  $ tsops forecast load.csv --horizon 24 --future weather.csv
  $ tsops forecast sales.csv --horizon 12 --json | jq .scores`,
    )
    .action(async (file: string, _: unknown, command: Command) => {
      requireOption(command, "horizon");
      exit(await forecastCommand(io, file, command.optsWithGlobals<ForecastCommandOptions>()));
    });
}

function horizon(text: string): number {
  const steps = wholeNumber(text);
  if (steps <= longestHorizon) return steps;
  throw new InvalidArgumentError(
    `It has at most ${longestHorizon.toLocaleString("en-US")} steps, those of --freq: for times further ahead take longer ones, --freq 1d --aggregate mean.`,
  );
}

function budget(text: string): string {
  try {
    durationMicros(text);
    return text;
  } catch (error) {
    const { message, hint = "" } = error as TsopsError;
    throw new InvalidArgumentError(`${message} ${hint}`);
  }
}

function percents(text: string): readonly number[] {
  const list = numbers(text);
  if (list.every((level) => level >= 1 && level < 100) && new Set(list).size === list.length) return list;
  throw new InvalidArgumentError("Write different numbers of percent from 1 to less than 100: 80,95.");
}
