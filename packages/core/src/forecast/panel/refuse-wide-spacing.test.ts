import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromRows } from "../../schema/from-rows.ts";
import { panel } from "./build-panel.ts";

const types = { key: utf8(), at: timestamp(), y: nullable(float64()) };
const day = (d: number) => new Date(Date.UTC(2024, 0, 1 + d));
const panelOf = (
  series: Readonly<Record<string, readonly Date[]>>,
  frequency = "1d",
  more: { readonly sparse?: boolean } = {},
) =>
  panel(
    columnsFromRows(
      types,
      Object.entries(series).flatMap(([key, times]) => times.map((at) => ({ key, at, y: 1 }))),
    ),
    { keys: ["key"], time: "at", target: "y", frequency, ...more },
  );
const every = (steps: number, rows: number) => Array.from({ length: rows }, (_, i) => day(steps * i));
const months = (rows: number) => Array.from({ length: rows }, (_, i) => new Date(Date.UTC(2024, i, 1)));
const refusal = (message: RegExp, hint: RegExp) =>
  expect.objectContaining({
    code: "PANEL_INVALID",
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });

describe("a frequency finer than the rows", () => {
  it("is refused, with the one that they have", () => {
    expect(() => panelOf({ a: every(7, 20) })).toThrow(
      refusal(
        /^The rows never follow each other at the frequency "1d": .* lie 7 steps of "1d" apart/,
        /frequency: "1w"/,
      ),
    );
    expect(() => panelOf({ a: months(12) })).toThrow(refusal(/29 to 31 steps of "1d"|28 to 31/, /"1mo"/));
    expect(() => panelOf({ a: every(1, 20) }, "1h")).toThrow(refusal(/24 steps/, /frequency: "1d"/));
  });

  it("is found behind rows that are missing", () => {
    const weeks = every(7, 30).filter((_, i) => i % 5 !== 2);
    expect(() => panelOf({ a: weeks })).toThrow(refusal(/7 steps of "1d"/, /"1w"/));
  });

  it("is refused where it is that of half of the series, and taken where it is that of few", () => {
    expect(() => panelOf({ a: every(1, 400), b: months(12) })).toThrow(
      refusal(/In 1 of 2 series the rows .* series \{"key":"b"\}/, /a panel of its own/),
    );
    expect(panelOf({ a: every(1, 400), b: every(1, 400), c: months(12) }).series).toHaveLength(3);
  });

  it("is taken where the caller says that rows are sparse, and where rows say that their target is missing", () => {
    expect(panelOf({ a: every(7, 20) }, "1d", { sparse: true }).y).toHaveLength(134);
    const spelt = every(1, 60).map((at, t) => ({ key: "a", at, y: t % 7 === 0 ? 1 : null }));
    const built = panel(columnsFromRows(types, spelt), {
      keys: ["key"],
      time: "at",
      target: "y",
      frequency: "1d",
    });
    expect(built.gaps).toHaveLength(0);
    expect(() => panelOf({ a: every(1, 5) }, "1d", { sparse: "yes" as never })).toThrow(
      /sparse is true or false/,
    );
  });

  it("is not seen in sparse rows at distances of all kinds, nor in a few rows", () => {
    const random = createRandom("sparse");
    for (let run = 0; run < 200; run++) {
      const sold = every(1, 300).filter(() => random.uniform() < 0.1);
      expect(() => panelOf({ a: sold })).not.toThrow();
    }
    expect(panelOf({ a: every(7, 4) }).y).toHaveLength(22);
  });
});
