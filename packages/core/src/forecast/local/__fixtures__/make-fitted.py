"""Writes fitted.json: what statsforecast has as in-sample fitted values of some of the series of series.json.

    python -m venv venv && venv/bin/pip install statsforecast==2.1.1
    venv/bin/python make-fitted.py
"""

import json
import pathlib

import numpy as np
from statsforecast.models import (
    ARIMA,
    MSTL,
    AutoCES,
    AutoETS,
    DynamicOptimizedTheta,
    HoltWinters,
    Naive,
    OptimizedTheta,
    Theta,
)

here = pathlib.Path(__file__).parent
series = json.loads((here / "series.json").read_text())
names = ["random walk with drift", "outlier", "quarters growing", "months with trend", "weeks", "changing season"]


# Its averages and drifts are of the whole history, and not of the rows before each: they are left out.
def models(m):
    yield "naive", Naive()
    yield "ets", AutoETS(season_length=m)
    yield "theta standard", Theta(season_length=m)
    yield "theta optimized", OptimizedTheta(season_length=m)
    yield "theta dynamicOptimized", DynamicOptimizedTheta(season_length=m)
    yield "ces", AutoCES(season_length=m)
    yield "arima (1,1,0)(0,1,0)", ARIMA(order=(1, 1, 0), season_length=m, seasonal_order=(0, int(m > 1), 0))
    if m > 1:
        yield "holtWinters", HoltWinters(season_length=m)
        yield "arima (1,0,0)(0,1,1)", ARIMA(order=(1, 0, 0), season_length=m, seasonal_order=(0, 1, 1))
        yield "mstl", MSTL(season_length=m, trend_forecaster=AutoETS(model="ZZN"))


made = []
for name in names:
    one = next(one for one in series if one["name"] == name)
    y = np.array(one["y"], dtype=float)
    for model, method in models(one["season"]):
        fitted = method.forecast(y, 1, fitted=True)["fitted"]
        made.append({"name": name, "model": model, "mean": [None if np.isnan(v) else float(f"{v:.8g}") for v in fitted]})
text = json.dumps(made, separators=(",", ":")).replace('{"name"', '\n{"name"')
(here / "fitted.json").write_text(text + "\n")
