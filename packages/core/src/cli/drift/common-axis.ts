import { TsopsError } from "../../errors.ts";
import { parseFrequency } from "../../time/frequency.ts";
import {
  type AxisGuess,
  axisOf,
  type FileTimes,
  guessAxis,
  refuseRepeated,
} from "../table-file/guess-axis.ts";
import { fixedScale } from "../table-file/scales.ts";
import type { TimeAxis } from "../table-file/time-axis.ts";

/** The times of one file, and how it is called. */
export interface NamedTimes {
  readonly path: string;
  readonly times: FileTimes;
}

/** Rows from which on it is no accident that a file keeps to coarser steps than the other. */
const enoughRows = 8;

/**
 * One grid for the times of all files: that of the first, which the others have to share, if need be from another minute or time of day on.
 * @param steps - What a step of whole numbers stands for.
 * @returns An axis for each file; all have one frequency and zone.
 * @throws TsopsError FREQUENCY_INVALID, PANEL_INVALID (times twice, irregular steps, files with frequencies of their own)
 */
export function commonAxis(
  files: readonly NamedTimes[],
  frequency: string,
  steps: string,
): readonly TimeAxis[] {
  const [first, ...others] = files as [NamedTimes, ...NamedTimes[]];
  const isGuessed = frequency === "auto";
  const guessed = inFile(first, others, () =>
    isGuessed ? guessAxis(first.times) : asked(first.times, frequency),
  );
  const axis = axisFor(guessed, first, steps);
  return [
    axis,
    ...others.map((other) =>
      inFile(other, [first], () => axisBeside(axis, guessed.step, first, other, frequency, steps)),
    ),
  ];
}

/** Names the file in an error about its times, where there are others. */
function inFile<T>({ path }: NamedTimes, others: readonly NamedTimes[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!TsopsError.is(error) || others.length === 0 || error.message.includes(path)) throw error;
    throw new TsopsError(error.code, `In ${path}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      details: error.details,
    });
  }
}

function axisFor(guess: AxisGuess, { times }: NamedTimes, steps: string): TimeAxis {
  return times.isSteps ? guess.axis(steps) : guess.axis();
}

/** The axis of a frequency that was said. Times that are not on a grid of fixed steps belong to the step that they fall into. */
function asked(times: FileTimes, frequency: string): AxisGuess {
  refuseRepeated(times);
  try {
    return axisOf(times, frequency);
  } catch (error) {
    if (!TsopsError.is(error, "PANEL_INVALID")) throw error;
    const grid = parseFrequency(frequency, { zone: times.zone });
    if (grid.kind !== "fixed") throw error;
    const axis: TimeAxis = {
      scale: fixedScale,
      frequency: grid.text,
      zone: grid.zone,
      text: grid.text,
      toPanel: (value) => grid.floor(value),
      fromPanel: (time) => time,
    };
    return { step: Number(grid.step), axis: () => axis };
  }
}

function axisBeside(
  axis: TimeAxis,
  step: number,
  first: NamedTimes,
  other: NamedTimes,
  frequency: string,
  steps: string,
): TimeAxis {
  if (frequency !== "auto") return axisFor(asked(other.times, frequency), other, steps);
  const { values } = other.times;
  const isOnGrid = values.every((value) => axis.toPanel(value) !== null);
  refuseRepeated(other.times);
  let own: AxisGuess;
  try {
    own = guessAxis(other.times);
  } catch (error) {
    // Few rows, or rows with many gaps, have no steps of their own.
    if (isOnGrid) return axis;
    throw error;
  }
  const found = axisFor(own, other, steps);
  if (isOnGrid && (own.step <= step || values.length < enoughRows || found.scale.kind !== axis.scale.kind))
    return axis;
  if (found.text === axis.text && found.scale.kind === axis.scale.kind && own.step === step) return found;
  throw new TsopsError(
    "PANEL_INVALID",
    `The files have frequencies of their own: ${axis.text} in ${first.path}, ${found.text} in ${other.path}.`,
    {
      hint: "Bring both to one frequency (for instance the mean by hour or day), or say the one that both have with --freq; steps without a row are gaps then.",
      details: { frequencies: { [first.path]: axis.text, [other.path]: found.text } },
    },
  );
}
