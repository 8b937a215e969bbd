"""Writes the JSON files beside it: series, and what statsforecast makes of them.

    python -m venv venv && venv/bin/pip install statsforecast==2.1.1
    venv/bin/python make-fixtures.py
"""

import json
import pathlib

import numpy as np
from statsforecast.ets import _compute_pred_intervals, ets_f, etssimulate, forecast_ets, switch
from statsforecast.models import (
    ADIDA,
    IMAPA,
    TSB,
    CrostonClassic,
    CrostonOptimized,
    CrostonSBA,
    HistoricAverage,
    Naive,
    RandomWalkWithDrift,
    SeasonalNaive,
)

here = pathlib.Path(__file__).parent
random = np.random.default_rng(11)
horizon = 14
# What is kept of them: enough to reach beyond a season.
kept = [1, 2, 5, 8, 13, 14]
paths = 200_000


def numbers(values, digits=11):
    return [None if np.isnan(v) else float(f"{v:.{digits}g}") for v in np.asarray(values, dtype=float)]


def steps(values, digits=11):
    return numbers(np.asarray(values)[np.array(kept) - 1], digits)


def write(name, content):
    (here / name).write_text(json.dumps(content, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


def series():
    made = []

    def add(name, y, season=1):
        made.append({"name": name, "season": season, "y": numbers(y, 6)})

    def noise(n, s=1.0):
        return random.normal(0, s, n)

    def t(n):
        return np.arange(n)

    def cycle(n, m, size):
        return size * np.sin(2 * np.pi * t(n) / m) + size / 3 * np.cos(4 * np.pi * t(n) / m)

    add("short", 10 + noise(12))
    add("short seasonal", 20 + cycle(17, 4, 5) + noise(17), 4)
    add("constant", np.full(30, 7.0))
    add("constant but for one", np.r_[np.full(29, 7.0), 9.0])
    add("white noise", 50 + noise(80, 3))
    add("random walk", 100 + np.cumsum(noise(90)))
    add("random walk with drift", 100 + np.cumsum(0.6 + noise(90)))
    add("line", 5 + 2.0 * t(40) + noise(40, 0.1))
    add("falling", 200 - 1.5 * t(80) + noise(80, 4))
    add("negative", -30 + noise(60, 2))
    add("through zero", cycle(96, 12, 6) + noise(96), 12)
    add("growth", 10 * np.exp(0.03 * t(80) + noise(80, 0.05)))
    add("damped growth", 100 - 60 * 0.95 ** t(80) + noise(80))
    add("level shift", np.r_[20 + noise(40), 35 + noise(40)])
    add("outlier", np.r_[20 + noise(40), 90, 20 + noise(39)])
    add("outlier at the end", np.r_[20 + noise(60), 60])
    add("quarters", 50 + cycle(60, 4, 8) + noise(60, 2), 4)
    add("quarters with trend", 50 + 0.8 * t(60) + cycle(60, 4, 8) + noise(60, 2), 4)
    add("quarters growing", (50 + 1.5 * t(64)) * (1 + cycle(64, 4, 0.2)) * (1 + noise(64, 0.03)), 4)
    add("months", 100 + cycle(96, 12, 20) + noise(96, 4), 12)
    add("months with trend", 100 + 0.7 * t(120) + cycle(120, 12, 20) + noise(120, 4), 12)
    add("months growing", (100 + 2 * t(132)) * (1 + cycle(132, 12, 0.2)) * (1 + noise(132, 0.03)), 12)
    add("months falling", (400 - 2 * t(120)) * (1 + cycle(120, 12, 0.15)) * (1 + noise(120, 0.04)), 12)
    add("months on a random walk", 300 + np.cumsum(noise(108, 3)) + cycle(108, 12, 25), 12)
    add("months with an outlier", np.r_[100 + cycle(60, 12, 20) + noise(60, 4), 300, 100 + cycle(59, 12, 20) + noise(59, 4)], 12)
    add("weeks", 500 + cycle(140, 7, 90) + noise(140, 30), 7)
    add("weeks growing", (500 + 3 * t(140)) * (1 + cycle(140, 7, 0.15)) * (1 + noise(140, 0.05)), 7)
    add("changing season", 100 + cycle(120, 12, 10) * (1 + t(120) / 40) + noise(120, 3), 12)
    add("tiny", 1e-6 * (20 + noise(60)))
    add("huge", 1e9 * (20 + 0.1 * t(60) + noise(60)))
    demand = lambda n, p: np.where(random.uniform(size=n) < p, random.poisson(4, n) + 1, 0)
    add("demand, rare", np.r_[0, demand(79, 0.15)])
    add("demand, half", demand(90, 0.5))
    add("demand, often", demand(60, 0.9))
    add("demand, once", np.r_[np.zeros(20), 5, np.zeros(15)])
    add("demand, ceased", np.r_[demand(50, 0.4), np.zeros(30)])
    add("demand, lumpy", np.where(random.uniform(size=100) < 0.2, np.round(random.lognormal(2, 1, 100)) + 1, 0))
    add("demand, none", np.zeros(30))
    return made


def arrays(all_series):
    return [(s["name"], s["season"], np.array(s["y"], dtype=float)) for s in all_series]


def simple(all_series):
    found = []
    for name, m, y in arrays(all_series):
        row = {"name": name}
        for key, model in {
            "naive": Naive(),
            "seasonalNaive": SeasonalNaive(m),
            "randomWalkWithDrift": RandomWalkWithDrift(),
            "historicAverage": HistoricAverage(),
        }.items():
            f = model.forecast(y, horizon, level=[80, 95])
            row[key] = {k: steps(f[v], 10) for k, v in {"mean": "mean", "lo80": "lo-80", "hi95": "hi-95"}.items()}
        if (y >= 0).all():
            for key, model in {
                "classic": CrostonClassic(),
                "optimized": CrostonOptimized(),
                "sba": CrostonSBA(),
                "tsb": TSB(0.2, 0.3),
                "adida": ADIDA(),
                "imapa": IMAPA(),
            }.items():
                row[key] = float(model.forecast(y, 1)["mean"][0])
        found.append(row)
    return found


def outcomes(fit, errors):
    """What errors (paths x steps) make of the steps after the last row: the equations of Hyndman et al. (2008), chapter 2."""
    error, trend, season, _ = fit["components"]
    alpha, beta, gamma, phi = [0.0 if np.isnan(v) else v for v in fit["par"][:4]]
    phi = 1.0 if np.isnan(fit["par"][3]) else phi
    last, m = fit["states"][-1], fit["m"]
    has_trend = trend != "N"
    level = np.full(len(errors), last[0])
    slope = np.full(len(errors), last[1] if has_trend else 0.0)
    # The first of the states is the latest phase.
    phases = [np.full(len(errors), s) for s in last[1 + has_trend :][::-1]]
    y = np.empty_like(errors)
    for h in range(errors.shape[1]):
        trended = level + phi * slope
        s = phases[h % m] if season != "N" else 0.0
        f = trended * s if season == "M" else trended + s
        y[:, h] = f * (1 + errors[:, h]) if error == "M" else f + errors[:, h]
        d = (y[:, h] / s if season == "M" else y[:, h] - s) - trended
        if season == "M":
            phases[h % m] = s + gamma * (y[:, h] / trended - s)
        elif season == "A":
            phases[h % m] = s + gamma * (y[:, h] - trended - s)
        level, slope = trended + alpha * d, phi * slope + beta * d
    return y


def check_outcomes(fit):
    """That these are statsforecast's, path by path."""
    errors = np.random.default_rng(3).normal(0, np.sqrt(fit["sigma2"]), (20, horizon))
    error, trend, season, _ = fit["components"]
    alpha, beta, gamma, phi = [0.0 if np.isnan(v) else v for v in fit["par"][:4]]
    # Its simulation takes no damping for a phi of 0.
    phi = 1.0 if np.isnan(fit["par"][3]) else phi
    for e, own in zip(errors, outcomes(fit, errors)):
        y = np.zeros(horizon)
        etssimulate(fit["states"][-1], fit["m"], switch(error), switch(trend), switch(season), alpha, beta, gamma, phi, horizon, y, e)
        assert np.allclose(y, own, rtol=1e-9), (fit["components"], y, own)


def ets_mean(fit, h):
    """
    Its forecasts count a damped trend as phi + phi + phi^2 + ..., with the first step twice, and so disagree from the second step on with its own simulation of paths: there
    the paths without errors are taken.
    """
    return outcomes(fit, np.zeros((1, h)))[0] if fit["components"][3] == "D" else forecast_ets(fit, h)["mean"]


def ets_bounds(fit):
    """
    80 and 95 % bounds. Normal ones are asked for step by step, because those of a season count the whole seasons of the horizon at every step. With a
    multiplicative season they are quantiles of paths: its variances of ETS(M,*,M) keep the first step's mean for all (the update stands outside the loop).
    """
    if fit["components"][2] == "M":
        errors = np.random.default_rng(1).normal(0, np.sqrt(fit["sigma2"]), (paths, horizon))
        y = outcomes(fit, errors)
        return {"lo80": steps(np.quantile(y, 0.1, axis=0), 5), "hi95": steps(np.quantile(y, 0.975, axis=0), 5)}
    if fit["components"][:3] == "MAA" and fit["components"][3] == "N":
        raise ValueError("It multiplies alpha by beta in the variances of ETS(M,A,A).")
    ahead = [_compute_pred_intervals(fit, {"mean": ets_mean(fit, h)}, h, [80, 95]) for h in kept]
    return {"lo80": numbers([f["lo-80"][-1] for f in ahead], 10), "hi95": numbers([f["hi-95"][-1] for f in ahead], 10)}


def ets(all_series):
    found = []
    for name, m, y in arrays(all_series):
        if (y == y[0]).all():
            continue  # ets_f returns without a likelihood.
        models = ["ANN", "AAN", "AAdN", "MNN", "MAdN"]
        models += ["ANA", "AAA", "AAdA", "MNA", "MAM", "MNM", "MAdM"] if m > 1 else ["MAN"]
        row = {"name": name}
        for model in models + ["ZZZ"]:
            damped = None if model == "ZZZ" else "d" in model
            try:
                fit = ets_f(y, m, model.replace("d", ""), damped)
            except Exception as error:
                row[model] = {"error": str(error)}
                continue
            check_outcomes(fit)
            row[model] = {
                "chosen": fit["components"],
                "loglik": float(fit["loglik"]),
                "aicc": float(fit["aicc"]),
                "sigma2": float(fit["sigma2"]),
                "parameters": numbers(fit["par"][:4], 13),
                "initial": numbers(fit["par"][4:], 13),
                # Of the first, the middle and the last row.
                "fitted": numbers(fit["fitted"][[0, len(y) // 2, -1]], 10),
                "mean": steps(ets_mean(fit, horizon), 10),
                **ets_bounds(fit),
            }
        found.append(row)
    return found


all_series = series()
write("series.json", all_series)
write("simple.json", simple(all_series))
write("ets.json", ets(all_series))
