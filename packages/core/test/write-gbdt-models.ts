// Writes the models of written-models.ts, as LightGBM's text, for make-lightgbm-text.py to check.
import { writtenModels } from "../src/forecast/gbdt/__fixtures__/written-models.ts";
import { toLightgbm } from "../src/forecast/gbdt/lightgbm/to-lightgbm.ts";

const json = (values: Float64Array): string => values.join(" ");
const models = await writtenModels();
const cases = models.map(({ name, model, probes, plain }) => {
  const { base, values } = model.shap(probes);
  return {
    name,
    text: toLightgbm(model),
    trees: Math.max(1, model.treeCount),
    names: model.featureNames.map((column) => column.replaceAll(" ", "_")),
    columns: probes.columns.map((column) => json(column.values)),
    predicted: json(model.predict(probes)),
    contributions: plain ? [...values.map(json), json(new Float64Array(probes.rows).fill(base))] : null,
  };
});
process.stdout.write(JSON.stringify(cases));
