"""Writes metrics.json and naive.json with other people's numbers.

    python -m venv venv && venv/bin/pip install scikit-learn==1.9.1 utilsforecast==0.2.17 statsforecast==2.1.1
    venv/bin/python make-fixtures.py
"""

import json
import pathlib

import numpy as np
import pandas as pd
import sklearn
import statsforecast
import utilsforecast
import utilsforecast.losses as losses
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, root_mean_squared_error
from statsforecast.models import SeasonalNaive, WindowAverage

here = pathlib.Path(__file__).parent
random = np.random.default_rng(7)


def rounded(values):
    return [float(f"{value:.6g}") for value in values]


def write(name, content):
    text = json.dumps(content, indent=1)
    (here / name).write_text(text + "\n")


def metrics():
    n, horizon, season = 60, 24, 12
    t = np.arange(n + horizon)
    series = np.array(rounded(100 + 30 * np.sin(2 * np.pi * t / season) + random.normal(0, 8, n + horizon)))
    history, y = series[:n], series[n:]
    mean = np.array(rounded(y + random.normal(2, 9, horizon)))
    y[3], mean[3] = 0, 0
    lower, upper = np.array(rounded(mean - 12)), np.array(rounded(mean + 15))
    frame = pd.DataFrame({"unique_id": "a", "ds": np.arange(n, n + horizon), "y": y, "m": mean, "m-lo-80": lower, "m-hi-80": upper})
    train = pd.DataFrame({"unique_id": "a", "ds": np.arange(n), "y": history})
    one = lambda result: float(result["m"].iloc[0])
    expected = {
        "meanAbsoluteError": mean_absolute_error(y, mean),
        "rootMeanSquaredError": root_mean_squared_error(y, mean),
        "pinballLoss": mean_pinball_loss(y, lower, alpha=0.1),
        # utilsforecast bounds it by 1, the M4 competition by 200.
        "symmetricPercentageError": 200 * one(losses.smape(frame, ["m"])),
        "meanBias": one(losses.bias(frame, ["m"])),
        "meanAbsoluteScaledError": one(losses.mase(frame, ["m"], season, train)),
        "rootMeanSquaredScaledError": one(losses.rmsse(frame, ["m"], season, train)),
        "intervalCoverage": one(losses.coverage(frame, ["m"], 80)),
        "intervalScore": one(losses.winkler_score(frame, ["m"], 80)),
    }
    write("metrics.json", {
        "versions": {"scikit-learn": sklearn.__version__, "utilsforecast": utilsforecast.__version__},
        "season": season, "history": history.tolist(), "y": y.tolist(), "mean": mean.tolist(),
        "lower": lower.tolist(), "upper": upper.tolist(), "expected": expected,
    })


def naive():
    y = np.array(rounded(50 + 20 * np.sin(np.arange(50) / 3) + random.normal(0, 5, 50)))
    write("naive.json", {
        "versions": {"statsforecast": statsforecast.__version__},
        "y": y.tolist(),
        "seasonalNaive": [
            {"seasonLength": m, "mean": SeasonalNaive(m).forecast(y, 17)["mean"].tolist()} for m in (1, 7, 24)
        ],
        "windowAverage": [
            {"window": w, "mean": WindowAverage(w).forecast(y, 5)["mean"].tolist()} for w in (1, 5, 50)
        ],
    })


metrics()
naive()
