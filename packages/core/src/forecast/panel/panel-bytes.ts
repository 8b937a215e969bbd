import type { BinaryArray, BinaryContents, JsonValue } from "../../bytes.ts";
import { canonicalJson, parseCanonicalJson } from "../../canonical-json.ts";
import type { Covariate, Panel, PanelSpec, SeriesFailure, SeriesKey } from "./panel.ts";

/**
 * A panel as header and arrays of a binary container; `prefix` keeps several apart. Its gaps are left out: they tell where the data had no rows, which is nothing to
 * a model, and which rows that come late would change.
 */
export function panelToBinary(
  panel: Panel,
  prefix = "panel",
): { header: Record<string, JsonValue>; arrays: Record<string, BinaryArray> } {
  const arrays: Record<string, BinaryArray> = {
    [`${prefix}.offsets`]: panel.offsets as Int32Array<ArrayBuffer>,
    [`${prefix}.times`]: panel.times as BigInt64Array<ArrayBuffer>,
    [`${prefix}.y`]: panel.y as Float64Array<ArrayBuffer>,
  };
  const covariates = (role: string, all: readonly Covariate[]): JsonValue =>
    all.map(({ name, kind, categories, values }, index) => {
      arrays[`${prefix}.${role}.${index}`] = values as Float64Array<ArrayBuffer>;
      return { name, kind, ...(categories === undefined ? {} : { categories }) };
    });
  return {
    header: {
      [prefix]: {
        spec: { ...panel.spec },
        series: canonicalJson(panel.series),
        ...(panel.failures === undefined ? {} : { failures: canonicalJson(panel.failures) }),
        known: covariates("known", panel.known),
        past: covariates("past", panel.past),
        static: covariates("static", panel.static),
      },
    },
    arrays,
  };
}

/** @throws TsopsError MODEL_FORMAT_INVALID. */
export function panelFromBinary<Known extends string>(
  contents: BinaryContents,
  prefix = "panel",
): Panel<Known> {
  const saved = contents.header[prefix] as unknown as {
    readonly spec: PanelSpec<Known>;
    readonly series: string;
    readonly failures?: string;
    readonly known: readonly Omit<Covariate, "values">[];
    readonly past: readonly Omit<Covariate, "values">[];
    readonly static: readonly Omit<Covariate, "values">[];
  };
  const times = contents.array(`${prefix}.times`, "int64");
  const covariates = (
    role: string,
    all: readonly Omit<Covariate, "values">[],
    length = times.length,
  ): Covariate[] =>
    all.map((covariate, index) => ({
      ...covariate,
      values: contents.array(`${prefix}.${role}.${index}`, "float64", length),
    }));
  const series = parseCanonicalJson(saved.series) as SeriesKey[];
  return {
    spec: saved.spec,
    series,
    offsets: contents.array(`${prefix}.offsets`, "int32", series.length + 1),
    times,
    y: contents.array(`${prefix}.y`, "float64", times.length),
    known: covariates("known", saved.known),
    past: covariates("past", saved.past),
    static: covariates("static", saved.static, series.length),
    gaps: [],
    ...(saved.failures === undefined
      ? {}
      : { failures: parseCanonicalJson(saved.failures) as unknown as SeriesFailure[] }),
  };
}
