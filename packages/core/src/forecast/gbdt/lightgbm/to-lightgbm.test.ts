import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TsopsError } from "../../../errors.ts";
import { ridge } from "../../regressors/ridge.ts";
import { writtenModels } from "../__fixtures__/written-models.ts";
import { gbdt } from "../gbdt.ts";
import { loadLightgbm } from "./load-lightgbm.ts";
import { toLightgbm } from "./to-lightgbm.ts";

// Texts that LightGBM has loaded: ../__fixtures__/make-lightgbm-text.py checked that it predicts the same numbers to 1e-9, and the same SHAP values.
const { written } = JSON.parse(
  readFileSync(new URL("../__fixtures__/lightgbm-written.json", import.meta.url), "utf8"),
) as { written: readonly { name: string; text: string }[] };
const models = await writtenModels();
const cases = models.map((one) => [one.name, one] as const);

describe("toLightgbm", { timeout: 60_000 }, () => {
  it.each(cases)("writes what LightGBM was seen to predict the same with: %s", (name, { model }) => {
    expect(toLightgbm(model)).toBe(written.find((one) => one.name === name)?.text);
  });

  it.each(cases)("writes what loadLightgbm reads: %s", (_name, { model, probes, plain }) => {
    const again = loadLightgbm(toLightgbm(model));
    const columns = probes.columns.map((column) => ({ ...column, name: column.name.replace(" ", "_") }));
    const predicted = again.predict({ ...probes, columns });
    model.predict(probes).forEach((value, row) => {
      expect(predicted[row]! / value).toBeCloseTo(1, 10);
    });
    if (plain)
      expect(again.importance().map(({ splits }) => splits)).toEqual(
        model.importance().map(({ splits }) => splits),
      );
  });

  it("knows of missing values among the categories that go left, and of infinite thresholds", () => {
    const text = (name: string): string => written.find((one) => one.name === name)!.text;
    expect(text("missing categories")).toMatch(/threshold=.*-inf/);
    expect(text("squared")).not.toMatch(/threshold=.*-inf/);
    expect(text("holes alone")).toMatch(/threshold=.*\binf/);
  });

  it("refuses other regressors, and names that are equal but for white space", async () => {
    const y = Float64Array.from({ length: 60 }, (_, row) => row);
    const x = (...names: string[]) => ({
      rows: 60,
      columns: names.map((name) => ({ name, kind: "numeric" as const, values: y })),
    });
    const other = await ridge().fit(x("a"), y);
    const twins = await gbdt({ trees: 2 }).fit(x("a b", "a_b"), y);
    for (const fitted of [other, twins, {} as never])
      expect(() => toLightgbm(fitted)).toThrow(
        expect.toSatisfy((error) => TsopsError.is(error, "MODEL_PARAMETER_INVALID")),
      );
  });
});
