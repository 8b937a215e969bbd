"""Writes theta.json and ces.json beside it: what statsforecast makes of the series in series.json.

    python -m venv venv && venv/bin/pip install statsforecast==2.1.1
    venv/bin/python make-theta-ces.py
"""

import json
import pathlib
import warnings

import numpy as np
from statsforecast.ces import auto_ces, forecast_ces
from statsforecast.theta import auto_theta, forecast_theta

warnings.filterwarnings("ignore")
here = pathlib.Path(__file__).parent
horizon = 14
kept = [1, 2, 5, 8, 13, 14]


def numbers(values, digits=10):
    return [float(f"{v:.{digits}g}") for v in np.asarray(values, dtype=float)]


def steps(values):
    return numbers(np.asarray(values)[np.array(kept) - 1])


def write(name, content):
    (here / name).write_text(json.dumps(content, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


def theta(name, y, m):
    row = {"name": name}
    for model in ["STM", "OTM", "DSTM", "DOTM"]:
        fit = auto_theta(y, m, model=model)
        f = forecast_theta(fit, horizon)
        errors = fit["residuals"]
        season = "none"
        if fit.get("decompose", False):
            season = fit["decomposition_type"]
            # The errors of the adjusted series: what the reference gives has the season put back, also where it was a summand.
            ahead = fit["seas_forecast"]["mean"]
            phases = ahead[(np.arange(len(y)) - len(y)) % m]
            errors = errors / phases if season == "multiplicative" else errors - phases
        row[model] = {
            "season": season,
            "squaredError": float(np.sum(errors[3:] ** 2)),
            "deviation": float(np.std(errors[3:], ddof=1)),
            "alpha": float(fit["par"]["alpha"]),
            "theta": float(fit["par"]["theta"]),
            "errors": numbers(errors[-3:]),
            "mean": steps(f["mean"]),
        }
    return row


def ces(name, y, m):
    row = {"name": name}
    for model in ["N", "S", "P", "F", "Z"] if m > 1 else ["N"]:
        if model != "Z" and model != "N" and len(y) < 2 * m:
            continue
        fit = auto_ces(y, m, model=model)
        p = fit["par"]
        row[model] = {
            "chosen": fit["seasontype"],
            "loglik": float(fit["loglik"]),
            "aicc": float(fit["aicc"]),
            "sigma2": float(fit["sigma2"]),
            "parameters": [None if np.isnan(v) else float(v) for v in (p["alpha_0"], p["alpha_1"], p["beta_0"], p["beta_1"])],
            "errors": numbers(fit["residuals"][-3:]),
            "mean": steps(forecast_ces(fit, horizon)["mean"]),
        }
    return row


all_series = [(s["name"], np.array(s["y"], dtype=float), s["season"]) for s in json.loads((here / "series.json").read_text())]
# A straight or empty series has no errors, and no likelihood.
all_series = [s for s in all_series if s[0] not in ("constant", "demand, none")]
write("theta.json", [theta(*s) for s in all_series])
write("ces.json", [ces(*s) for s in all_series])
