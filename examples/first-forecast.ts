import { backtest, conformal, featureView, gbdt, mean, panel, reduce, seasonalNaive, sliceColumns, table } from "@tsops/core";
import { asOfJoin, openHome } from "@tsops/store";
import { bikeSharing, bikeSharingColumns } from "@tsops/store/datasets";

const bikes = table({ name: "bikes", columns: bikeSharingColumns, keys: [], eventTime: "at" });
await using home = await openHome("./.tsops");
const rentals = await home.table(bikes); // a Delta table on disk
await rentals.append(await bikeSharing(), { txn: { appId: "import", version: 1 } });
const warmth = featureView({ name: "warmth", table: bikes, features: { temp_3h: mean("temp", "3h") } });
const spine = await (await rentals.snapshot()).read({ columns: ["at", "users", "workingday"] });
const { columns: rows } = await asOfJoin({ spine, time: "at", views: [warmth], tables: home }); // never reads the future
const [past, tomorrow] = [sliceColumns(rows, 0, rows.length - 24), sliceColumns(rows, rows.length - 24)]; // its measured weather plays the forecast

const knownFuture = ["workingday", "warmth__temp_3h"] as const;
const history = panel(past, { time: "at", target: "users", frequency: "1h", zone: "-05:00", knownFuture });
const boosted = reduce(gbdt({ trees: 150 }), { lags: [24, 168], calendar: ["hour", "weekday"], level: { width: 168 } });
const forecaster = conformal(boosted, { spread: "root", lowest: 0 });
for (const model of [seasonalNaive({ seasonLength: 168 }), forecaster]) {
  const { mae, intervals } = (await backtest(model, history, { horizon: 24, folds: 56, refit: 28 })).overall;
  console.log(`${model.kind}: mean error ${mae.toFixed(1)}, 80 % intervals cover ${intervals[0]?.coverage.toFixed(2)}`);
}
const fitted = await forecaster.fit(history, { horizon: 24 });
const { mean: users, quantiles: bounds } = fitted.predict({ levels: [80], future: tomorrow });
const at17 = [users, ...bounds.map((bound) => bound.values)].map((values) => values[17]?.toFixed(0));
console.log(`tomorrow at 17:00: ${at17[0]} rentals, 80 % between ${at17[1]} and ${at17[2]}`);
