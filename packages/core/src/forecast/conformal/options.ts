import { TsopsError } from "../../errors.ts";
import { checkOptions, checkWord, numberHint, shown } from "../../options.ts";
import { wholeNumber } from "../check.ts";
import { checkLevels } from "../levels.ts";

/** Settings of `conformal`. */
export interface ConformalOptions {
  /** Central intervals in percent that adapt to the coverage they reach. Default `[80, 95]`. Others can be asked for in `predict`. */
  readonly levels?: readonly number[];
  /**
   * Origins of the internal calibration, one horizon apart, that `fit` forecasts from before it fits on all rows. Default 20.
   */
  readonly folds?: number;
  /** Origins whose scores are kept as `update` adds new ones; the oldest are dropped. Default: twice the folds. */
  readonly window?: number;
  /**
   * Steps on each side whose scores are pooled with a step's own. More are taken where a level needs them. Default 1; the
   * horizon pools all steps.
   */
  readonly neighbours?: number;
  /**
   * How errors grow with the forecast f: not at all (`"constant"`, default), with its root (`"root"`, as counts do), or in proportion
   * (`"proportional"`). Scores are errors divided by this spread. Below a hundredth of the mean absolute forecast it grows no smaller.
   */
  readonly spread?: "constant" | "root" | "proportional";
  /**
   * How intervals follow errors that change. `"aci"` (default) moves the miss rate that is aimed at: never wider than the largest score of the window, which is enough for
   * slow drift. `"pid"` moves the bounds themselves, also beyond every error seen: for jumps.
   */
  readonly adapt?: "aci" | "pid";
  /**
   * How fast the intervals adapt. After each scored origin, `"aci"` moves the miss rate by this factor times (nominal - observed), `"pid"` the bounds by
   * this share of the largest score times (observed - nominal). 0 never adapts. Default 0.05 for `"aci"`, 0.1 for `"pid"`.
   */
  readonly adaptRate?: number;
  /** For `"pid"`: how strongly misses that have piled up over time widen, in shares of the largest score; 0 leaves this out. Default 0.1. */
  readonly integralRate?: number;
  /**
   * Whether each series has scores of its own (default), all series pool theirs (`"panel"`: series of one unit and size), or pool them in units of each series' own mean score
   * (`"scaled"`: series that differ in size but not in the shape of their errors; any level from few folds).
   */
  readonly by?: "series" | "panel" | "scaled";
  /**
   * Whether both bounds are as far from the forecast (`"alike"`, default: needs the fewest scores), or each as far as errors on its side say (`"each"`): for skewed targets, such as demand that is mostly 0, where a quantile must be what its
   * probability says. A level of 80 percent then needs 9 scores in the place of 4, 95 percent 39 in the place of 19; the median is no longer the mean.
   */
  readonly sides?: "alike" | "each";
  /** The least value that the target can take, e.g. 0 for counts: no bound and no mean lies below. */
  readonly lowest?: number;
  /** The greatest value that the target can take: no bound and no mean lies above. */
  readonly highest?: number;
}

/** Options with every default filled in. JSON-serialisable. */
export interface ResolvedConformalOptions {
  readonly levels: readonly number[];
  readonly folds: number;
  readonly window: number;
  readonly neighbours: number;
  readonly spread: "constant" | "root" | "proportional";
  readonly adapt: "aci" | "pid";
  readonly adaptRate: number;
  /** Null for `"aci"`. */
  readonly integralRate: number | null;
  readonly by: "series" | "panel" | "scaled";
  readonly sides: "alike" | "each";
  readonly lowest: number | null;
  readonly highest: number | null;
  /** What is done where scores are too few for a level: refused, or bounded by the tail of Student's t. */
  readonly fewScores: "refuse" | "student";
  /** Whether `lowest` was only guessed from the history, so that a value below takes it away. */
  readonly isLowestGuessed: boolean;
}

/** @throws TsopsError MODEL_PARAMETER_INVALID. */
export function resolveConformalOptions(options: ConformalOptions): ResolvedConformalOptions {
  checkOptions("MODEL_PARAMETER_INVALID", "conformal()", options, {
    levels: true,
    folds: true,
    window: true,
    neighbours: true,
    spread: true,
    adapt: true,
    adaptRate: true,
    integralRate: true,
    by: true,
    sides: true,
    lowest: true,
    highest: true,
  });
  if (options.levels !== undefined) checkLevels(options.levels);
  const levels = [...(options.levels ?? [80, 95])].sort((a, b) => a - b);
  const folds = wholeNumber("folds", options.folds ?? 20);
  const { spread = "constant", by = "series", adapt = "aci", lowest = null, highest = null } = options;
  const { sides = "alike" } = options;
  const { adaptRate = adapt === "pid" ? 0.1 : 0.05, integralRate = adapt === "pid" ? 0.1 : undefined } =
    options;
  checkWord("MODEL_PARAMETER_INVALID", "spread", spread, ["constant", "root", "proportional"]);
  checkWord("MODEL_PARAMETER_INVALID", "by", by, ["series", "panel", "scaled"]);
  checkWord("MODEL_PARAMETER_INVALID", "sides", sides, ["alike", "each"]);
  checkWord("MODEL_PARAMETER_INVALID", "adapt", adapt, ["aci", "pid"]);
  if (integralRate !== undefined && adapt !== "pid")
    throw invalid('integralRate is for adapt: "pid".', 'Leave it out, or give adapt: "pid" with it.');
  if (
    integralRate !== undefined &&
    !(typeof integralRate === "number" && integralRate >= 0 && integralRate <= 10)
  )
    throw invalid(
      `integralRate must be between 0 and 10, got ${shown(integralRate)}.`,
      numberHint(integralRate, { least: 0, most: 10 }, 0.1),
    );
  if (!(typeof adaptRate === "number" && adaptRate >= 0 && adaptRate <= 1))
    throw invalid(
      `adaptRate must be between 0 and 1, got ${shown(adaptRate)}.`,
      numberHint(adaptRate, { least: 0, most: 1 }, 0.05),
    );
  for (const [name, bound] of Object.entries({ lowest, highest }))
    if (bound !== null && !Number.isFinite(bound))
      throw invalid(
        `${name} must be finite, got ${shown(bound)}.`,
        "Leave it out where the target has no such bound.",
      );
  if (lowest !== null && highest !== null && !(lowest < highest))
    throw invalid(
      `lowest (${lowest}) must be below highest (${highest}).`,
      "Exchange them, or leave one out.",
    );
  if (by === "scaled" && folds < 2)
    throw invalid(
      'by: "scaled" takes 2 folds or more: the errors of one are measured by those of the others.',
      'Give folds: 2 or more, or by: "panel".',
    );
  const window = wholeNumber("window", options.window ?? 2 * folds);
  if (window < folds)
    throw invalid(
      `A window of ${window} origins is shorter than the ${folds} folds of the calibration.`,
      `Give window: ${folds} or more, or fewer folds.`,
    );
  return {
    levels,
    folds,
    window,
    neighbours: wholeNumber("neighbours", options.neighbours ?? 1, 0),
    spread,
    adapt,
    adaptRate,
    integralRate: integralRate ?? null,
    by,
    sides,
    lowest,
    highest,
    fewScores: "refuse",
    isLowestGuessed: false,
  };
}

function invalid(message: string, hint: string): TsopsError {
  return new TsopsError("MODEL_PARAMETER_INVALID", message, { hint });
}
