import { describe, expect, it } from "vitest";
import { allForecasters } from "../../test/all-forecasters.ts";
import { forecasterCases } from "../testing/forecaster.ts";
import { loadForecaster } from "./load-forecaster.ts";

const needsAllFuture: Record<string, string> = {
  "predicts the asked series alone as among the others, and asks for their future rows only":
    "forecasts of some series that add up need the future rows of all",
};
const skips: Record<string, Record<string, string>> = { "reconciled reduce, least trace": needsAllFuture };

for (const [name, make] of Object.entries(allForecasters))
  describe(`${name} keeps the promises of a forecaster:`, () => {
    for (const { name: promise, run, skip } of forecasterCases(make, { skip: skips[name] ?? {} }))
      it.skipIf(skip !== undefined)(promise, run);
  });

describe("loadForecaster", () => {
  it("refuses bytes of a regressor that is not given, and of other things", async () => {
    const { writeBinary } = await import("../bytes.ts");
    expect(() => loadForecaster(writeBinary("gbdt", 1, {}, {}))).toThrow(/no forecaster/);
    expect(() => loadForecaster(new Uint8Array(10))).toThrow(/not saved by tsops/);
  });
});
