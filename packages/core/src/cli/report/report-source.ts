import { TsopsError } from "../../errors.ts";
import { listSome } from "../../forecast/panel/rows.ts";
import type { DecisionRecord } from "../../ports/decision-log.ts";
import type { PredictionRecord } from "../../ports/prediction-log.ts";
import type { ModelVersion } from "../../ports/registry.ts";
import { formatInstant } from "../../time/instant.ts";
import { loadCompanion } from "../load-companion.ts";
import type { CommandIo, Session } from "../session.ts";
import { collectGuesses } from "../table-file/guessed.ts";
import { when } from "../when.ts";
import type { ReportInput } from "./companions.ts";
import type { ReportOptions } from "./options.ts";
import { type Outcomes, openOutcomes } from "./outcomes.ts";
import { historyOf, scaleFrom, seasonOf } from "./scale.ts";
import { readServed, type Served } from "./served.ts";

/** Reads what a report shows, as often as it is asked. */
export interface ReportSource {
  /** @throws TsopsError PREDICTION_NOT_FOUND, CONFIG_INVALID, STORE_NOT_FOUND, COLUMN_NOT_FOUND, ABORTED */
  read(): Promise<ReportInput>;
  close(): Promise<void>;
}

/**
 * A report of what the session's home has. The table of outcomes is looked for once, and kept open.
 * @param tell - Shows a line: what was guessed, and at the first time what is left out.
 */
export async function reportSource(
  neededBy: string,
  io: CommandIo,
  session: Session,
  options: ReportOptions,
  tell: (line: string) => void,
): Promise<ReportSource> {
  const { openTable } = await loadCompanion(neededBy, "@tsops/store", io.cwd);
  const { joinOutcomes, checkQuality } = await loadCompanion(neededBy, "@tsops/monitor", io.cwd);
  const { watchServed } = await loadCompanion(neededBy, "@tsops/monitor/report", io.cwd);
  const { signal } = io;
  const { tablesPath } = await session.home();
  if (tablesPath === undefined)
    throw new TsopsError("CONFIG_INVALID", `The configuration ${session.path} gives no home with tables.`, {
      hint: 'Add home: () => openHome("./.tsops"), whose tables the outcomes are in, or say --home <folder>.',
    });
  // Times ago go along with the clock; that they are none is said before anything is read.
  rangeOf(options, session.clock.now());
  const guesses = collectGuesses(tell);
  let outcomes: Outcomes | null = null;
  let isFirst = true;
  return {
    async read() {
      const now = session.clock.now();
      const { from, to } = rangeOf(options, now);
      const served = await readServed(await session.contract("predictions"), {
        deployment: options.deployment,
        from,
        to,
        signal,
      });
      const champion = await championOf(session, served.model, signal);
      outcomes ??= await openOutcomes(tablesPath, openTable, served, champion, options, guesses);
      const { definition, target, unit } = outcomes;
      const { keys, eventTime, availableAt } = definition;
      const zone = options.zone ?? outcomes.zone ?? "UTC";
      const snapshot = await outcomes.table.snapshot();
      const columns = [...keys, eventTime, ...(availableAt === undefined ? [] : [availableAt]), target];
      const rows = await snapshot.read({ columns, range: served.range, signal });
      const step = spacing(served.records);
      const { start } = served.range;
      const scale =
        step === null
          ? undefined
          : scaleFrom(
              await snapshot.read({ columns, range: { start: start - historyOf(step), end: start }, signal }),
              { keys, time: eventTime, target },
              seasonOf(step),
            );
      const joined = await joinOutcomes(served.records, rows, {
        keys,
        time: eventTime,
        target,
        ...(availableAt === undefined ? {} : { availableAt }),
        signal,
      });
      const decisions = await decisionsOf(session, served, definition.name, { from, to, signal });
      if (isFirst && decisions.others.length > 0) tell(leftOut(decisions.others, decisions.subjects));
      isFirst = false;
      return {
        title: served.deployment,
        subtitle: subtitleOf(served, definition.name),
        now,
        zone,
        target: { name: target, ...(unit === undefined ? {} : { unit }) },
        served: joined,
        decisions: decisions.own,
        quality: checkQuality(rows, {
          table: definition,
          zone,
          now,
          ...(step === null ? {} : { frequency: `${step / 1_000_000n}s` }),
        }),
        observations: watchServed(joined, { subject: served.deployment, zone }),
        ...(scale === undefined ? {} : { scale }),
        ...(champion === undefined ? {} : { champion }),
      };
    },
    async close() {
      await outcomes?.table.close();
    },
  };
}

/** @throws TsopsError CONFIG_INVALID, TIME_INVALID, TIME_ZONE_MISSING, DURATION_INVALID */
function rangeOf(options: Pick<ReportOptions, "from" | "to">, now: bigint) {
  const from = options.from === undefined ? undefined : when("--from", options.from, now);
  const to = options.to === undefined ? undefined : when("--to", options.to, now);
  if (from !== undefined && to !== undefined && from >= to)
    throw new TsopsError("CONFIG_INVALID", "--from is not before --to.", {
      hint: `They are ${formatInstant(from)} and ${formatInstant(to)}.`,
    });
  return { from, to };
}

function subtitleOf({ model, records, keys }: Served, table: string): string {
  const series = new Set(records.map(({ key }) => keys.map((name) => String(key[name])).join("\n"))).size;
  return `Forecasts of model ${model}${series > 1 ? ` for ${series.toLocaleString("en-US")} series` : ""}, beside what came into table ${table}.`;
}

/** The version that serves now; none where the registry does not know one. */
async function championOf(
  session: Session,
  model: string,
  signal: AbortSignal,
): Promise<ModelVersion | undefined> {
  try {
    return await (await session.contract("registry")).resolve(model, "champion", { signal });
  } catch (error) {
    if (TsopsError.is(error, "MODEL_NOT_FOUND") || TsopsError.is(error, "ALIAS_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** Decisions about the deployment, its model, or the table of outcomes; and the others. */
async function decisionsOf(
  session: Session,
  { deployment, model }: Served,
  table: string,
  { from, to, signal }: { from: bigint | undefined; to: bigint | undefined; signal: AbortSignal },
) {
  const all = await (await session.contract("decisions")).list({
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    signal,
  });
  const subjects = [...new Set([deployment, model, table])];
  return {
    subjects,
    own: all.filter(({ subject }) => subjects.includes(subject)),
    others: all.filter(({ subject }) => !subjects.includes(subject)),
  };
}

function leftOut(others: readonly DecisionRecord[], subjects: readonly string[]): string {
  const about = listSome([...new Set(others.map(({ subject }) => subject))]);
  const count = others.length === 1 ? "1 decision" : `${others.length.toLocaleString("en-US")} decisions`;
  return `left out: ${count} about ${about}; the report has those about ${listSome(subjects)}`;
}

/** The step between predicted instants where all are alike, in microseconds; null where they are not, as with months. */
function spacing(records: readonly PredictionRecord[]): bigint | null {
  let step: bigint | null = null;
  for (const { times } of records)
    for (let i = 1; i < times.length; i++) {
      const found = (times[i] as bigint) - (times[i - 1] as bigint);
      if (step !== null && found !== step) return null;
      step = found;
    }
  return step === null || step <= 0n || step % 1_000_000n !== 0n ? null : step;
}
