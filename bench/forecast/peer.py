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
args = parser.parse_args()
seasons = [int(part) for part in args.season.split(",")]
table = pd.read_parquet(args.data) if args.data.endswith(".parquet") else pd.read_csv(args.data)
order = "ds" if "ds" in table.columns else "step"
table = table.sort_values(["unique_id", order])
train = table[table["split"] == "train"].copy()
train["ds"] = train.groupby("unique_id").cumcount()
train = train[["unique_id", "ds", "y"]].reset_index(drop=True)
train["y"] = train["y"].astype(float)


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
    # What is compiled at the first call is not counted.
    few = train["unique_id"].drop_duplicates().iloc[:2]
    StatsForecast(models=[made()], freq=1).forecast(
        df=train[train["unique_id"].isin(few)], h=args.horizon, level=[80, 95]
    )
    started = time.perf_counter()
    forecast = StatsForecast(models=[made()], freq=1, n_jobs=1).forecast(df=train, h=args.horizon, level=[80, 95])
    return forecast, time.perf_counter() - started, f"statsforecast {statsforecast.__version__}"


def boosted():
    import lightgbm
    import mlforecast
    from mlforecast import MLForecast
    from mlforecast.target_transforms import Differences

    one = max(seasons[0], 1)
    started = time.perf_counter()
    model = MLForecast(
        models={"LightGBM": lightgbm.LGBMRegressor(objective="l1", num_threads=2, verbosity=-1)},
        freq=1,
        lags=list(range(1, one + 1)),
        target_transforms=[Differences([one])],
    )
    forecast = model.fit(train).predict(args.horizon)
    return forecast, time.perf_counter() - started, f"mlforecast {mlforecast.__version__}"


forecast, seconds, version = boosted() if args.model == "LightGBM" else statistical()
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
            "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "mean": plain(forecast[name].tolist()),
            **({"bounds": {key: plain(values) for key, values in bounds.items()}} if bounds else {}),
        }
    )
)
