import { checkWord, shown, TsopsError } from "@tsops/core";
import { checkMicros } from "../micros.ts";
import type { JoinedOutcomes, PredictionSource } from "./join-outcomes.ts";

/** Which served rows to look at. */
export interface RowChoice {
  /** Whose predictions. Default `"champion"`, so that shadow predictions do not mix in. */
  readonly role?: PredictionSource["role"];
  readonly modelVersion?: number;
  /** Half-open range of the predicted time, microseconds UTC. */
  readonly from?: bigint;
  readonly to?: bigint;
}

/** The rows of a choice, ascending. @throws TsopsError MONITOR_INVALID */
export function pickRows(
  joined: JoinedOutcomes,
  { role = "champion", modelVersion, from, to }: RowChoice,
): Int32Array {
  checkWord("MONITOR_INVALID", "role", role, ["champion", "challenger"]);
  if (from !== undefined) checkMicros("from", from);
  if (to !== undefined) checkMicros("to", to);
  if (modelVersion !== undefined && !Number.isInteger(modelVersion))
    throw new TsopsError("MONITOR_INVALID", `modelVersion is ${shown(modelVersion)}, not a whole number.`, {
      hint: `There are the versions ${[...new Set(joined.sources.map((source) => source.modelVersion))].join(", ") || "none"}.`,
      details: { option: "modelVersion" },
    });
  const isMeant = joined.sources.map(
    (source) => source.role === role && (modelVersion === undefined || source.modelVersion === modelVersion),
  );
  const rows = new Int32Array(joined.length);
  let count = 0;
  for (let row = 0; row < joined.length; row++) {
    const time = joined.time[row] as bigint;
    if (!isMeant[joined.sourceIndex[row] as number]) continue;
    if ((from !== undefined && time < from) || (to !== undefined && time >= to)) continue;
    rows[count++] = row;
  }
  return rows.slice(0, count);
}

/** Those rows whose outcome and prediction are both there. */
export function scoredRows(joined: JoinedOutcomes, rows: Int32Array): Int32Array {
  return rows.filter(
    (row) => !Number.isNaN(joined.y[row] as number) && Number.isFinite(joined.mean[row] as number),
  );
}
