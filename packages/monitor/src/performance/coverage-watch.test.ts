import { createRandom, normalQuantile } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { joinedOf } from "../../test/joined-outcomes.ts";
import { coverageWatch, loadCoverageWatch } from "./coverage-watch.ts";
import type { JoinedOutcomes } from "./join-outcomes.ts";

const hour = 3_600_000_000n;
const z = normalQuantile(0.9);

/** Rows of predictions with intervals from -z to z and the errors given by hour, for cutoffs every `every` hours. */
function served(errors: ArrayLike<number>, every = 24, horizon = 24, first = 0): JoinedOutcomes {
  const cutoffs: number[] = [];
  for (let cutoff = first; cutoff + horizon <= errors.length; cutoff += every) cutoffs.push(cutoff);
  const rows = cutoffs.flatMap((cutoff) =>
    Array.from({ length: horizon }, (_, i) => ({ cutoff, step: i + 1 })),
  );
  const { length } = rows;
  return joinedOf({
    step: Int32Array.from(rows, ({ step }) => step),
    cutoff: BigInt64Array.from(rows, ({ cutoff }) => hour * BigInt(cutoff)),
    time: BigInt64Array.from(rows, ({ cutoff, step }) => hour * BigInt(cutoff + step)),
    y: Float64Array.from(rows, ({ cutoff, step }) => errors[cutoff + step - 1] as number),
    quantiles: [
      { probability: 0.1, values: new Float64Array(length).fill(-z) },
      { probability: 0.9, values: new Float64Array(length).fill(z) },
    ],
  });
}

function persistent(seed: string, length: number, phi: number, size: (i: number) => number): Float64Array {
  const random = createRandom(seed);
  let level = random.normal();
  return Float64Array.from({ length }, (_, i) => {
    level = phi * level + Math.sqrt(1 - phi * phi) * random.normal();
    return level * size(i);
  });
}
/** Makes 80 % intervals cover 65 %. */
const wider = z / normalQuantile(0.825);

