import { type SeriesKey, seriesKeyText, TsopsError } from "@tsops/core";
import type { ReportData } from "./data.ts";
import { keyParts } from "./parts.ts";

/** A series whose forecast a report shows, and why it is among them. */
export interface ShownSeries {
  readonly key: SeriesKey;
  /** `city=washington`; empty for the only series of a panel without keys. */
  readonly name: string;
  /** `chosen` is the one that the data name, or the first; `unjudged` has no outcome yet. */
  readonly why: "chosen" | "worst" | "typical" | "best" | "unjudged";
  readonly rows: number;
  readonly mae: number;
  /** NaN without a scale. */
  readonly mase: number;
}

/**
 * The series to look at when not all can be drawn: the chosen one, and of the others a third each with the greatest, the least, and the middle errors. Errors are compared as
 * MASE where every judged series has a scale, as series of different sizes cannot be compared otherwise.
 * @returns The chosen series first, then by descending error, at most `most`; and how many there are in all.
 * @throws TsopsError MONITOR_INVALID when the data name a series that was not forecast
 */
export function shownSeries(
  data: Pick<ReportData, "served" | "zone" | "scale" | "series">,
  most: number,
): { readonly shown: readonly ShownSeries[]; readonly all: number } {
  const { parts } = keyParts(data);
  if (parts.length === 0) return { shown: [], all: 0 };
  const wanted = chosenKey(data);
  const chosen = parts.find(({ key }) => seriesKeyText(key) === wanted) ?? parts[0];
  const judged = parts.filter((part) => part !== chosen && part.rows > 0);
  const picked = new Map<(typeof parts)[number], ShownSeries["why"]>();
  const pick = (part: (typeof parts)[number] | undefined, why: ShownSeries["why"]) => {
    if (part !== undefined && !picked.has(part) && picked.size < most - 1) picked.set(part, why);
  };
  const each = Math.ceil((most - 1) / 3);
  const middle = Math.floor((judged.length - each) / 2);
  for (let i = 0; i < each; i++) {
    pick(judged[i], "worst");
    pick(judged.at(-1 - i), "best");
    pick(judged[middle + i], "typical");
  }
  // Few series: the rest of them as well.
  for (const part of judged) pick(part, "typical");
  for (const part of parts) if (part !== chosen && part.rows === 0) pick(part, "unjudged");
  const told = parts.flatMap((part): readonly ShownSeries[] => {
    const why = part === chosen ? "chosen" : picked.get(part);
    const { key, name, rows, mae, mase } = part;
    return why === undefined ? [] : [{ key, name, why, rows, mae, mase }];
  });
  const isChosen = ({ why }: ShownSeries) => (why === "chosen" ? 0 : 1);
  return { shown: told.sort((a, b) => isChosen(a) - isChosen(b)), all: parts.length };
}

function chosenKey({ served, series }: Pick<ReportData, "served" | "series">): string {
  const names = served.series.map(seriesKeyText);
  if (series === undefined) return names[0] ?? "";
  const wanted = seriesKeyText(series);
  if (names.includes(wanted)) return wanted;
  throw new TsopsError(
    "MONITOR_INVALID",
    `The series ${wanted} is none of the ${names.length} that were forecast.`,
    {
      hint: `Write one of their keys, e.g. ${names[0] ?? "none"}, or leave series out.`,
      details: { option: "series", series: served.series.slice(0, 10) },
    },
  );
}
