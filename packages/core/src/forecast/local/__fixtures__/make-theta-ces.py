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


def theta_spread(fit, y, deviation):
    """
    Deviations of the steps, of the adjusted series, in units of that of the errors. Where the line stays it is the spread of simple exponential smoothing. The paths of a
    dynamic variant have a least squares line through all rows before each step. The reference's own paths are not taken: they
    renew the line of every variant, and from the mean of a row too many (some per cent in short series).
    """
    alpha, share = fit["par"]["alpha"], 1 - 1 / fit["par"]["theta"]
    if not fit["modeltype"].startswith("D"):
        return np.sqrt(1 + np.arange(horizon) * alpha**2)
    random = np.random.default_rng(2)
    t = np.arange(1, len(y) + 1)
    level = np.full(100_000, fit["states"][-1][0])
    sums, products = np.full(len(level), y.sum()), np.full(len(level), (t * y).sum())
    spread = []
    for n in range(len(y), len(y) + horizon):
        middle = (n + 1) / 2
        slope = (products - middle * sums) / (n * (n * n - 1) / 12)
        intercept = sums / n - slope * middle
        decay = (1 - alpha) ** n
        drawn = level + share * (intercept * decay + slope * (1 - decay * (1 - alpha)) / alpha)
        drawn = drawn + random.normal(0, deviation, len(level))
        spread.append(drawn.std() / deviation)
        level = alpha * drawn + (1 - alpha) * level
        sums, products = sums + drawn, products + (n + 1) * drawn
    return np.array(spread)


def theta(name, y, m):
    row = {"name": name}
    for model in ["STM", "OTM", "DSTM", "DOTM"]:
        fit = auto_theta(y, m, model=model)
        f = forecast_theta(fit, horizon)
        errors = fit["residuals"]
        season = "none"
        phases, adjusted = [], y
        if fit.get("decompose", False):
            season = fit["decomposition_type"]
            # The errors of the adjusted series: what the reference gives has the season put back, also where it was a summand.
            ahead = fit["seas_forecast"]["mean"]
            phases = ahead[(np.arange(len(y)) - len(y)) % m]
            errors = errors / phases if season == "multiplicative" else errors - phases
            adjusted = y / phases if season == "multiplicative" else y - phases
        deviation = float(np.std(errors[3:], ddof=1))
        row[model] = {
            "season": season,
            "squaredError": float(np.sum(errors[3:] ** 2)),
            "deviation": deviation,
            "alpha": float(fit["par"]["alpha"]),
            "theta": float(fit["par"]["theta"]),
            "start": float(fit["par"]["initial_smoothed"]),
            "phases": numbers(phases[:m]),
            "errors": numbers(errors[-3:]),
            "mean": steps(f["mean"]),
            "spread": numbers(theta_spread(fit, adjusted, deviation)[np.array(kept) - 1], 4),
        }
    return row


def ces_start(fit):
    """The states before the first row: level and companion (per phase where the season is simple), then the season and its companions by phase."""
    states, m = fit["states"], fit["m"]
    if fit["seasontype"] == "S":
        return states[:m].T.ravel()
    return np.r_[states[m - 1, :2], states[:m, 2:].T.ravel()]


def ces_spread(fit):
    """
    Deviations of the steps in units of that of the errors. The reference's intervals let no error accumulate, so they are
    those of the matrices of its recursion: 1 + sum (w F^(j-1) g)^2.
    """
    a0, a1, b0, b1 = (fit["par"][k] for k in ("alpha_0", "alpha_1", "beta_0", "beta_1"))
    m, kind = fit["m"], fit["seasontype"]

    def effects(a, b, lag):
        F, g, w = np.array([[1, b - 1], [1, 1 - a]]), np.array([a - b, a + b]), np.array([1, 0])
        found = np.zeros(horizon)
        for j in range(lag, horizon, lag):
            found[j] = w @ np.linalg.matrix_power(F, j // lag - 1) @ g
        return found

    moved = effects(a0, a1, m if kind == "S" else 1)
    if kind == "P":
        moved[m::m] += b0
    if kind == "F":
        moved += effects(b0, b1, m)
    return np.sqrt(1 + np.cumsum(np.where(np.arange(horizon) == 0, 0, moved**2)))


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
            "initial": numbers(ces_start(fit), 13),
            "errors": numbers(fit["residuals"][-3:]),
            "mean": steps(forecast_ces(fit, horizon)["mean"]),
            "spread": steps(ces_spread(fit)),
        }
    return row


all_series = [(s["name"], np.array(s["y"], dtype=float), s["season"]) for s in json.loads((here / "series.json").read_text())]
# A straight or empty series has no errors, and no likelihood.
all_series = [s for s in all_series if s[0] not in ("constant", "demand, none")]
write("theta.json", [theta(*s) for s in all_series])
write("ces.json", [ces(*s) for s in all_series])
