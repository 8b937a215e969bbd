import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { takeColumns } from "../../schema/reshape.ts";
import { type AsOfCase, randomAsOfCase } from "../../testing/as-of-cases.ts";
import { type DefinedCase, defineCase, matchesOf } from "../../testing/as-of-definitions.ts";
import { oracleJoin } from "../../testing/as-of-oracle.ts";
import { loadOnlineFeatures, type OnlineFeatures, onlineFeatures } from "./online-features.ts";

const seeds = fc.integer({ min: 0, max: 0xffffffff });
const lookupOptions = ({ time, knownAt }: DefinedCase) => ({
  time,
  ...(knownAt === undefined ? {} : { knownAt }),
});

function expectOracle(online: OnlineFeatures, given: AsOfCase, defined: DefinedCase): void {
  const joined = online.lookup(defined.spine, lookupOptions(defined));
  expect(joined.length).toBe(given.spine.length);
  for (const view of given.views)
    expect(matchesOf(joined, view)).toEqual(
      oracleJoin(given.spine, given.time, view, given.knownAt ?? "spine"),
    );
}

describe("onlineFeatures", () => {
  it("gives what the oracle gives, for every option", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const given = randomAsOfCase(createRandom(seed));
        const defined = defineCase(given);
        const online = onlineFeatures(defined.views);
        for (const [name, { rows }] of Object.entries(defined.tables)) online.observe(name, rows);
        expectOracle(online, given, defined);
      }),
      { numRuns: 250 },
    );
  });

  it("gives what the oracle gives where windows slide over many spine rows", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const given = randomAsOfCase(createRandom(seed), { maxViews: 1, maxRows: 60, maxSpine: 250 });
        const defined = defineCase(given);
        const online = onlineFeatures(defined.views);
        for (const [name, { rows }] of Object.entries(defined.tables)) online.observe(name, rows);
        expectOracle(online, given, defined);
      }),
      { numRuns: 60 },
    );
  });

  it("gives the same from any order of batches, where no two rows tie", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = createRandom(seed);
        const given = randomAsOfCase(random, { maxViews: 1 });
        const defined = defineCase(given);
        const online = onlineFeatures(defined.views, { repeats: "keep" });
        for (const [name, { rows }] of Object.entries(defined.tables)) {
          // Only rows of one (key, time, available at) are ordered by arrival: keep one of each.
          const [view] = given.views as [AsOfCase["views"][number]];
          const seen = new Set<string>();
          const order = view.rows.flatMap((row, i) => {
            const identity = JSON.stringify(
              [...view.keys.map((key) => row[key.column]), row[view.time], row["known"]],
              (_, value) => (typeof value === "bigint" ? `${value}n` : value),
            );
            return seen.has(identity) ? [] : [seen.add(identity) && i];
          });
          const kept = { ...view, rows: order.map((i) => view.rows[i] as (typeof view.rows)[number]) };
          const shuffled = random.shuffle(Int32Array.from(order));
          for (const row of shuffled) online.observe(name, takeColumns(rows, Int32Array.of(row)));
          expectOracle(online, { ...given, views: [kept] }, defined);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("takes a batch that is delivered twice once, and equal rows of one batch as often as they come", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const given = randomAsOfCase(createRandom(seed));
        const defined = defineCase(given);
        const online = onlineFeatures(defined.views);
        const tables = Object.entries(defined.tables);
        const first = tables.map(([name, { rows }]) => online.observe(name, rows));
        const again = tables.map(([name, { rows }]) => online.observe(name, rows));
        again.forEach((counts, i) => {
          expect(counts).toMatchObject({ accepted: 0, repeated: first[i]?.accepted });
        });
        expectOracle(online, given, defined);
      }),
      { numRuns: 100 },
    );
  });

  it("forgets only what no later lookup can see", () => {
    let dropped = 0;
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = createRandom(seed);
        const given = randomAsOfCase(random, { maxRows: 80 });
        const defined = defineCase(given);
        const online = onlineFeatures(defined.views, { repeats: "keep" });
        const times = given.spine.flatMap((row) => (typeof row["at"] === "bigint" ? [row["at"]] : []));
        if (times.length === 0) return;
        const horizon = times[random.integer(times.length)] as bigint;
        const isLater = (value: unknown): boolean => value === null || (value as bigint) >= horizon;
        const knownAt = given.knownAt;
        if (typeof knownAt === "object" && "micros" in knownAt && knownAt.micros < horizon) return;
        const usesCutoff = typeof knownAt === "object" && "column" in knownAt;
        const asked = given.spine.flatMap((row, i) =>
          isLater(row["at"]) && (!usesCutoff || isLater(row["cutoff"])) ? [i] : [],
        );
        // The state moves on between batches, and half of the rows come late.
        for (const [name, { rows }] of Object.entries(defined.tables)) {
          const half = Math.floor(rows.length / 2);
          online.observe(
            name,
            takeColumns(
              rows,
              Int32Array.from({ length: half }, (_, i) => i),
            ),
          );
          dropped += online.advance(horizon - BigInt(random.integer(3)));
          online.observe(
            name,
            takeColumns(
              rows,
              Int32Array.from({ length: rows.length - half }, (_, i) => half + i),
            ),
          );
        }
        dropped += online.advance(horizon);
        const spine = asked.map((i) => given.spine[i] as (typeof given.spine)[number]);
        expectOracle(online, { ...given, spine }, defineCase({ ...given, spine }));
      }),
      { numRuns: 300 },
    );
    expect(dropped).toBeGreaterThan(200);
  });

  it("continues from saved bytes, which are the same for the same state", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const given = randomAsOfCase(createRandom(seed));
        const defined = defineCase(given);
        const online = onlineFeatures(defined.views);
        for (const [name, { rows }] of Object.entries(defined.tables)) online.observe(name, rows);
        const bytes = online.save();
        const restored = loadOnlineFeatures(defined.views, bytes);
        expect(restored.save()).toEqual(bytes);
        expectOracle(restored, given, defined);
      }),
      { numRuns: 100 },
    );
  });
});