describe("coverageWatch", () => {
  it("holds its false-alarm rate on errors that persist, however often it is asked", () => {
    for (const every of [24, 6]) {
      let alarms = 0;
      for (let run = 0; run < 40; run++)
        if (
          coverageWatch({ level: 80 }).update(
            served(
              persistent(`null ${run}`, 24 * 90, 0.9, () => 1),
              every,
            ),
          )
        )
          alarms++;
      expect(alarms).toBeLessThanOrEqual(4); // of 40 at 5 %
    }
  });

  it("finds intervals that cover 65 instead of 80 percent, and intervals that cover too much", () => {
    let found = 0;
    for (let run = 0; run < 30; run++) {
      const watch = coverageWatch({ level: 80 });
      watch.update(served(persistent(`low ${run}`, 24 * 120, 0.9, () => wider)));
      if (watch.alarm && watch.finding().isTooNarrow) found++;
    }
    expect(found).toBeGreaterThanOrEqual(27);
    const wide = coverageWatch({ level: 80 });
    wide.update(served(persistent("wide", 24 * 120, 0.5, () => 0.4)));
    expect(wide.finding()).toMatchObject({ isTooNarrow: false });
    expect(wide.alarm).toBe(true);
  });

  it("says since when, after a long time in which all was well", () => {
    const watch = coverageWatch({ level: 80 });
    watch.update(served(persistent("since", 24 * 300, 0.5, (i) => (i < 24 * 200 ? 1 : 2 * wider))));
    const days = Number((watch.finding().since as bigint) / hour / 24n);
    expect(Math.abs(days - 200)).toBeLessThanOrEqual(8);
    expect(Number((watch.alarmTime as bigint) / hour) / 24).toBeLessThan(240);
    expect(watch.finding().sentence).toMatch(/too narrow, most clearly since 1970-07-/);
  });

  it("claims nothing before an alarm, whichever way the evidence leans", () => {
    const watch = coverageWatch({ level: 80, block: "2d" });
    watch.update(served([...new Array(48).fill(0), ...new Array(24).fill(9), ...new Array(24).fill(0)]));
    expect([watch.alarm, watch.counts.blocks]).toEqual([false, 2]);
    expect(watch.finding()).toMatchObject({ isTooNarrow: false, since: null });
    expect(watch.finding().sentence).toMatch(
      /covered 75 % of 96 outcomes; that is within what chance explains/,
    );
  });

  it("refuses with one code", () => {
    const refused = [
      { level: 0.8 },
      { level: "80" },
      { level: 80, wait: "soon" },
      { level: 80, block: "2 days" },
      { level: 80, alpha: 2 },
      {},
    ];
    for (const options of refused)
      expect(() => coverageWatch(options as never)).toThrow(
        expect.objectContaining({ code: "MONITOR_INVALID", hint: expect.any(String) }),
      );
  });

  it("counts one block after the other as the bets are defined", () => {
    const errors = [...new Array(48).fill(0), ...new Array(24).fill(9), ...new Array(24).fill(0)];
    const watch = coverageWatch({ level: 80, block: "2d" });
    watch.update(served(errors));
    const shares = [0, 0.5];
    let capital = 0;
    for (const part of [0.03, 0.06, 0.12, 0.24, 0.48, 0.9])
      for (const size of [part / 0.2, -part / 0.8]) {
        const [first, second] = shares.map((share) => 1 + size * (share - 0.2)) as [number, number];
        capital += ((0.75 / 12) * first + 0.5 / 6 / 12) * second;
      }
    expect(watch.eValue).toBeCloseTo(capital + 0.5 / 3, 12);
    expect(watch).toMatchObject({
      coverage: 0.75,
      counts: { blocks: 2, rows: 96, unused: 0 },
      cutoffFrom: hour * 96n,
    });
  });

  it("comes to the same whether it is asked after every outcome, saved in between, or once at the end", () => {
    const all = served(
      persistent("stepwise", 24 * 40, 0.7, () => 1.4),
      8,
    );
    const once = coverageWatch({ level: 80 });
    once.update(all);
    let often = coverageWatch({ level: 80 });
    for (let known = 24; known <= 24 * 40; known += 7) {
      const y = all.y.map((value, row) =>
        (all.time[row] as bigint) <= hour * BigInt(known) ? value : Number.NaN,
      );
      const later = often.cutoffFrom;
      const isNeeded = (row: number) => later === null || (all.cutoff[row] as bigint) >= later;
      often.update({ ...all, y: y.map((value, row) => (isNeeded(row) ? value : Number.NaN)) });
      often = loadCoverageWatch(JSON.parse(JSON.stringify(often.save())));
    }
    often.update(all);
    expect(often.save()).toEqual(once.save());
    expect(once.counts.unused).toBeGreaterThan(0);
    expect(JSON.stringify(once.save()).length).toBeLessThan(1500);
  });

  it("waits for late outcomes when told so", () => {
    const all = served(persistent("late", 24 * 8, 0, () => 1));
    const late = {
      ...all,
      y: all.y.map((value, row) => (all.step[row] === 20 && row < 48 ? Number.NaN : value)),
    };
    const eager = coverageWatch({ level: 80 });
    eager.update(late);
    eager.update(all);
    expect(eager.counts.rows).toBe(24 * 8 - 2);
    const patient = coverageWatch({ level: 80, wait: "7d" });
    patient.update(late);
    patient.update(all);
    expect(patient.counts.rows).toBe(0);
  });

  it("has a defined answer without rows, outcomes or intervals, and refuses what is no watch", () => {
    const watch = coverageWatch({ level: 80 });
    expect(watch.update(served([]))).toBe(false);
    expect(watch.update({ ...served(new Array(96).fill(Number.NaN)) })).toBe(false);
    expect(watch).toMatchObject({ eValue: 1, pValue: 1, coverage: Number.NaN, alarmTime: null });
    expect(watch.finding().sentence).toMatch(/No block/);
    expect(() => coverageWatch({ level: 95 }).update(served(new Array(96).fill(0)))).toThrow(
      /no 95 % intervals/,
    );
    expect(() => coverageWatch({ level: 0.8 })).toThrow(/level/);
    expect(() => loadCoverageWatch({} as never)).toThrow(/saved coverage watch/);
  });
});
