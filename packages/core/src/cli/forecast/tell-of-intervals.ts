import { listSome } from "../../forecast/panel/rows.ts";
import type { ChosenForecaster } from "./choose-forecaster.ts";
import type { Figures } from "./figures.ts";
import type { ForecastCommandOptions } from "./options.ts";

/** How many more outcomes than the level says lie outside where intervals held clearly too few: in proportion, and in standard deviations of independent ones. */
const tooMany = { ratio: 1.5, deviations: 3 };

/** Tells where the intervals of a named model held clearly too few outcomes, and that those of its past errors cannot be had. */
export function tellOfIntervals(
  { intervals }: Pick<ForecastCommandOptions, "intervals">,
  { name, hasPastErrors }: ChosenForecaster,
  score: Figures | null,
  tell: (line: string) => void,
): void {
  if (intervals === "errors" && !hasPastErrors)
    tell(
      `the history is too short to learn intervals of ${name} from its errors in the past: they are those of its own formulas`,
    );
  if (score === null || hasPastErrors) return;
  const few = levelsHeldTooSeldom(score);
  if (few.length === 0) return;
  tell(
    `intervals of ${name} held too few outcomes in the backtest: ${listSome(few)}${intervals === "errors" ? "" : "; --intervals errors learns them from its errors in the past"}`,
  );
}

function levelsHeldTooSeldom({ rows, coverage }: Figures): readonly string[] {
  return Object.entries(coverage).flatMap(([level, held]) => {
    if (held === null) return [];
    const expected = 1 - Number(level) / 100;
    const chance = tooMany.deviations * Math.sqrt((expected * (1 - expected)) / rows);
    const isFew = 1 - held > Math.max(tooMany.ratio * expected, expected + chance);
    return isFew ? [`${(100 * held).toFixed(1)} % for ${level} %`] : [];
  });
}
