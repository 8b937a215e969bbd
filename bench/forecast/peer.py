"""One model of statsforecast or mlforecast on one table, in a process of its own: prints its forecasts, its time and its memory as JSON."""

import argparse
import json
import resource
import time
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--data", required=True)
parser.add_argument("--horizon", type=int, required=True)
parser.add_argument("--season", required=True)
parser.add_argument("--sample", type=int)
args = parser.parse_args()
seasons = [int(part) for part in args.season.split(",")]
table = pd.read_parquet(args.data) if args.data.endswith(".parquet") else pd.read_csv(args.data)
order = "ds" if "ds" in table.columns else "step"
table = table.sort_values(["unique_id", order])
if args.sample:
    # Evenly spread, as sampleOf in read-table.ts.
    ids = sorted(table["unique_id"].astype(str).unique())
    taken = min(args.sample, len(ids))
    table = table[table["unique_id"].astype(str).isin([ids[i * len(ids) // taken] for i in range(taken)])]
train = table[table["split"] == "train"].copy()
train["ds"] = train.groupby("unique_id").cumcount()
train = train[["unique_id", "ds", "y"]].reset_index(drop=True)
train["y"] = train["y"].astype(float)

# Models of single series first forecast two series again and again until their code is warm; then the table is forecast until so much processor time is spent, and the quickest round counts. As in tsops.ts.
warm_seconds, round_seconds = 0.5, 1


def statistical():
    import statsforecast
    from statsforecast import StatsForecast
    from statsforecast import models

    one = seasons[0]
    made = {
        "Naive": lambda: models.Naive(),
        "SeasonalNaive": lambda: models.SeasonalNaive(season_length=one),
        "RandomWalkWithDrift": lambda: models.RandomWalkWithDrift(),
        "HistoricAverage": lambda: models.HistoricAverage(),
        "WindowAverage": lambda: models.WindowAverage(window_size=one),
        "CrostonClassic": lambda: models.CrostonClassic(),
        "CrostonOptimized": lambda: models.CrostonOptimized(),
        "CrostonSBA": lambda: models.CrostonSBA(),
        "TSB": lambda: models.TSB(alpha_d=0.1, alpha_p=0.1),
        "ADIDA": lambda: models.ADIDA(),
        "IMAPA": lambda: models.IMAPA(),
        "SimpleExponentialSmoothingOptimized": lambda: models.SimpleExponentialSmoothingOptimized(),
        "Holt": lambda: models.Holt(),
        "HoltWinters": lambda: models.HoltWinters(season_length=one),
        "AutoETS": lambda: models.AutoETS(season_length=one),
        "AutoCES": lambda: models.AutoCES(season_length=one),
        "AutoTheta": lambda: models.AutoTheta(season_length=one),
        "Theta": lambda: models.Theta(season_length=one),
        "OptimizedTheta": lambda: models.OptimizedTheta(season_length=one),
        "DynamicTheta": lambda: models.DynamicTheta(season_length=one),
        "DynamicOptimizedTheta": lambda: models.DynamicOptimizedTheta(season_length=one),
        "AutoARIMA": lambda: models.AutoARIMA(season_length=one),
        "MSTL": lambda: models.MSTL(season_length=seasons),
    }[args.model]
    # These have no intervals of their own.
    pointwise = ("WindowAverage", "Croston", "TSB", "ADIDA", "IMAPA", "SimpleExponentialSmoothing")
    level = None if args.model.startswith(pointwise) else [80, 95]

    def measured(table):
        started, started_cpu = time.perf_counter(), time.process_time()
        forecast = StatsForecast(models=[made()], freq=1, n_jobs=1).forecast(df=table, h=args.horizon, level=level)
        return forecast, time.perf_counter() - started, time.process_time() - started_cpu

    # What is compiled at the first calls is not counted.
    few = train[train["unique_id"].isin(train["unique_id"].drop_duplicates().iloc[:2])]
    spent = 0
    while spent < warm_seconds:
        spent += measured(few)[2]
    forecast, seconds, cpu_seconds = measured(train)
    spent = cpu_seconds
    while spent < round_seconds:
        _, again, again_cpu = measured(train)
        spent += again_cpu
        seconds, cpu_seconds = min(seconds, again), min(cpu_seconds, again_cpu)
    return forecast, seconds, cpu_seconds, f"statsforecast {statsforecast.__version__}"


def lags():
    """Those of the short season, whole ones up to the longest, and those beside it; by quarters where the season is as long as a year of weeks."""
    one, last = seasons[0], seasons[-1]
    base = one if one <= 24 else one // 4
    near = set(range(1, base + 1)) | set(range(base, last + 1, base))
    return sorted(lag for lag in near | {last - 1, last, last + 1, last + base, 2 * last} if lag > 0)


# What is learnt: the target scaled, changes scaled, or changes to a season ago.
shapes = {
    "LightGBMScaled": lambda t: [t.LocalStandardScaler()],
    "LightGBMDifferenced": lambda t: [t.Differences([1]), t.LocalStandardScaler()],
    "LightGBMSeasonal": lambda t: [t.Differences([max(2, seasons[0])])],
}


def boosted():
    import lightgbm
    import mlforecast
    from mlforecast import MLForecast, target_transforms
    from mlforecast.lag_transforms import RollingMean

    def phase_of(season):
        def phase(steps):
            return steps % season

        phase.__name__ = f"phase_{season}"
        return phase

    started, started_cpu = time.perf_counter(), time.process_time()
    plain = args.model == "LightGBM"
    forecasts = []
    for shape in shapes if args.model == "LightGBMMean" else [args.model]:
        settings = {} if plain else {"n_estimators": 600, "learning_rate": 0.05, "num_leaves": 63, "colsample_bytree": 0.6}
        long = [season for season in seasons if season > 1]
        model = MLForecast(
            models={"LightGBM": lightgbm.LGBMRegressor(objective="l1", num_threads=2, verbosity=-1, **settings)},
            freq=1,
            lags=list(range(1, seasons[0] + 1)) if plain else lags(),
            target_transforms=[target_transforms.Differences([seasons[0]])] if plain else shapes[shape](target_transforms),
            lag_transforms={} if plain else {1: [RollingMean(season, min_samples=1) for season in long]},
            date_features=[] if plain else [phase_of(season) for season in long],
        )
        # Trees take the features that a short series lacks as missing.
        forecasts.append(model.fit(train, dropna=plain).predict(args.horizon))
    forecast = forecasts[0]
    forecast["LightGBM"] = sum(one["LightGBM"] for one in forecasts) / len(forecasts)
    spent = time.perf_counter() - started, time.process_time() - started_cpu
    return forecast, *spent, f"mlforecast {mlforecast.__version__}, lightgbm {lightgbm.__version__}"


forecast, seconds, cpu_seconds, version = boosted() if args.model.startswith("LightGBM") else statistical()
name = next(column for column in forecast.columns if column not in ("unique_id", "ds") and "-" not in column)
forecast = forecast.reset_index() if "unique_id" not in forecast.columns else forecast
# The order in which the long table has its series, as text.
forecast = forecast.assign(unique_id=forecast["unique_id"].astype(str)).sort_values(["unique_id", "ds"])
bounds = {
    f"{side}{level}": forecast[f"{name}-{side}-{level}"].tolist()
    for side in ("lo", "hi")
    for level in (80, 95)
    if f"{name}-{side}-{level}" in forecast.columns
}


def plain(values):
    return [None if value is None or np.isnan(value) else float(value) for value in values]


print(
    json.dumps(
        {
            "version": version,
            "seconds": seconds,
            "cpuSeconds": cpu_seconds,
            "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "mean": plain(forecast[name].tolist()),
            **({"bounds": {key: plain(values) for key, values in bounds.items()}} if bounds else {}),
        }
    )
)
