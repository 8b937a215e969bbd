import { createRandom } from "../../../random.ts";
import type { FeatureMatrix } from "../../regressor.ts";
import { gbdt } from "../gbdt.ts";
import type { GbdtModel } from "../model.ts";
import type { GbdtOptions } from "../options.ts";

/** A fitted model and rows to try it on. */
export interface WrittenModel {
  readonly name: string;
  readonly model: GbdtModel;
  readonly probes: FeatureMatrix;
  /** Whether no split sends missing categories left, so that SHAP values agree. */
  readonly plain: boolean;
}

const settings: Readonly<Record<string, GbdtOptions>> = {
  squared: {},
  absolute: { loss: "absolute" },
  quantile: { loss: "quantile", alpha: 0.2 },
  huber: { loss: "huber", delta: 0.5 },
  poisson: { loss: "poisson" },
  tweedie: { loss: "tweedie", power: 1.2 },
  monotone: { monotone: { "the second": "increasing" } },
  "without trees": { minLeafRows: 10_000 },
  "holes alone": {},
  "missing categories": {},
};

/** Models with numbers, holes, infinities and categories; missing categories are like a code only in the last one. */
export async function writtenModels(): Promise<WrittenModel[]> {
  const made: WrittenModel[] = [];
  for (const [name, options] of Object.entries(settings)) {
    const random = createRandom(name);
    const rows = 400;
    const column = (draw: () => number, hole: number) =>
      Float64Array.from({ length: rows }, () => (random.uniform() < hole ? Number.NaN : draw()));
    const plain = name !== "missing categories";
    const far = () => [random.normal(), random.normal(), Infinity, -Infinity][random.integer(4)] as number;
    const x: FeatureMatrix = {
      rows,
      columns: [
        { name: "first", kind: "numeric", values: column(() => random.normal(), 0.2) },
        { name: "the second", kind: "numeric", values: column(far, 0.1) },
        { name: "code", kind: "categorical", values: column(() => random.integer(60) ** 2, plain ? 0 : 0.3) },
      ],
    };
    const [first, second, code] = x.columns.map(({ values }) => values) as [Float64Array, Float64Array, Float64Array];
    const y = first.map((value, row) => {
      const group = Number.isNaN(code[row] as number) ? 4 : (Math.sqrt(code[row] as number) * 7) % 5;
      if (name === "holes alone") return Number.isNaN(value) ? 5 : random.normal(1, 0.2);
      return Math.abs((value || 2) + Math.tanh(second[row] as number || 0) + group + random.normal(0, 0.2));
    });
    const categorical = { smoothing: 1, minGroupRows: 2, l2: 1 };
    const model = await gbdt({ trees: 4, leaves: 8, learningRate: 0.4, minLeafRows: 3, categorical, ...options }).fit(x, y);
    const probes: FeatureMatrix = {
      rows: 40,
      columns: x.columns.map(({ values, ...rest }) => {
        const some = values.slice(0, 40);
        some[0] = Number.NaN;
        if (rest.kind === "categorical") some[1] = 99_999;
        return { ...rest, values: some };
      }),
    };
    made.push({ name, model, probes, plain });
  }
  return made;
}
